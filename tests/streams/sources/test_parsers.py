"""Every parser on samples in the platforms' formats, and on damaged copies of them."""

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Deletion, Tweet, wire
from streams.sources.files import formats
from streams.sources.files.archive import parsed_value
from streams.sources.files.json_lines import parse_line
from streams.sources.html_text import html_to_text
from streams.sources.port import Bad, Ignored, Outcome
from tests.support import source_samples as samples


def outcomes(value: object) -> list[Outcome]:
    return list(parsed_value(value, formats.auto))


def one(value: object) -> Tweet:
    (outcome,) = outcomes(value)
    assert isinstance(outcome, Tweet), outcome
    return outcome


def test_x_page_gives_its_posts_and_uses_the_rest_as_context() -> None:
    """Long text, expanded links without the picture's, an edit, a retweet read whole, a quote, a bad one, a picture."""
    long, retweet, quote, bad, picture = outcomes(samples.X_PAGE)
    assert isinstance(long, Tweet)
    assert long.text == "A long post about <models> & their topics https://example.org/paper"
    assert [(link.url, link.title, link.description) for link in long.links] == [
        ("https://example.org/paper", "A paper", "What it says")
    ]
    assert (long.author, long.author_id, long.author_name, long.followers) == ("ada", "101", "Ada", 12)
    assert long.edit_of == "1700000000000000000"
    assert (long.metrics.likes, long.metrics.quotes, long.mentions, long.lang) == (3, 4, ["grace"], "en")
    assert isinstance(retweet, Tweet)
    assert retweet.text == "RT @grace: A retweet that is cut in the middle is read whole from its original @alan"
    assert (retweet.kind, retweet.related_author, retweet.lang, retweet.mentions) == (
        "retweet",
        "grace",
        "en",
        ["alan"],
    )
    assert isinstance(quote, Tweet)
    assert (quote.kind, quote.related_id, quote.related_author) == ("quote", "1600000000000000001", "grace")
    assert (quote.text, quote.links, quote.author) == ("@grace Look", [], "999")
    assert isinstance(bad, Bad)
    assert bad.reason == "author_id is missing"
    assert json.loads(bad.record)["id"] == "1700000000000000005"
    assert isinstance(picture, Ignored)


def test_x_flattened_line_carries_its_people() -> None:
    """twarc's flattened tweets have author and answered user inside."""
    tweet = one(samples.X_FLAT)
    assert (tweet.author, tweet.kind, tweet.related_author) == ("ada", "reply", "grace")


@pytest.mark.parametrize(
    "message",
    [
        {"data": [{"id": "1", "value": "from:ada", "tag": "t"}], "meta": {}},
        {"meta": {"sent": "2026-03-02T08:00:00Z"}},
        {"errors": [{"title": "operational-disconnect"}]},
        {"title": "ConnectionException", "detail": "…", "type": "about:blank"},
        {"id": "101", "username": "ada", "name": "Ada"},
        {"limit": {"track": 5}},
        {"warning": {"code": "FALLING_BEHIND"}},
        {"verb": "delete", "objectType": "activity"},
        {"did": "did:plc:ada", "time_us": 1, "kind": "identity", "identity": {}},
        {"event": "notification", "payload": "{}"},
        {**samples.MASTODON, "visibility": "private"},
    ],
)
def test_what_is_no_post_is_ignored_with_a_reason(message: dict[str, Any]) -> None:
    """Rules, errors, users, notices, other messages: neither dead letters nor posts."""
    (outcome,) = outcomes(message)
    assert isinstance(outcome, Ignored)
    assert outcome.reason


def test_x_v1_reads_the_whole_text_of_every_generation() -> None:
    """extended_tweet wins over the truncated text; retweets are read from the original; deletions are tombstones."""
    tweet, retweet = one(samples.X_V1), one(samples.X_V1_RETWEET)
    assert tweet.text == "A long one that is cut in the old field & whole here https://example.org/whole"
    assert (tweet.links[0].title, tweet.mentions, tweet.lang) == ("Whole", ["grace"], "en")  # the text tells it
    assert (retweet.text, retweet.related_id) == ("RT @grace: Whole original", "1600000000000000012")
    (deletion,) = outcomes(samples.X_V1_DELETE)
    assert isinstance(deletion, Deletion)
    assert (deletion.id, deletion.author_id, deletion.deleted_at.year) == ("1700000000000000011", "101", 2026)


def test_activity_streams_use_the_enrichments() -> None:
    """Titles from gnip, the answered author from the link."""
    tweet = one(samples.ACTIVITY)
    assert (tweet.id, tweet.author_id, tweet.author) == ("1700000000000000021", "101", "ada")
    assert (tweet.text, tweet.links[0].title) == ("Read https://example.org/gnip", "Enriched")
    assert (tweet.kind, tweet.related_id, tweet.related_author) == ("reply", "1600000000000000001", "grace")


def test_bluesky_facets_count_bytes() -> None:
    """A shortened link after an umlaut is completed; a quote with media; the card's title."""
    tweet = one(samples.BLUESKY)
    assert tweet.text == "Über https://example.org/a-paper by @grace.test"
    assert (tweet.id, tweet.author) == ("at://did:plc:ada/app.bsky.feed.post/3kpost", "did:plc:ada")
    assert (tweet.kind, tweet.related_author, tweet.mentions) == ("quote", "did:plc:grace", ["did:plc:grace"])
    assert [(link.url, link.title) for link in tweet.links] == [("https://example.org/a-paper", "A paper")]


def test_bluesky_updates_and_deletes() -> None:
    """An update is another post that replaces the first. A delete has the ids of its post and author."""
    update, delete = copy.deepcopy(samples.BLUESKY), copy.deepcopy(samples.BLUESKY)
    update["commit"]["operation"] = "update"
    delete["commit"] = {**delete["commit"], "operation": "delete", "record": None}
    first = "at://did:plc:ada/app.bsky.feed.post/3kpost"
    assert (one(update).id, one(update).edit_of) == (f"{first}#3kabc", first)
    (deletion,) = outcomes(delete)
    assert isinstance(deletion, Deletion)
    assert (deletion.id, deletion.author_id) == (first, "did:plc:ada")


def test_mastodon_html_becomes_what_a_person_reads() -> None:
    """Whole links, mentions and hashtags as words, paragraphs, the warning first; edit, reply and card."""
    tweet = one(samples.MASTODON)
    assert tweet.text == "On topics\n\n@grace they drift & fade\nsee https://example.org/a-paper\n\nnext #ml"
    assert (tweet.id, tweet.edit_of) == ("mastodon:110000000000000001#1772442000", "mastodon:110000000000000001")
    assert (tweet.author_id, tweet.kind, tweet.related_author) == ("ada@home.test", "reply", "grace@elsewhere.test")
    assert [(link.url, link.title, link.site) for link in tweet.links] == [
        ("https://example.org/a-paper", "A paper", "Example")
    ]


def test_mastodon_messages_boosts_and_recordings() -> None:
    """Stream messages, recorded streams and boosts give the same status."""
    message = {"event": "update", "payload": json.dumps(samples.MASTODON)}
    text = f"event: update\ndata: {json.dumps(samples.MASTODON)}\n\n:thump\n\n"
    assert one(message) == one(samples.MASTODON) == one({"method": "GET", "uri": "/", "response": text})
    boost = {**samples.MASTODON, "id": "111", "edited_at": None, "content": "", "reblog": samples.MASTODON}
    assert one(boost).text.startswith("RT @ada@home.test: On topics")
    assert one(boost).related_id == "mastodon:110000000000000001"


def test_html_hides_what_a_browser_hides() -> None:
    """Scripts and styles are no text; a script's address is no link."""
    text, links = html_to_text("<style>p{}</style><p>a<script>x()</script> <a href='javascript:y()'>b</a></p>")
    assert (text, links) == ("a b", [])


def test_our_own_lines() -> None:
    """Defaults, the kind from the text without a space after the colon, links from the text, time in UTC."""
    tweet = one(samples.OURS)
    assert (tweet.id, tweet.author, tweet.author_id) == ("17", "Ada", "ada")
    assert (tweet.kind, tweet.related_author, tweet.mentions) == ("retweet", "grace", ["grace"])
    assert ([link.url for link in tweet.links], tweet.metrics.likes) == (["https://example.org/x"], 3)
    assert tweet.created_at.isoformat() == "2026-03-02T08:00:00+00:00"


@pytest.mark.parametrize("author", [None, "", "  "])
def test_an_author_that_is_not_told_is_one_person(author: str | None) -> None:
    """As the README says: collections without names are read, and their lines have one author."""
    line = {"id": "1", "author": author, "created_at": "2026-03-02T08:00:00Z", "text": "hello"}
    tweet = one(line)
    assert (tweet.author, tweet.author_id) == ("unknown", "unknown")


def test_collected_lines_work_as_they_are() -> None:
    """The `extra` of other collectors: kind, name, float-like ids, counts of -1; a missing author is "unknown"."""
    tweet = one(samples.COLLECTED)
    assert (tweet.author, tweet.author_name, tweet.kind) == ("unknown", "Ada", "reply")
    assert (tweet.related_id, tweet.related_author) == ("1391000000000000001", "grace")
    assert [link.url for link in tweet.links] == ["https://t.co/abc", "https://example.org/"]
    assert tweet.metrics.likes == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "id is missing"),
        ({"id": "with space"}, "id"),
        ({"text": 5}, "text is not a string"),
        ({"text": "  "}, "the text is empty"),
        ({"created_at": "yesterday"}, "created_at is not a time"),
        ({"created_at": "2026-03-02T08:00:00"}, "no time zone"),
        ({"created_at": "0001-01-01T00:00:00+23:00"}, "out of range"),
        ({"kind": "shout"}, "kind is 'shout'"),
        ({"urls": "https://example.org"}, "urls is not an array"),
        ({"metrics": {"likes": "many"}}, "metrics.likes"),
        ({"related_id": []}, "related_id"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], reason: str) -> None:
    """Our own format is strict about known fields."""
    line = orjson.dumps({**samples.OURS, **change})
    with pytest.raises(wire.PoisonError, match=reason):
        parse_line(line)


def test_lines_of_the_wire_and_blank_lines() -> None:
    """Records of `tweets` can be ingested again; a tombstone has `deleted_at`; a blank line is ignored."""
    tweet = one(samples.OURS)
    assert parse_line(wire.encode(tweet)) == tweet
    assert parse_line(b" \n") is None
    tombstone = parse_line(b'{"id": "17", "author": "Ada", "deleted_at": "2026-03-02T09:00:00Z"}')
    assert isinstance(tombstone, Deletion)
    assert tombstone.author_id == "ada"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", "1e999", "NaN"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON value."""
    found: list[tuple[Any, ...]] = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_mangled_samples_raise_nothing_and_give_valid_posts(data: st.DataObject) -> None:
    """Any field of any sample replaced by anything: no exception, and every post is valid by the wire's own check."""
    value = copy.deepcopy(data.draw(st.sampled_from(samples.ALL)))
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(value) or [("id",)]))
        inner: Any = value
        for key in path[:-1]:
            inner = inner[key]
        if data.draw(st.booleans()):
            inner[path[-1]] = data.draw(JSON)
        elif isinstance(inner, dict):
            inner.pop(path[-1], None)
    for outcome in outcomes(value):
        if isinstance(outcome, Tweet | Deletion):
            assert wire.decode_post(wire.encode(outcome)) == outcome
        else:
            assert outcome.reason


@settings(max_examples=200, deadline=None)
@given(value=JSON)
def test_any_json_is_answered(value: object) -> None:
    """Any JSON in a line, in every format's parser."""
    for name in formats.names():
        for outcome in parsed_value(value, formats.parser_named(name)):
            assert isinstance(outcome, Tweet | Deletion | Bad | Ignored)
