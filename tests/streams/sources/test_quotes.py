"""Quotes from every source and file format: kind, related id, the quoted author and the quoted words."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from models.events import Deletion, EmbeddedTweet, Tweet
from models.week.posts import week_posts
from models.week.week import Week
from streams.sources.files import formats
from streams.sources.files.archive import parsed_value, read_archive
from tests.support.source_servers.bluesky_network import STRANGER, AppView, Jetstream
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.live import bluesky

WHEN = "2026-11-28T10:00:00Z"
QUOTED_URI = "at://did:plc:grace/app.bsky.feed.post/3kq"
LINE = {"id": "5", "author": "ada", "created_at": WHEN, "text": "Worth reading"}
X_V2 = {
    "data": [
        {
            "id": "1990000000000000001", "author_id": "11", "created_at": WHEN, "text": "Worth reading https://t.co/qqqqqqqqqq",
            "referenced_tweets": [{"type": "quoted", "id": "1990000000000000000"}],
            "entities": {"urls": [
                {"url": "https://t.co/qqqqqqqqqq", "expanded_url": "https://x.com/grace/status/1990000000000000000"}
            ]},
        }
    ],
    "includes": {
        "users": [{"id": "11", "username": "ada"}, {"id": "12", "username": "grace"}],
        "tweets": [{
            "id": "1990000000000000000", "author_id": "12", "text": "cut …",
            "note_tweet": {"text": "We measured &lt;all&gt; of it https://t.co/llllllllll", "entities": {"urls": [
                {"url": "https://t.co/llllllllll", "expanded_url": "https://lab.example/a"}
            ]}},
        }],
    },
}  # fmt: skip
X_FLAT = {
    "id": "1990000000000000001", "author": {"id": "11", "username": "ada"}, "author_id": "11", "created_at": WHEN,
    "text": "Worth reading",
    "referenced_tweets": [{
        "type": "quoted", "id": "1990000000000000000", "text": "We measured &lt;all&gt; of it https://lab.example/a",
        "author": {"id": "12", "username": "grace"},
    }],
}  # fmt: skip
X_V1 = {
    "id_str": "1990000000000000001", "created_at": "Sat Nov 28 10:00:00 +0000 2026", "full_text": "Worth reading",
    "user": {"id_str": "11", "screen_name": "ada"}, "is_quote_status": True,
    "quoted_status_id_str": "1990000000000000000",
    "quoted_status": {
        "id_str": "1990000000000000000", "user": {"id_str": "12", "screen_name": "grace"}, "text": "We meas…",
        "extended_tweet": {"full_text": "We measured &lt;all&gt; of it https://lab.example/a"},
    },
}  # fmt: skip
ACTIVITY = {
    "id": "tag:search.twitter.com,2005:1990000000000000001", "verb": "post", "postedTime": WHEN,
    "body": "Worth reading", "actor": {"id": "id:twitter.com:11", "preferredUsername": "ada"},
    "twitter_quoted_status": {
        "id": "tag:search.twitter.com,2005:1990000000000000000", "body": "We meas…",
        "long_object": {"body": "We measured &lt;all&gt; of it https://lab.example/a"},
        "actor": {"id": "id:twitter.com:12", "preferredUsername": "grace"},
    },
}  # fmt: skip
MASTODON = {
    "id": "117", "created_at": WHEN, "visibility": "public", "content": "<p>Worth reading</p>",
    "account": {"id": "1", "acct": "ada", "url": "https://social.example/@ada"},
    "quote": {"state": "accepted", "quoted_status": {
        "id": "116", "content": "<p>We measured &lt;all&gt; of it <a href='https://lab.example/a'>https://lab.example/a</a></p>",
        "visibility": "public", "account": {"id": "2", "acct": "grace", "url": "https://social.example/@grace"},
    }},
}  # fmt: skip
BLUESKY_RECORD = {
    "$type": "app.bsky.feed.post", "text": "Worth reading", "createdAt": WHEN,
    "embed": {"$type": "app.bsky.embed.record", "record": {"uri": QUOTED_URI, "cid": "bafy"}},
}  # fmt: skip
QUOTED_RECORD = {"$type": "app.bsky.feed.post", "text": "We measured <all> of it https://lab.example/a"}
BLUESKY_VIEW = {
    "uri": "at://did:plc:ada/app.bsky.feed.post/3kp", "author": {"did": "did:plc:ada", "handle": "ada.example"},
    "record": BLUESKY_RECORD, "indexedAt": WHEN,
    "embed": {"$type": "app.bsky.embed.record#view", "record": {
        "uri": QUOTED_URI, "author": {"did": "did:plc:grace", "handle": "grace.example"}, "value": QUOTED_RECORD,
    }},
}  # fmt: skip
BLUESKY_VIEW_WITH_MEDIA = {
    **BLUESKY_VIEW,
    "record": {**BLUESKY_RECORD, "embed": {
        "$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": QUOTED_URI}}, "media": {},
    }},
    "embed": {"$type": "app.bsky.embed.recordWithMedia#view", "media": {}, "record": BLUESKY_VIEW["embed"]},
}  # fmt: skip
WORDS = "We measured <all> of it https://lab.example/a"


def only(value: object) -> Tweet:
    (outcome,) = parsed_value(value, formats.auto)
    assert isinstance(outcome, Tweet), outcome
    return outcome


@pytest.mark.parametrize(
    ("value", "related", "author"),
    [
        (X_V2, "1990000000000000000", "grace"),
        (X_FLAT, "1990000000000000000", "grace"),
        (X_V1, "1990000000000000000", "grace"),
        (ACTIVITY, "1990000000000000000", "grace"),
        (MASTODON, "mastodon:116", "grace@social.example"),
        (BLUESKY_VIEW, QUOTED_URI, "grace.example"),
        (BLUESKY_VIEW_WITH_MEDIA, QUOTED_URI, "grace.example"),
    ],
    ids=["x-v2", "twarc, flattened", "x-v1", "activity", "mastodon", "bluesky view", "bluesky view with media"],
)
def test_a_quote_carries_the_quoted_words(value: dict[str, Any], related: str, author: str) -> None:
    """Whole words, unescaped, with whole links, in addition to the quoting post's own."""
    tweet = only(value)
    assert (tweet.kind, tweet.related_id, tweet.related_author) == ("quote", related, author)
    assert tweet.quoted_text == WORDS
    assert "measured" not in tweet.text


@pytest.mark.parametrize(
    ("value", "related"),
    [
        ({**X_V2, "includes": {"users": X_V2["includes"]["users"]}}, "1990000000000000000"),  # type: ignore[index]
        ({name: value for name, value in X_V1.items() if name != "quoted_status"}, "1990000000000000000"),
        ({name: value for name, value in X_V1.items() if not name.startswith("quoted")}, None),
        ({**MASTODON, "quote": {"state": "pending", "quoted_status_id": "116"}}, "mastodon:116"),
        ({**BLUESKY_VIEW, "embed": {"record": {"uri": QUOTED_URI, "notFound": True}}}, QUOTED_URI),
        ({"did": "did:plc:ada", "time_us": 1795860000000000, "kind": "commit", "commit": {
            "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3kp", "record": BLUESKY_RECORD,
        }}, QUOTED_URI),
    ],
    ids=["x-v2", "x-v1", "x-v1 gone", "mastodon", "bluesky view", "jetstream"],
)  # fmt: skip
def test_a_quote_without_its_words_is_still_a_quote(value: dict[str, Any], related: str | None) -> None:
    """The platform reports a quote without its text."""
    tweet = only(value)
    assert (tweet.kind, tweet.related_id, tweet.quoted_text) == ("quote", related, None)


@pytest.mark.parametrize(
    ("more", "kind", "related", "author", "words"),
    [
        ({"extra": {"is_quote": True, "quoted_id": "4"}}, "quote", "4", None, None),
        ({"extra": {"is_quote": True}}, "quote", None, None, None),
        ({"extra": {"quoted_id": 4, "quoted_author": "@grace", "quoted_text": "A"}}, "quote", "4", "grace", "A"),
        ({"is_quote": True, "quoted_id": "4", "quoted_text": "A"}, "quote", "4", None, "A"),
        ({"kind": "quote", "related_id": "4", "related_author": "g", "quoted_text": "A"}, "quote", "4", "g", "A"),
        ({"extra": {"is_quote": False, "quoted_id": None}}, "original", None, None, None),
        ({"extra": {"is_quote": False, "quoted_id": "4"}}, "original", None, None, None),
        ({"extra": {"type": "REPLY", "related_to": "3", "is_quote": True, "quoted_id": "4"}}, "quote", "4", None, None),
        ({"extra": {"type": "REPLY", "related_to": "3"}}, "reply", "3", None, None),
        ({"extra": {"type": "RETWEET", "related_to": "3", "quoted_id": "4"}}, "retweet", "3", None, None),
        ({"text": "RT @grace: A", "extra": {"is_quote": True, "quoted_id": "4"}}, "retweet", None, "grace", None),
        ({"kind": "original", "extra": {"is_quote": True, "quoted_id": "4"}}, "original", None, None, None),
        ({"quoted_status_id": "4"}, "quote", "4", None, None),
        ({"is_quote_status": True, "quoted_status_id_str": "4"}, "quote", "4", None, None),
        ({"isQuote": True, "quotedTweetId": "4"}, "quote", "4", None, None),
        ({"isQuote": False, "quotedTweetId": None, "quotedTweet": None}, "original", None, None, None),
        ({"quote_id": 4}, "quote", "4", None, None),
        ({"quoted_url": "https://x.com/g/status/4"}, "quote", "4", "g", None),
        ({"quoted_status": {"id": 4, "full_text": "A", "user": {"screen_name": "g"}}}, "quote", "4", "g", "A"),
        ({"quotedTweet": {"id": "4", "rawContent": "A", "user": {"username": "g"}}}, "quote", "4", "g", "A"),
        ({"quoted_tweet": {"id_str": "4", "text": "A", "author": "@g"}}, "quote", "4", "g", "A"),
        ({"quotedTweet": {"url": "https://x.com/g/status/4", "text": "A", "author": "Grace"}}, "quote", "4", "g", "A"),
        ({"referenced_tweets": [{"type": "quoted", "id": "4"}]}, "quote", "4", None, None),
        ({"referenced_tweets": [{"type": "replied_to", "id": "4"}]}, "original", None, None, None),
        ({"kind": "Quoted", "quoted_id": "4"}, "quote", "4", None, None),
    ],
)  # fmt: skip
def test_lines_tell_quotes(
    more: dict[str, Any], kind: str, related: str | None, author: str | None, words: str | None
) -> None:
    """At the top level or in `extra`; a given kind is preferred, and a retweet of a quote is a retweet."""
    tweet = only({**LINE, **more})
    assert (tweet.kind, tweet.related_id, tweet.related_author, tweet.quoted_text) == (kind, related, author, words)


def test_a_table_tells_quotes(tmp_path: Path) -> None:
    """An id, or the address of the quoted post, in the columns of the usual collectors."""
    table = tmp_path / "posts.csv"
    table.write_text(
        "id,username,date,tweet,is_quote_status,quoted_status_id,quoted_status_text\n"
        f"1,ada,{WHEN},one,True,4,A\n2,ada,{WHEN},two,False,,\n"
        f"3,ada,{WHEN},three,,https://twitter.com/grace/status/44,\n"
    )
    found = [line.outcome for line in read_archive(table)]
    assert [(one.kind, one.related_id, one.related_author, one.quoted_text) for one in found] == [  # type: ignore[union-attr]
        ("quote", "4", None, "A"),
        ("original", None, None, None),
        ("quote", "44", "grace", None),
    ]


async def test_jetstreams_quotes_are_looked_up(tmp_path: Path) -> None:
    """Jetstream has only the address; the AppView has the words, also of unlisted people."""
    network = Jetstream()
    log = MemoryLog()
    quoted = network.write(STRANGER, "what was said")
    gone = f"at://{STRANGER}/app.bsky.feed.post/gone"
    for uri in (quoted, gone):
        embed = {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "bafy"}}
        network.write("did:plc:ada", f"about {uri[-4:]}", embed=embed)
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            runner = runner_of(bluesky(port, view, client, 0.001), log, tmp_path, people(bluesky="ada.test"))
            await run_until(runner, lambda: len(log.posts) == 2)
    assert [(one.related_id, one.related_author, one.quoted_text) for one in log.tweets()] == [
        (quoted, "stranger.test", "what was said"),
        (gone, STRANGER, None),
    ]


def test_deleted_words_leave_the_quotes_of_the_week() -> None:
    """The quote stays without the deleted words; the slice's hash shows the change."""
    tweet = only({**LINE, "kind": "quote", "related_id": "4", "quoted_text": "A"})
    record = EmbeddedTweet(tweet=tweet, text=tweet.text, vector="ADwAAA==", dimensions=2, encoder="hash", origin="0:1")
    week = Week.parse("2026-W48")
    gone = Deletion(id="4", author_id="grace", deleted_at=tweet.created_at)
    before, after = week_posts([record], week), week_posts([gone, record], week)
    assert [post.quoted_text for post in before.posts] == ["A"]
    assert [post.quoted_text for post in after.posts] == [None]
    assert before.slice_hash != after.slice_hash
