"""arXiv's Atom, spoken by a server on the loopback device; the papers are invented."""

import datetime as dt
from itertools import pairwise

import pytest

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources import arxiv
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.papers import PaperQuery

ENTRY = """<entry><id>http://arxiv.org/abs/{number}v2</id>
<updated>2024-05-03T10:00:00Z</updated><published>2024-05-0{day}T17:59:59Z</published>
<title>Water on
  HAT-P-18 b &amp; others</title><summary>  We find
water. </summary><author><name>Ada  Lovelace</name></author><author><name>Vera Rubin</name></author>
<arxiv:comment>12 pages</arxiv:comment><arxiv:doi>10.1/y</arxiv:doi>
<arxiv:primary_category term="astro-ph.EP" scheme="s"/>
<category term="astro-ph.EP" scheme="s"/><category term="astro-ph.IM" scheme="s"/></entry>"""


def _feed(entries, total, start=0):
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><title>arXiv Query</title>'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(entries)}</feed>"
    )


def _entries(first, rows):
    return [ENTRY.format(number=f"2405.{k:05d}", day=3 - k % 3) for k in range(first, first + rows)]


@pytest.fixture
def settings(provider):
    return Settings(arxiv_url=f"{provider.url}/api/query")


@pytest.fixture
def say(provider):
    def feeds(*bodies):
        atom = {"Content-Type": "application/atom+xml; charset=UTF-8"}
        provider.say(*(provider.reply(body, headers=atom) for body in bodies))

    return feeds


def test_a_paper_is_a_row_without_the_line_breaks_of_the_feed(say, settings, fetcher):
    say(_feed(_entries(7, 1), 1))
    row = arxiv.search(PaperQuery("water"), settings, fetcher).table.row(0, named=True)
    assert (row["arxiv_id"], row["version"]) == ("2405.00007", 2)
    assert row["title"] == "Water on HAT-P-18 b & others"
    assert (row["authors"], row["year"]) == (["Ada Lovelace", "Vera Rubin"], 2024)
    assert (row["abstract"], row["doi"], row["journal"]) == ("We find water.", "10.1/y", None)
    assert row["categories"] == ["astro-ph.EP", "astro-ph.IM"]
    assert row["url"] == "https://arxiv.org/abs/2405.00007"


def test_every_word_must_occur_and_phrases_stay_together(say, provider, settings, fetcher):
    say(_feed([], 0))
    asked = PaperQuery('JWST "exoplanet atmospheres"', "Rubin, V", 2020, 2024, "newest")
    found = arxiv.search(asked, settings, fetcher)
    assert found.query == (
        'all:JWST AND all:"exoplanet atmospheres" AND au:"Rubin, V"'
        " AND submittedDate:[202001010000 TO 202412312359]"
    )
    path, query, _ = provider.asked[0]
    assert path == "/api/query"
    assert (query["search_query"], query["sortBy"]) == (found.query, "submittedDate")


def test_a_query_of_arxivs_own_is_left_as_it_is(say, settings, fetcher):
    say(_feed([], 0))
    found = arxiv.search(PaperQuery("ti:water OR abs:steam", "Rubin"), settings, fetcher)
    assert found.query == '(ti:water OR abs:steam) AND au:"Rubin"'


def test_signs_in_a_word_cannot_change_the_query(say, settings, fetcher):
    say(_feed([], 0))
    found = arxiv.search(PaperQuery("HAT-P-18b) (H2O"), settings, fetcher)
    assert found.query == "all:HAT-P-18b AND all:H2O"


def test_pages_are_put_together_three_seconds_apart(say, provider, settings, fetcher, waits):
    say(_feed(_entries(0, 200), 450), _feed(_entries(200, 200), 450), _feed(_entries(400, 50), 450))
    found = arxiv.search(PaperQuery("water", most=2_000), settings, fetcher)
    assert (found.table.height, found.total, found.is_cut) == (450, 450, False)
    assert [query["start"] for _, query, _ in provider.asked] == ["0", "200", "400"]
    assert len(waits) == 2
    # Nothing really waits here, so each turn lies three seconds after the one reserved before.
    assert all(2.0 < later - earlier <= 3.0 for earlier, later in pairwise([0.0, *waits]))


def test_an_empty_page_where_more_is_promised_is_asked_for_again(say, provider, settings, fetcher):
    say(_feed(_entries(0, 200), 210), _feed([], 210), _feed(_entries(200, 10), 210))
    found = arxiv.search(PaperQuery("water", most=300), settings, fetcher)
    assert found.table.height == 210
    assert len(provider.asked) == 3


def test_pages_that_stay_empty_are_told(say, provider, settings, fetcher):
    say(_feed([], 210))
    with pytest.raises(SourceError, match="empty page after 0 of 210 papers"):
        arxiv.search(PaperQuery("water"), settings, fetcher)
    assert len(provider.asked) == 3


def test_papers_are_found_by_their_numbers(say, provider, settings, fetcher):
    say(_feed(_entries(7, 1), 1))
    numbers = ["arXiv:2405.00007", "https://arxiv.org/abs/2405.00007", "astro-ph/9901001v2"]
    assert arxiv.by_number(numbers, settings, fetcher).table.height == 1
    assert provider.asked[0][1]["id_list"] == "2405.00007,astro-ph/9901001v2"


def test_a_number_that_arxiv_does_not_know_is_not_found(say, settings, fetcher):
    say(_feed([], 1))
    assert arxiv.by_number(["1201.56789"], settings, fetcher).table.height == 0


@pytest.mark.parametrize("numbers", [[], ["M31"], ["2405.00007,all:x"]])
def test_what_is_no_number_is_not_sent(provider, settings, fetcher, numbers):
    with pytest.raises(InputError, match="number"):
        arxiv.by_number(numbers, settings, fetcher)
    assert provider.asked == []


def test_a_bibtex_entry_is_made_of_a_row(say, settings, fetcher):
    say(_feed(_entries(7, 1), 1))
    entry = arxiv.bibtex(
        arxiv.search(PaperQuery("water"), settings, fetcher).table.row(0, named=True)
    )
    assert entry.startswith("@article{Lovelace2024:2405.00007,\n")
    assert "author = {Ada Lovelace and Vera Rubin}" in entry
    assert r"title = {{Water on HAT-P-18 b \& others}}" in entry
    assert "eprint = {2405.00007}" in entry
    assert entry.count("{") == entry.count("}")


def test_formulas_in_a_title_stay_formulas(say, settings, fetcher):
    feed = _feed(_entries(7, 1), 1).replace("others", "$z_{1}$ at 5% {more")
    say(feed)
    row = arxiv.search(PaperQuery("water"), settings, fetcher).table.row(0, named=True)
    assert r"\& $z_1$ at 5\% more}}" in arxiv.bibtex(row)


def test_a_refusal_is_passed_on_in_its_words(provider, settings, fetcher):
    entry = (
        "<entry><id>http://arxiv.org/api/errors#start</id><title>Error</title>"
        "<summary>start must be an integer</summary></entry>"
    )
    provider.say(provider.reply(_feed([entry], 1), 400))
    with pytest.raises(SourceError, match="refused the query and said: start must be an integer"):
        arxiv.search(PaperQuery("water"), settings, fetcher)


def test_citations_cannot_be_counted_there(settings, fetcher):
    with pytest.raises(InputError, match="order = 'cited'.*NASA ADS"):
        arxiv.search(PaperQuery("water", order="cited"), settings, fetcher)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (_feed(_entries(0, 1), 1)[:-60], "damaged or cut short"),
        ("<rss><channel/></rss>", "no Atom feed"),
        ("<html>Rate exceeded.</html>", "web page"),
        ('<?xml version="1.0"?><!DOCTYPE x><feed/>', "document type"),
        (_feed(_entries(0, 1), 1).replace("<title>Water on", "<note>").replace(
            "others</title>", "</note>"), "record 1 has no title"),
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_is_a_sentence(say, settings, fetcher, body, said):
    say(body)
    with pytest.raises(SourceError, match=said):
        arxiv.search(PaperQuery("water"), settings, fetcher)


def test_the_newest_papers_of_astronomy_are_collected(say, provider, settings, fetcher):
    say(_feed(_entries(0, 3), 3))
    one = Visit(arxiv.STATE, fetcher, settings, Wish(dt.date(2024, 5, 2)))
    table = visit(arxiv.COLLECTOR, "papers", one)
    assert table["published"].str.slice(0, 10).to_list() == ["2024-05-03", "2024-05-02"]
    asked = provider.asked[0][1]["search_query"]
    assert asked.endswith("cat:astro-ph.SR) AND submittedDate:[202405020000 TO 999912312359]")
