"""The Satellite Industry Association's pages, on the loopback device; all invented."""

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import sia
from skywright.sources.collecting import Visit, Wish, visit

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


@pytest.fixture
def look(provider, fetcher):
    def at(part, **wish):
        one = Visit(sia.STATE, fetcher, Settings(sia_url=provider.url), Wish(**wish))
        return visit(sia.COLLECTOR, part, one)

    return at


def test_reports_and_news_of_the_satellite_industry(provider, look):
    page = _page(
        "<a href='/wp/2026/05/SSIR-2026.pdf'>Executive summary</a>"
        "<a href='/shop'>State of the Satellite Industry Report 2026</a><a href='/x'>Members</a>"
    )
    provider.say(provider.reply(page, headers=HTML))
    table = look("reports")
    assert table["title"].to_list() == [
        "Executive summary",
        "State of the Satellite Industry Report 2026",
    ]
    assert table["kind"].to_list() == ["pdf", "page"]
    provider.say(provider.reply(FEED, headers=XML))
    assert look("news").height == 2
    assert provider.asked[-1][0] == "/feed/"


def test_a_page_without_reports_is_an_error_that_names_it(provider, look):
    provider.say(provider.reply(_page("<a href='/jobs'>Jobs</a>"), headers=HTML))
    with pytest.raises(SourceError, match=f"no links to documents on {provider.url}/"):
        look("reports")


def test_a_web_page_in_place_of_the_news_is_an_error(provider, look):
    provider.say(provider.reply(_page("moved"), headers=HTML))
    with pytest.raises(SourceError, match="Satellite Industry Association"):
        look("news")
