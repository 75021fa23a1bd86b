"""The FAA's pages, spoken by a server on the loopback device; all licences are invented."""

import datetime as dt

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import faa
from skywright.sources.collecting import Visit, Wish, texts_of, visit

_DATA = "/data_research/commercial_space_data"


def _page(body, title="Commercial Space Data"):
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"


def _table(*rows, caption="Active"):
    cells = "".join(
        "<tr>" + "".join(f"<{tag}>{one}</{tag}>" for one in row) + "</tr>"
        for row, tag in zip(rows, ["th", *["td"] * len(rows)], strict=False)
    )
    return _page(f"<table id='spaceTable'><caption>{caption}</caption>{cells}</table>")


LICENSES = _table(
    ["License Number", "Licensee", "Launch Vehicle", "Location", "Expiration Date", "Remarks"],
    ["<a href='/media/1.pdf'>VOL 26-001</a>", "Comet Co.", "Hopper", "Texas", "May 1, 2030", "new"],
    ["VOL 26-002", "Moon Inc.", "Climber", "Florida", "", ""],
)
LAUNCHES = _table(
    ["Date", "Payload", "Vehicle", "Company", "Site"],
    ["<span>2026-11-02</span> Nov 2, 2026", "Sat 7", "Climber", "Moon Inc.", "Cape"],
    ["2026-10-01", "Sat 6", "Climber", "Moon Inc.", "Cape"],
)


@pytest.fixture
def look(provider, fetcher):
    def at(part, **wish):
        one = Visit(faa.STATE, fetcher, Settings(faa_url=provider.url), Wish(**wish))
        return visit(faa.COLLECTOR, part, one)

    return at


@pytest.fixture
def say(provider):
    def pages(*bodies):
        html = {"Content-Type": "text/html; charset=utf-8"}
        provider.say(*(provider.reply(body, headers=html) for body in bodies))

    return pages


def test_a_license_is_a_row_whatever_the_columns_are_called(say, provider, look):
    say(LICENSES)
    table = look("licenses")
    row = table.row(0, named=True)
    assert (row["number"], row["holder"], row["vehicle"]) == ("VOL 26-001", "Comet Co.", "Hopper")
    assert (row["site"], row["expires"], row["issued"]) == ("Texas", "2030-05-01", None)
    assert (row["section"], row["more"]) == ("Active", "Remarks: new")
    assert row["url"] == f"{provider.url}/media/1.pdf"
    assert table["expires"][1] is None
    assert provider.asked[0][0] == f"{_DATA}/licenses/"


def test_launches_since_a_day(say, look):
    say(LAUNCHES)
    table = look("launches", since=dt.date(2026, 11, 1))
    assert table["date"].to_list() == ["2026-11-02"]
    assert table["payload"].to_list() == ["Sat 7"]


def test_every_row_is_a_text_under_an_address_of_its_own(say, provider, look):
    say(LICENSES)
    first, second = texts_of(faa.COLLECTOR.parts["licenses"], look("licenses"))
    assert first.title == "License VOL 26-001 Comet Co. Hopper"
    assert "Expires: 2030-05-01" in first.text
    assert f"Document: {provider.url}/media/1.pdf" in first.text
    assert first.url.startswith(f"{provider.url}{_DATA}/licenses/#VOL%2026-001")
    assert first.url != second.url


def test_safety_approvals_are_read(say, look):
    say(_table(["Company", "Safety Element", "Expires"], ["Comet Co.", "Tank", "2029-01-01"]))
    row = look("safety-approvals").row(0, named=True)
    assert (row["holder"], row["element"], row["expires"]) == ("Comet Co.", "Tank", "2029-01-01")


def test_environmental_documents_are_the_links_to_them(say, provider, look):
    say(
        _page(
            "<h2>Hopper</h2><a href='/d/ea.pdf'>Final Environmental Assessment, May 2, 2026</a>"
            "<a href='/d/fonsi.pdf'>Download</a><a href='/about'>About us</a>"
        )
    )
    table = look("environmental-documents")
    assert table["title"].to_list() == [
        "Final Environmental Assessment, May 2, 2026",
        "Hopper",
    ]
    assert table["published"].to_list() == ["2026-05-02", None]
    assert table["kind"].to_list() == ["pdf", "pdf"]
    assert provider.asked[0][0] == "/space/environmental/nepa_docs"


def test_pages_are_texts_as_markdown(say, look):
    say(_page("<h1>Space</h1><p>" + "Licenses are needed. " * 20 + "</p>", "Space"))
    table = look("pages")
    assert table.height == 3
    texts = texts_of(faa.COLLECTOR.parts["pages"], table)
    assert (texts[0].title, texts[0].form) == ("Space", "md")
    assert texts[0].text.startswith("# Space")


@pytest.mark.parametrize(
    ("part", "body", "said"),
    [
        ("licenses", LAUNCHES, "no table with number, holder on .*/licenses/, which has Date, Pay"),
        ("licenses", _page("<p>Moved</p>"), "which has no tables"),
        ("licenses", _table(["License", "Licensee"]), "table without rows"),
        ("licenses", _table(["License", "Licensee"], ["No data available"]), "without rows"),
        ("launches", LICENSES, "no table with date, vehicle, holder"),
        ("environmental-documents", _page("<a href='/x'>X</a>"), "no links to documents"),
        ("pages", _page("<div id='root'></div>"), "without title or text"),
        ("launches", LAUNCHES[:-30], "cut short"),
        ("launches", '{"rows": []}', "no web page"),
    ],
)
def test_a_page_that_was_rebuilt_is_an_error_that_names_it(say, look, part, body, said):
    say(body)
    with pytest.raises(SourceError, match=said):
        look(part)


def test_a_busy_site_is_waited_for(say, provider, look, waits):
    html = {"Content-Type": "text/html"}
    busy = provider.reply("<html>busy</html>", 503, {"Retry-After": "4", **html})
    provider.say(busy, provider.reply(LAUNCHES, headers=html))
    assert look("launches").height == 2
    assert 4.0 in waits
