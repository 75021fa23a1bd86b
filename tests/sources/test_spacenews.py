"""The feed of SpaceNews, spoken by a server on the loopback device; the articles are invented."""

import datetime as dt

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.plain_text import plain_text
from skywright.sources.spacenews import COLLECTOR, STATE

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>SpaceNews</title>
<item><title>One &#038; two</title><link> https://spacenews.com/one/ </link>
<pubDate>Fri, 20 Nov 2026 22:30:00 -0500</pubDate><dc:creator><![CDATA[A. Writer]]></dc:creator>
<category>Launch</category><category><![CDATA[Policy]]></category>
<description><![CDATA[<p>First &#8217; words</p><script>x()</script><p>More</p>]]></description>
<guid isPermaLink="false">https://spacenews.com/?p=1</guid></item>
<item><title>Old</title><link>https://spacenews.com/old/</link><pubDate>soon</pubDate></item>
</channel></rss>"""


@pytest.fixture
def look(provider, fetcher):
    def at(**wish):
        settings = Settings(spacenews_url=f"{provider.url}/feed/")
        return visit(COLLECTOR, "articles", Visit(STATE, fetcher, settings, Wish(**wish)))

    return at


def _xml(provider, body):
    return provider.reply(body, headers={"Content-Type": "application/rss+xml; charset=UTF-8"})


def test_an_article_is_a_row_of_plain_text_in_utc(provider, look):
    provider.say(_xml(provider, FEED))
    table = look()
    row = table.row(0, named=True)
    assert (row["title"], row["url"]) == ("One & two", "https://spacenews.com/one/")
    assert row["published_utc"] == "2026-11-21T03:30:00Z"
    assert row["summary"] == "First \u2019 words\nMore"
    assert (row["author"], row["categories"]) == ("A. Writer", ["Launch", "Policy"])
    assert table["published_utc"][1] is None
    assert provider.asked[0][0] == "/feed/"


def test_since_keeps_what_is_dated_later(provider, look):
    provider.say(_xml(provider, FEED))
    assert look(since=dt.date(2026, 11, 21))["title"].to_list() == ["One & two"]


def test_a_feed_without_articles_is_empty(provider, look):
    provider.say(_xml(provider, "<rss><channel></channel></rss>"))
    assert look().height == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (FEED[:-40], "damaged or cut short"),
        ("<rss></rss>", "no RSS channel"),
        ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><rss/>', "document type"),
        ("<html>blocked</html>", "web page"),
        ('{"json": 1}', "damaged or cut short"),
        (FEED.replace("<title>Old</title>", ""), "record 2 has no title"),
    ],
)
def test_a_feed_of_another_shape_is_a_sentence(provider, look, body, said):
    provider.say(_xml(provider, body))
    with pytest.raises(SourceError, match=said):
        look()


@pytest.mark.parametrize(
    ("snippet", "words"),
    [
        ("a<br><br/>b", "a\nb"),
        ("<style>p{}</style> x &lt;y&gt; ", "x <y>"),
        ("</script>still read", "still read"),
        ("", ""),
    ],
)
def test_markup_leaves_words(snippet, words):
    assert plain_text(snippet) == words
