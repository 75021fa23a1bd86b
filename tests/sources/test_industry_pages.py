"""ESA, SIA and BryceTech, spoken by a server on the loopback device; all of it is invented."""

import datetime as dt

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import brycetech, esa, sia
from skywright.sources.collecting import Visit, Wish, texts_of, visit

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>New telescope</title><link>https://x.y/a</link>
<pubDate>Fri, 20 Nov 2026 10:00:00 +0000</pubDate>
<description>&lt;p&gt;It sees &lt;b&gt;far&lt;/b&gt;.&lt;/p&gt;</description></item>
<item><title>No words</title><link>https://x.y/b</link>
<pubDate>Sun, 01 Nov 2026 10:00:00 +0000</pubDate></item></channel></rss>"""
HTML = {"Content-Type": "text/html; charset=utf-8"}
XML = {"Content-Type": "text/xml"}


def _page(body):
    return f"<!DOCTYPE html><html><head><title>Reports</title></head><body>{body}</body></html>"


REPORTS = _page(
    "<h3>Launch</h3><a href='/reports/report-documents/Bryce_Briefing_2026_Q1.pdf'>"
    "<img src='x.png'></a>"
    "<a href='/reports/report-documents/start-up/S_2026.pdf'><div>Start-Up Space 2026</div></a>"
    "<a href='/reports/report-documents/start-up/S_2026.pdf'>Download</a>"
    "<a href='/careers'>Jobs</a>"
)


@pytest.fixture
def look(provider, fetcher):
    def at(module, part, **wish):
        name = module.STATE.url_setting
        one = Visit(module.STATE, fetcher, Settings(**{name: provider.url}), Wish(**wish))
        return visit(module.COLLECTOR, part, one)

    return at


def test_every_feed_of_esa_is_read_since_a_day(provider, look):
    provider.say(provider.reply(FEED, headers=XML))
    for part in esa.COLLECTOR.parts:
        assert look(esa, part, since=dt.date(2026, 11, 10))["title"].to_list() == ["New telescope"]
    asked = [path for path, *_ in provider.asked]
    assert asked == ["/TopNews", "/Our_Activities/Space_News", "/Our_Activities/Space_Science"]


def test_an_article_with_a_summary_is_a_text(provider, look):
    provider.say(provider.reply(FEED, headers=XML))
    (text,) = texts_of(esa.COLLECTOR.parts["top-news"], look(esa, "top-news"))
    assert (text.title, text.text, text.url) == ("New telescope", "It sees far.", "https://x.y/a")
    assert text.dated == "2026-11-20T10:00:00Z"


def test_a_web_page_in_place_of_a_feed_of_esa_is_an_error(provider, look):
    provider.say(provider.reply(_page("moved"), headers=HTML))
    with pytest.raises(SourceError, match="web page instead of data"):
        look(esa, "top-news")


def test_reports_are_listed_once_by_their_best_name(provider, look):
    provider.say(provider.reply(REPORTS, headers=HTML))
    table = look(brycetech, "reports")
    assert table["title"].to_list() == ["Launch", "Start-Up Space 2026"]
    assert table["published"].to_list() == ["2026-03", "2026"]
    assert table["section"].to_list() == ["Launch", "Launch"]
    assert table["url"][1] == f"{provider.url}/reports/report-documents/start-up/S_2026.pdf"
    assert table["source_url"][0] == f"{provider.url}/reports"


def test_a_report_without_any_words_is_called_after_its_file(provider, look):
    page = _page("<a href='/r/report-documents/Bryce_Briefing_2026_Q1.pdf'></a>")
    provider.say(provider.reply(page, headers=HTML))
    assert look(brycetech, "reports")["title"].to_list() == ["Bryce Briefing 2026 Q1"]


def test_a_report_is_a_text_that_says_where_it_is(provider, look):
    provider.say(provider.reply(REPORTS, headers=HTML))
    texts = texts_of(brycetech.COLLECTOR.parts["reports"], look(brycetech, "reports"))
    assert texts[1].title == "Start-Up Space 2026"
    assert f"Address: {texts[1].url}" in texts[1].text


def test_reports_and_news_of_the_satellite_industry(provider, look):
    page = _page(
        "<a href='/wp/2026/05/SSIR-2026.pdf'>Executive summary</a>"
        "<a href='/shop'>State of the Satellite Industry Report 2026</a><a href='/x'>Members</a>"
    )
    provider.say(provider.reply(page, headers=HTML))
    table = look(sia, "reports")
    assert table["title"].to_list() == [
        "Executive summary",
        "State of the Satellite Industry Report 2026",
    ]
    assert table["kind"].to_list() == ["pdf", "page"]
    provider.say(provider.reply(FEED, headers=XML))
    assert look(sia, "news").height == 2
    assert provider.asked[-1][0] == "/feed/"


@pytest.mark.parametrize("module", [sia, brycetech])
def test_a_page_without_reports_is_an_error_that_names_it(provider, look, module):
    provider.say(provider.reply(_page("<a href='/jobs'>Jobs</a>"), headers=HTML))
    with pytest.raises(SourceError, match=f"no links to documents on {provider.url}/"):
        look(module, "reports")


def test_a_web_page_in_place_of_the_news_is_an_error(provider, look):
    provider.say(provider.reply(_page("moved"), headers=HTML))
    with pytest.raises(SourceError, match="Satellite Industry Association"):
        look(sia, "news")
