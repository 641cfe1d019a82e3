"""The rarer shapes of the platforms: what is told beside posts, partial posts, edits, tombstones, later versions."""

import copy
import json
from typing import Any

import pytest

from models.events import Deletion, Tweet
from streams.sources.files import formats
from streams.sources.files.archive import parsed_value
from streams.sources.html_text import html_to_text
from streams.sources.port import Bad, Ignored, Outcome
from tests.support import source_samples as samples

POST = "at://did:plc:ada/app.bsky.feed.post/3kpost"


def outcomes(value: object) -> list[Outcome]:
    return list(parsed_value(value, formats.auto))


def one(value: object) -> Tweet:
    (outcome,) = outcomes(value)
    assert isinstance(outcome, Tweet), outcome
    return outcome


def changed(sample: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(sample), **fields}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"data": [{"start": "2026-03-02T08:00:00Z", "end": "…", "tweet_count": 5}]}, "a count of posts"),
        ({"data": [{"id": "5", "name": "A list"}], "meta": {}}, "no post: id, name"),
        ({"data": {"id": "101", "name": "Ada", "username": "ada"}}, "a user"),
        ({"data": {"withheld": {"tweet": {"id": "1"}, "event_at": "…"}}}, "a compliance event"),
        ({"data": {"user_delete": {"user": {"id": "1"}, "event_at": "…"}}}, "a compliance event"),
        ({"id": "1", "action": "retain", "created_at": "2026-03-02T08:00:00Z"}, "a compliance result"),
        ({"errors": [{"title": "Not Found Error"}], "meta": {"result_count": 0}}, "an error message"),
        ({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, "Rate limit exceeded"),
        ({"status_withheld": {"id": 1, "user_id": 2, "withheld_in_countries": ["DE"]}}, "status_withheld"),
        ({"user_withheld": {"id": 2, "withheld_in_countries": ["DE"]}}, "user_withheld"),
        ({"disconnect": {"code": 4, "reason": ""}}, "disconnect"),
        ({"limit": {"track": 7, "timestamp_ms": "1772438400000"}}, "limit"),
        ({"direct_message": {"text": "for you only", "id": 1}}, "direct_message"),
        ({"for_user": 101, "message": {"friends": [1, 2]}}, "friends"),
        ({"verb": "scrub_geo", "objectType": "activity", "actor": {}}, "scrub_geo"),
        ({"did": "did:plc:a", "time_us": 1, "kind": "account", "account": {"active": False}}, "account"),
        ({"$type": "message", "payload": {"$type": "network.bsky.jetstream.subscribeEvents#sync"}}, "sync"),
        ({"$type": "info", "name": "OutdatedCursor", "payload": {"did": "did:plc:a"}}, "no commit"),
        ({"id": "1", "type": "favourite", "account": {"acct": "ada"}, "status": {}}, "no status"),
        ({"response": {"id": "8", "text": "a source", "spoiler_text": ""}, "method": "GET"}, "no status"),
        ({"response": [{"content": "<p>a version</p>", "account": {}}], "method": "GET"}, "no status"),
        ({"response": {"id": "8", "content": "<p>announced</p>", "starts_at": None}, "method": "GET"}, "no status"),
    ],
)
def test_what_platforms_tell_beside_posts_is_ignored(message: dict[str, Any], reason: str) -> None:
    """With a reason that says what it was; none of it is a dead letter."""
    (outcome,) = outcomes(message)
    assert isinstance(outcome, Ignored), outcome
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("message", "post", "author"),
    [
        (samples.X_COMPLIANCE, "1700000000000000007", "101"),
        ({"data": {"drop": samples.X_COMPLIANCE["data"]["delete"]}}, "1700000000000000007", "101"),
        ({"id": "7", "action": "delete", "created_at": "2026-03-02T08:00:00Z", "reason": "deleted"}, "7", "unknown"),
        ({"for_user": 101, "message": samples.X_V1_DELETE}, "1700000000000000011", "101"),
        (samples.ACTIVITY_DELETE, "1700000000000000021", "101"),
        (samples.MASTODON_DELETE, "mastodon:116158763581440001", "unknown"),
        (
            {"method": "DELETE", "uri": "https://home.test/api/v1/statuses/116158763581440001", "response": {}},
            "mastodon:116158763581440001",
            "unknown",
        ),
    ],
)
def test_every_platforms_deletion_is_a_tombstone(message: dict[str, Any], post: str, author: str) -> None:
    """Also where the platform tells no author: the runner's memory, or nobody, knows it."""
    (outcome,) = outcomes(message)
    assert isinstance(outcome, Deletion), outcome
    assert (outcome.id, outcome.author_id, outcome.deleted_at.year) == (post, author, 2026)


def test_a_deletion_without_a_time_is_ignored() -> None:
    """Ids of other servers with Mastodon's API carry none."""
    (outcome,) = outcomes({"event": "delete", "payload": "AhB2nV3zqP5vJ1xYwK"})
    assert isinstance(outcome, Ignored)


def test_edits_of_all_of_xs_formats_name_the_version_before() -> None:
    """The history lists later versions too; the first version replaces nothing."""
    history = {"initial_tweet_id": "16", "edit_tweet_ids": ["16", "17", "18"]}
    own = {"id_str": "17", "id": 17}
    assert one(changed(samples.X_V1, **own, edit_history=history)).edit_of == "16"
    assert one(changed(samples.ACTIVITY, id="tag:search.twitter.com,2005:18", edit_history=history)).edit_of == "17"
    assert one(changed(samples.X_FLAT, id="16", edit_history_tweet_ids=["16", "17"])).edit_of is None


def test_partial_x_posts_are_used_as_far_as_they_go() -> None:
    """The time is in the id; no author object, no original: ids and what the text tells; no author at all is bad."""
    bare = {"id": "1700000000000000007", "text": "hello", "author_id": "101"}
    envelope = {"data": bare, "matching_rules": [{"id": "1"}]}
    assert one(envelope).created_at.isoformat() == "2023-09-08T04:15:59.129000+00:00"
    old = outcomes({"data": {**bare, "id": "20"}})
    assert isinstance(old[0], Bad)
    assert old[0].reason == "created_at is missing"
    retweet = one(
        {
            "data": {**bare, "text": "RT @grace: cut …", "referenced_tweets": [{"type": "retweeted", "id": "9"}]},
            "includes": {"users": []},
            "errors": [{"resource_id": "9", "title": "Not Found Error"}],
        }
    )
    assert (retweet.kind, retweet.related_author, retweet.author) == ("retweet", "grace", "101")
    assert retweet.text == "RT @grace: cut …"
    told = one({"data": {**bare, "text": "RT @grace: by its words only"}})
    assert (told.kind, told.related_author, told.related_id) == ("retweet", "grace", None)


def test_x_articles_have_their_title() -> None:
    """The text of such a post is a lone address."""
    address = {"url": "https://t.co/art", "expanded_url": "https://x.com/i/article/190"}
    post = changed(samples.X_FLAT, text="https://t.co/art", article={"title": "On drift"}, entities={"urls": [address]})
    assert one(post).text == "On drift\n\nhttps://x.com/i/article/190"
    assert one(post).links[0].title == "On drift"


def test_v1_searches_are_opened_and_quoted_addresses_go() -> None:
    """The quoted post's address stands in the text, but only the permalink tells what it leads to."""
    quote = changed(
        samples.X_V1,
        extended_tweet=None,
        full_text="Well said https://t.co/quo",
        quoted_status_id_str="1600000000000000012",
        quoted_status_permalink={
            "url": "https://t.co/quo",
            "expanded": "https://twitter.com/grace/status/1600000000000000012",
        },
    )
    found = outcomes({"statuses": [samples.X_V1, quote], "search_metadata": {"count": 2}})
    assert [post.text for post in found if isinstance(post, Tweet)][1] == "Well said"
    assert len(found) == 2


def test_shared_activities_keep_the_enriched_titles() -> None:
    """They stand on the share, not on the original inside it."""
    original = changed(samples.ACTIVITY, id="tag:search.twitter.com,2005:20", gnip=None, inReplyTo=None)
    share = changed(samples.ACTIVITY, verb="share", object=original, inReplyTo=None)
    assert one(share).links[0].title == "Enriched"
    assert one(share).text == "RT @ada: Read https://example.org/gnip"


def test_jetstream_v2_tells_the_same_posts() -> None:
    """With and without the frame; deletions too; names of the AppView where a view is given."""
    first = one(samples.BLUESKY)
    assert one(samples.BLUESKY_V2) == first == one(samples.BLUESKY_V2["payload"])
    gone = copy.deepcopy(samples.BLUESKY_V2)
    gone["payload"] |= {"operation": "delete", "record": None}
    (deletion,) = outcomes(gone)
    assert isinstance(deletion, Deletion)
    assert (deletion.id, deletion.deleted_at.hour) == (POST, 8)
    view = one(samples.BLUESKY_VIEW)
    assert (view.id, view.text, view.author, view.author_name) == (POST, first.text, "ada.test", "Ada")
    assert (view.metrics.likes, view.metrics.retweets, view.metrics.replies, view.metrics.quotes) == (3, 1, 2, 4)


@pytest.mark.parametrize("claimed", ["soon", None, "1969-01-01T00:00:00Z", "2031-01-01T00:00:00Z"])
def test_a_nonsensical_bluesky_time_is_the_networks(claimed: str | None) -> None:
    """`createdAt` is whatever the client wrote."""
    event = copy.deepcopy(samples.BLUESKY)
    event["commit"]["record"]["createdAt"] = claimed
    assert one(event).created_at.isoformat() == "2026-03-02T08:00:00+00:00"


def test_bluesky_embeds() -> None:
    """A plain quote, a quote with a card, a list that is no quote, overlapping and wrong facets, a lone picture."""

    def with_record(**fields: Any) -> dict[str, Any]:
        event = copy.deepcopy(samples.BLUESKY)
        event["commit"]["record"] |= fields
        return event

    quoted = {"uri": "at://did:plc:grace/app.bsky.feed.post/3q", "cid": "b"}
    assert one(with_record(embed={"record": quoted})).related_id == quoted["uri"]
    assert one(with_record(embed={"record": {"uri": "at://did:plc:grace/app.bsky.graph.list/3l"}})).kind == "original"
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://example.org/x"}
    facets = [
        {"index": {"byteStart": 0, "byteEnd": 4}, "features": [link]},
        {"index": {"byteStart": 2, "byteEnd": 6}, "features": [link]},
        {"index": {"byteStart": 90, "byteEnd": 99}, "features": [link]},
        {"index": {"byteStart": -1, "byteEnd": 2}, "features": [link]},
    ]
    assert one(with_record(text="Über allem", facets=facets, embed=None)).text == "Über allem"
    (picture,) = outcomes(with_record(text="", facets=[], embed={"images": [{"alt": ""}]}, reply=None))
    assert isinstance(picture, Ignored)


def test_mastodon_quotes_of_every_generation() -> None:
    """A whole one, only its id, a fork's id; the address that the server writes for other servers goes."""
    words = '<p class="quote-inline">RE: <a href="https://home.test/@grace/5">home.test/@grace/5</a></p><p>Yes</p>'
    plain = changed(samples.MASTODON, content=words, spoiler_text="", in_reply_to_id=None, card=None)
    whole = {"state": "accepted", "quoted_status": changed(samples.MASTODON, id="5")}
    shallow = {"state": "accepted", "quoted_status_id": "5"}
    pleroma = {"quote": changed(samples.MASTODON, id="5"), "quote_id": "5", "quote_visible": True}
    for told in ({"quote": whole}, {"quote": shallow}, {"quote_id": "5"}, {"pleroma": pleroma}):
        post = one({**plain, **told})
        assert (post.kind, post.related_id, post.text, post.links) == ("quote", "mastodon:5", "Yes", [])
    gone = one({**plain, "quote": {"state": "deleted", "quoted_status": None}})
    assert (gone.kind, gone.related_id, gone.text) == ("quote", None, "Yes")
    assert one({**plain, "pleroma": pleroma}).quoted_text is not None
    hidden = {"quote": None, "quote_id": "5", "quote_visible": False}
    assert one({**plain, "pleroma": hidden}).quoted_text is None


def test_mastodon_threads_searches_and_streams_are_opened() -> None:
    """Every status in them once; an event may come without the space after its name."""
    status = samples.MASTODON
    assert len(outcomes({"ancestors": [status], "descendants": [status, status]})) == 3
    assert len(outcomes({"accounts": [], "statuses": [status], "hashtags": []})) == 1
    stream = f":thump\nevent:update\ndata:{json.dumps(status)}\n\nevent: delete\ndata: 116158763581440001\n\n"
    update, gone = outcomes({"method": "GET", "uri": "/", "response": stream})
    assert isinstance(update, Tweet)
    assert isinstance(gone, Deletion)


def test_hidden_parts_can_be_left_out() -> None:
    """By a selector beside what browsers hide."""
    assert html_to_text('<p>a <b class="x">b</b></p>', without=".x")[0] == "a"
