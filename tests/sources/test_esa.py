"""ESA's feeds, spoken by a server on the loopback device; the articles are invented."""

import datetime as dt

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import esa
from skywright.sources.collecting import Visit, Wish, texts_of, visit

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>New telescope</title><link>https://x.y/a</link>
<pubDate>Fri, 20 Nov 2026 10:00:00 +0000</pubDate>
<description>&lt;p&gt;It sees &lt;b&gt;far&lt;/b&gt;.&lt;/p&gt;</description></item>
<item><title>No words</title><link>https://x.y/b</link>
<pubDate>Sun, 01 Nov 2026 10:00:00 +0000</pubDate></item></channel></rss>"""
XML = {"Content-Type": "text/xml"}


@pytest.fixture
def look(provider, fetcher):
    def at(part, **wish):
        one = Visit(esa.STATE, fetcher, Settings(esa_url=provider.url), Wish(**wish))
        return visit(esa.COLLECTOR, part, one)

    return at


def test_every_feed_of_esa_is_read_since_a_day(provider, look):
    provider.say(provider.reply(FEED, headers=XML))
    for part in esa.COLLECTOR.parts:
        assert look(part, since=dt.date(2026, 11, 10))["title"].to_list() == ["New telescope"]
    asked = [path for path, *_ in provider.asked]
    assert asked == ["/TopNews", "/Our_Activities/Space_News", "/Our_Activities/Space_Science"]


def test_an_article_with_a_summary_is_a_text(provider, look):
    provider.say(provider.reply(FEED, headers=XML))
    (text,) = texts_of(esa.COLLECTOR.parts["top-news"], look("top-news"))
    assert (text.title, text.text, text.url) == ("New telescope", "It sees far.", "https://x.y/a")
    assert text.dated == "2026-11-20T10:00:00Z"


def test_a_web_page_in_place_of_a_feed_of_esa_is_an_error(provider, look):
    provider.say(provider.reply("<html>moved</html>", headers={"Content-Type": "text/html"}))
    with pytest.raises(SourceError, match="web page instead of data"):
        look("top-news")
