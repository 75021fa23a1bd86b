"""Web pages read into text, tables and links; all of them invented."""

import pytest

from skywright.errors import SourceError
from skywright.sources.brycetech import STATE
from skywright.sources.html_text import markdown_of
from skywright.sources.pages import read_page
from skywright.sources.plain_text import plain_text

PAGE = """<!DOCTYPE html><html lang="en"><head><title>Space &amp; more | Office</title>
<script>var a = "<table><tr><td>no</td></tr></table>";</script></head><body>
<header><a href="/">Home</a> Menu</header><main><h1>Licenses</h1><p>Who may <b>launch</b>.</p>
<table id="t"><caption>Active</caption><thead><tr><th>License #</th><th>Holder</th></tr></thead>
<tbody><tr><td><a href="../a.pdf">L 1</a></td><td><span style="display: none">x9</span>One
 Company</td></tr><tr><td>L 2<td>Two</table>
<h2>Documents</h2><a href="docs/b.pdf"><img alt="A report" src="x.png"></a>
<a href="mailto:a@b.c">mail</a><a href="#top">top</a><a href="javascript:x()">js</a></main>
<footer>Footer words <a href="/legal">legal</a></footer></body></html>"""


def _read(markup=PAGE):
    content = markup if isinstance(markup, bytes) else markup.encode()
    return read_page(content, "https://x.y/space/list/", STATE)


def test_a_table_has_its_caption_headings_and_rows_with_links():
    (grid,) = _read().grids
    assert (grid.section, grid.header) == ("Active", ("License #", "Holder"))
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["L 1", "One Company"],
        ["L 2", "Two"],
    ]
    assert grid.rows[0][0].url == "https://x.y/space/a.pdf"


def test_a_table_without_headings_takes_its_first_row():
    page = _read("<html><table><tr><td>A</td></tr><tr><td>1</td></tr></table></html>")
    assert (page.grids[0].header, page.grids[0].rows[0][0].text) == (("A",), "1")


def test_a_table_within_a_table_is_a_table_of_its_own():
    inner = "<table><tr><th>In</th></tr><tr><td>1</td></tr></table>"
    page = _read(f"<html><table><tr><th>Out</th></tr><tr><td>{inner}</td></tr></table></html>")
    assert [grid.header for grid in page.grids] == [("In",), ("Out",)]


def test_a_link_is_known_by_its_words_or_its_picture_and_its_heading():
    links = _read().links
    assert [(one.text, one.section, one.url) for one in links] == [
        ("L 1", "Active", "https://x.y/space/a.pdf"),
        ("A report", "Documents", "https://x.y/space/list/docs/b.pdf"),
    ]


def test_the_text_is_markdown_without_menu_and_footer():
    page = _read()
    assert page.title == "Space & more | Office"
    assert "# Licenses" in page.text
    assert "Who may launch." in page.text
    assert "Menu" not in page.text
    assert "Footer words" not in page.text


def test_a_heading_or_a_word_that_begins_like_a_footer_stays():
    page = _read("<html><header>Menu</header><headers>Kept</headers> <aside>never closed</html>")
    assert page.text.split() == ["Kept", "never", "closed"]


def test_a_page_in_an_older_encoding_is_read():
    page = _read("<html><h1>Crew \u2013 caf\u00e9</h1></html>".encode("cp1252"))
    assert "Crew \u2013 caf\u00e9" in page.text


@pytest.mark.parametrize(
    ("markup", "said"),
    [
        (PAGE[:-20], "cut short: https://x.y/space/list/"),
        ('{"error": "gone"}', "no web page at https://x.y/space/list/"),
        ("", "no web page"),
        ('<?xml version="1.0"?><rss/>', "no web page"),
    ],
)
def test_what_is_no_whole_page_is_a_sentence(markup, said):
    with pytest.raises(SourceError, match=said):
        _read(markup)


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<![x>", "<![CDATA[x>", "</a", '<a href="'])
def test_a_page_of_openings_without_ends_is_read_all_the_same(piece):
    assert "Meteors" in markdown_of(f"<p>Meteors</p>{piece * 20_000}")[1]


@pytest.mark.parametrize("piece", ["<![x>", "<a "])
def test_stray_openings_stop_neither_a_page_nor_a_field_of_a_feed(piece):
    assert plain_text(f"{piece * 20_000}<p>Meteors</p>").endswith("Meteors")
    assert _read(PAGE.replace("<main>", f"<main>{piece * 20_000}")).grids


def test_comments_and_declarations_are_no_text():
    page = "<!DOCTYPE html><!-- a < b --><![if !IE]><p>3 < 5, b <c</p><![endif]>"
    assert markdown_of(page)[1] == "3 < 5, b <c\n"
