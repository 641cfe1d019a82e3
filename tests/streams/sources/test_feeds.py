"""Feed entries as posts: dialects, dates, damage."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.events import Tweet, wire
from models.text.handles import feed_id
from streams.cli.commands import app
from streams.sources.feeds.entries import is_whole, parse_feed
from streams.sources.port import Bad
from streams.sources.registry import SOURCES
from streams.sources.variables import VARIABLES
from tests.support.source_servers.blog import Blog

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADDRESS = "https://blog.test/feed.xml"
RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title><language>de</language>
<item><title>Second &amp; last</title><link>https://blog.test/2</link><pubDate>Mon, 02 Mar 2026 07:00:00 GMT</pubDate>
<description>&lt;p&gt;With a &lt;a href="https://example.org/x"&gt;link&lt;/a&gt;&lt;/p&gt;</description></item>
<item><title>First</title><guid>one</guid><pubDate>Sun, 01 Mar 2026 07:00:00 GMT</pubDate></item>
<item><title>Scheduled</title><guid>three</guid><pubDate>Sun, 01 Mar 2099 07:00:00 GMT</pubDate></item>
<item><title>Undated</title><guid>four</guid></item>
</channel></rss>"""


def tweets(data: bytes) -> list[Tweet]:
    return [outcome for outcome in parse_feed(data, ADDRESS, NOW) if isinstance(outcome, Tweet)]


def test_rss_items_oldest_first() -> None:
    """Titles without entities, links with the title, the feed's language; no entry is from the future."""
    posts = tweets(RSS)
    assert [post.text for post in posts] == ["First", "Second & last\n\nWith a link", "Scheduled", "Undated"]
    assert [post.created_at.hour for post in posts] == [7, 7, 8, 8]
    assert [(link.url, link.title) for link in posts[1].links] == [
        ("https://blog.test/2", "Second & last"),
        ("https://example.org/x", None),
    ]
    assert (posts[1].lang, posts[1].author_id, posts[1].author_name) == ("de", ADDRESS, "A blog")
    assert len({post.id for post in posts}) == 4


ATOM = """<?xml version="1.0" encoding="{}"?><feed xmlns="http://www.w3.org/2005/Atom"><title>B</title><id>b</id>
<updated>2026-03-01T07:00:00Z</updated>
<entry><id>1</id><title type="text">Über vector&lt;int></title><link href="p/1"/>
<content type="xhtml">
<div xmlns="http://www.w3.org/1999/xhtml"><p>See <a href="../q">this</a></p></div></content></entry>
<entry><id>2</id><title type="html">A &lt;b&gt;bold&lt;/b&gt; one</title><content type="image/png">AAAA</content>
<summary type="text">if a &lt; b, see https://example.org/y</summary></entry></feed>"""


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "utf-16"])
def test_atom_types_relative_links_and_encodings(encoding: str) -> None:
    """Plain text stays what it is, markup goes, links lead away from where the document lies."""
    data = ATOM.format(encoding).encode(encoding)
    assert is_whole(data)
    outcomes = parse_feed(data, ADDRESS, NOW, base="https://moved.test/blog/feed.xml")
    first, second = (outcome for outcome in outcomes if isinstance(outcome, Tweet))
    assert first.text == "Über vector<int>\n\nSee this"
    assert [link.url for link in first.links] == ["https://moved.test/blog/p/1", "https://moved.test/q"]
    assert second.text == "A bold one\n\nif a < b, see https://example.org/y"
    assert "https://example.org/y" in [link.url for link in second.links]
    assert first.author_id == ADDRESS
    assert first.created_at == NOW  # the feed's own date says nothing about an entry that tells none


def test_the_transports_charset_wins() -> None:
    """A server that recodes documents does not look into them."""
    (post,) = parse_feed(
        "<?xml version='1.0' encoding='iso-8859-1'?><rss version='2.0'><channel><item><title>Über</title></item>"
        "</channel></rss>".encode(),
        ADDRESS,
        NOW,
        charset="utf-8",
    )
    assert isinstance(post, Tweet)
    assert post.text == "Über"


def test_a_feed_without_entries_is_a_feed() -> None:
    """A new blog: nothing is wrong with it."""
    assert list(parse_feed(Blog().document().encode(), ADDRESS, NOW)) == []


def test_ids_do_not_depend_on_place_or_text() -> None:
    """The same entry has the same id in tomorrow's document."""
    blog = Blog()
    own = blog.write("One", "text")
    before = tweets(blog.document().encode())
    blog.change(own, "other text")
    blog.write("Two", "more")
    after = tweets(blog.document().encode())
    assert before[0].id in {post.id for post in after}


def test_what_is_no_feed_is_bad_and_what_is_cut_is_told() -> None:
    """A web page has no entries; half a document is not read."""
    (outcome,) = parse_feed(b"<html><body>hello</body></html>", ADDRESS, NOW)
    assert isinstance(outcome, Bad)
    assert is_whole(RSS)
    assert not is_whole(RSS[: len(RSS) // 2])


def test_long_addresses_fit_an_author_id() -> None:
    """Two long addresses that differ at the end only stay two authors."""
    one, other = feed_id("https://blog.test/" + "a" * 300 + "1"), feed_id("https://blog.test/" + "a" * 300 + "2")
    assert len(one) <= 200
    assert one != other


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mangled_feeds_raise_nothing(data: st.DataObject) -> None:
    """Bytes replaced, removed and put in: whatever comes out is a valid post or bad."""
    feed = bytearray(RSS)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(feed) - 1))
        length = data.draw(st.integers(0, 40))
        feed[place : place + length] = data.draw(st.binary(max_size=10))
        feed = feed or bytearray(b" ")
    for outcome in parse_feed(bytes(feed), ADDRESS, NOW):
        if isinstance(outcome, Tweet):
            assert wire.decode_post(wire.encode(outcome)) == outcome


def test_the_help_of_the_command_lists_every_source() -> None:
    """It reads the table of sources, and makes none of them."""
    result = CliRunner().invoke(app, ["source", "--help"], env={"COLUMNS": "200"})
    assert all(name in result.output for name in SOURCES)
    assert all(description for description in VARIABLES.values())


@pytest.mark.parametrize("tag", [b"<a>", b"<div class='x'>", b"<item><description>"])
def test_a_feed_that_is_nested_without_end_is_refused_at_once(tag: bytes) -> None:
    """600 KB of it once held up all feeds for a quarter of a minute."""
    nested = tag * (600_000 // len(tag))
    data = b"<rss version='2.0'><channel><title>a</title>" + nested + b"</channel></rss>"
    (refused,) = parse_feed(data, ADDRESS, NOW)
    assert isinstance(refused, Bad)
    assert "nested" in refused.reason


def test_html_that_closes_nothing_is_no_nesting() -> None:
    """Line breaks and pictures in a long entry."""
    body = b"<![CDATA[" + b"a<br><img src='x'><p>" * 2_000 + b"]]>"
    data = b"<rss version='2.0'><channel><title>a</title><item><title>b</title><description>" + body
    (post,) = parse_feed(data + b"</description></item></channel></rss>", ADDRESS, NOW)
    assert isinstance(post, Tweet)
