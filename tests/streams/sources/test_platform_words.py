"""What platforms send that is no post, not for everybody, of another time, or not what it looks like."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Tweet
from models.text.plain import plain
from streams.sources.bluesky.post import parse
from streams.sources.files import formats
from streams.sources.files.archive import parsed_value
from streams.sources.html_text import html_to_text
from streams.sources.mastodon.stream import MastodonInstance
from streams.sources.port import Ignored, Item, Outcome
from streams.sources.reach import time_within_reach
from streams.sources.sent_posts import SentPosts
from streams.sources.x.api import XApi
from tests.support import source_samples as samples
from tests.support.source_servers.collecting import people

WHEN = "2026-11-28T10:00:00Z"
SEEN = datetime(2026, 11, 28, 10, 0, 5, tzinfo=UTC)


def outcomes(value: object) -> list[Outcome]:
    return list(parsed_value(value, formats.auto))


def one(value: object) -> Tweet:
    (outcome,) = outcomes(value)
    assert isinstance(outcome, Tweet), outcome
    return outcome


# --- Bluesky: time


def bluesky(created: str, seen: int | str | None = None, **record: Any) -> dict[str, Any]:
    made = {"$type": "app.bsky.feed.post", "text": "a note", "langs": ["en"], "createdAt": created, **record}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "k1", "record": made}
    moment = int(SEEN.timestamp() * 1e6) if seen is None else seen
    return {"did": "did:plc:ada", "time_us": moment, "kind": "commit", "commit": commit}


@pytest.mark.parametrize(
    ("created", "right"),
    [
        ("2012-05-01T09:00:00Z", None),
        ("2026-11-01T09:00:00Z", None),
        ("1995-05-01T09:00:00Z", None),
        ("2026-11-25T09:00:00Z", SEEN),
        ("2026-11-28T08:00:00Z", datetime(2026, 11, 28, 8, tzinfo=UTC)),
        ("2026-11-27T12:00:00Z", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("2031-11-28T08:00:00Z", SEEN),
        ("1970-01-01T00:00:00Z", SEEN),
        ("0001-01-01T00:00:00Z", SEEN),
        ("yesterday", SEEN),
        ("", SEEN),
    ],
)
def test_a_post_opens_no_week_of_the_past(created: str, right: datetime | None) -> None:
    """A claim far from when the network saw the post is an import, or nonsense."""
    (outcome,) = parse(bluesky(created))
    if right is None:
        assert isinstance(outcome, Ignored)
        assert "long before" in outcome.reason
    else:
        assert isinstance(outcome, Tweet)
        assert outcome.created_at == right


@given(st.datetimes(min_value=datetime(1, 1, 2)), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_no_claim_reaches_further_than_a_day(claimed: datetime, seen: datetime) -> None:
    """Nor into the future."""
    claimed, seen = claimed.replace(tzinfo=UTC), seen.replace(tzinfo=UTC)
    moment = time_within_reach(claimed, seen)
    assert moment is None or seen - timedelta(days=1) <= moment <= seen
    if seen - timedelta(days=1) <= claimed <= seen:
        assert moment == claimed


@pytest.mark.parametrize("indexed", ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", None, "soon"])
def test_a_view_that_was_never_indexed_has_its_records_time(indexed: str | None) -> None:
    """A zero of some calendar is not when the network saw it."""
    view = {
        "uri": "at://did:plc:ada/app.bsky.feed.post/k9",
        "author": {"did": "did:plc:ada", "handle": "ada.bsky.social"},
        "record": {"$type": "app.bsky.feed.post", "text": "hello from the view", "langs": ["en"], "createdAt": WHEN},
        "indexedAt": indexed,
    }
    assert one(view).created_at.isoformat() == "2026-11-28T10:00:00+00:00"


# --- Bluesky: facets


def facet(start: object, end: object, uri: str) -> dict[str, Any]:
    return {
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": uri}],
    }


LINK = "https://blog.ada.example/sparse"


@pytest.mark.parametrize(
    ("text", "span", "right"),
    [
        ("Our new post on sparse attention is out", (16, 32), None),
        ("😀😀 Read blog.ada.example/sp... now, friends", (10, 32), None),
        ("naïve 😀 link blog.ada.example/sparse", (9, 28), None),
        ("Read here", (5, 9), None),
        ("Read ... now", (5, 8), None),
        ("Read blog.ada.example/other... now", (5, 30), None),
        ("Read blog.ada.example now", (5, 21), None),
        ("Read blog.ada.example/sp... now", (5, 27), f"Read {LINK} now"),
        ("Read blog.ada.example/sp… now", (5, 27), f"Read {LINK} now"),
        ("Lies 😀 blog.ada.example/sp... jetzt", (10, 32), f"Lies 😀 {LINK} jetzt"),
        ("Read blog.ada.example/sparse now", (5, 28), f"Read {LINK} now"),
        (f"Read {LINK} now", (5, 5 + len(LINK)), f"Read {LINK} now"),
        ("Read blog", (5, 9000), None),
        ("Read blog", (-1, 4), None),
        ("Read blog", (4, 4), None),
        ("Read blog", ("5", "9"), None),
        ("Read blog", (None, True), None),
    ],
)
def test_only_a_shortened_address_is_written_out(text: str, span: tuple[object, object], right: str | None) -> None:
    """Linked words, spans in other units and torn characters leave the text alone; the link is known all the same."""
    post = one(bluesky(WHEN, text=text, facets=[facet(*span, LINK)]))
    assert post.text == (right or text)
    assert [link.url for link in post.links] == [LINK]


@given(st.text(min_size=1, max_size=80), st.integers(-5, 200), st.integers(-5, 200))
def test_no_span_harms_a_text(text: str, start: int, end: int) -> None:
    """Whatever a client counts."""
    (outcome,) = parse(bluesky(WHEN, text=text, facets=[facet(start, end, LINK)]))
    assert not isinstance(outcome, Tweet) or outcome.text == text


# --- X: notices and privacy


WITHHELD = "@grace's account has been withheld in India in response to a legal demand. Learn more."
HELP = {"urls": [{"url": "https://t.co/aaaaaaaaaa", "expanded_url": "https://support.twitter.com/articles/20169222"}]}


def x_page(text: str, user: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    post = {"id": "1990000000000000100", "author_id": "70", "created_at": WHEN, "lang": "en", "text": text, **more}
    return {"data": [post], "includes": {"users": [{"id": "70", "username": "ada", **(user or {})}]}}


def x_v1(text: str, user: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {**copy.deepcopy(samples.X_V1), "text": text, "truncated": False, "extended_tweet": None,
            "user": {"id_str": "101", "screen_name": "ada", **(user or {})}, **more}  # fmt: skip


NOTICES = [
    WITHHELD,
    "@grace’s account has been withheld in Germany, India in response to a legal demand.",
    "This Tweet from @grace has been withheld in India in response to a legal demand. Learn more.",
    "This Post from @grace has been withheld in response to a report from the copyright holder. Learn more.",
    "@grace's account is temporarily unavailable because it violates the Twitter Media Policy. Learn more.",
    "This Post is from a suspended account. Learn more",
    "This Tweet was deleted by the Tweet author. Learn more",
    f"RT @alan: {WITHHELD}",
    "This post from @grace has been withheld in Turkey, Russia in response to a legal demand. Learn more.",
    "@grace’s Post has been withheld in India in response to a legal demand.",
    "Tweet withheld. This Tweet from @grace has been withheld in response to a legal demand.",
    "You’re unable to view this Post because this account owner limits who can view their Posts. Learn more",
    "Age-restricted adult content. This content might not be appropriate for people under 18 years old.",
    "This media has been disabled in response to a report by the copyright owner.",
]


@pytest.mark.parametrize("text", NOTICES)
@pytest.mark.parametrize("make", [x_page, x_v1], ids=["v2", "v1"])
def test_a_notice_is_no_post(text: str, make: Any) -> None:
    """Whether or not the field that says so was asked for."""
    (ignored,) = outcomes(make(text))
    assert ignored == Ignored("withheld")


@pytest.mark.parametrize(
    ("text", "more", "kept"),
    [
        (WITHHELD, {"withheld": {"copyright": False, "country_codes": ["IN"], "scope": "user"}}, False),
        ("Ein Hinweis. Mehr erfahren", {"withheld": {"scope": "user"}, "entities": HELP}, False),
        ("A post that Germany does not see", {"withheld": {"country_codes": ["DE"]}}, True),
        ("Why was this account withheld in India in response to nothing?", {}, True),
        ("This Tweet from @grace has been on my mind since May. Learn more in the paper", {}, True),
        ("This account is giving away courses. Learn more", {}, True),
        ("You're unable to view this Post without an account, and I am glad of it", {}, True),
        ("My account has been withheld in India in response to a legal demand, so I moved.", {}, True),
        ("See the rules", {"entities": HELP}, True),
    ],
)
def test_what_is_withheld_in_some_country_is_a_post(text: str, more: dict[str, Any], kept: bool) -> None:
    """With its own words it is for everybody else."""
    (outcome,) = outcomes(x_page(text, **more))
    assert isinstance(outcome, Tweet) is kept


@pytest.mark.parametrize("make", [x_page, x_v1], ids=["v2", "v1"])
def test_protected_accounts_are_not_read(make: Any) -> None:
    """They write for those whom they let in."""
    assert outcomes(make("a note", {"protected": True})) == [Ignored("not public")]
    assert isinstance(outcomes(make("a note", {"protected": False}))[0], Tweet)


# --- Mastodon: privacy


def status(**fields: Any) -> dict[str, Any]:
    return {
        "id": "117020585487094440",
        "created_at": WHEN,
        "visibility": "public",
        "content": "<p>Only for a few people</p>",
        "account": {"id": "1", "acct": "ada", "url": "https://social.example/@ada"},
        **fields,
    }


@pytest.mark.parametrize(
    "visibility",
    ["list", "list:7", "mutuals_only", "self", "mutual", "personal", "followers", "specified", "local", "private",
     "direct", "limited", "Public ", "PUBLIC", "home", "circle", "subscribers", "", None, 0, True, ["public"]],
)  # fmt: skip
def test_only_public_visibilities_are_read(visibility: object) -> None:
    """Also as the original of a boost, in a stream's message and in a recorded answer."""
    hidden = status(visibility=visibility)
    for value in (
        hidden,
        status(reblog=hidden),
        {"event": "update", "payload": json.dumps(hidden)},
        {"uri": "https://a.example/api/v1/x", "method": "GET", "response": [hidden]},
    ):
        assert outcomes(value) == [Ignored("not public")]
    assert one(status(quote={"state": "accepted", "quoted_status": {**hidden, "id": "5"}})).quoted_text is None


@pytest.mark.parametrize("state", ["pending", "revoked", "rejected", "unauthorized", "blocked_account", "muted", "", 7])
def test_only_accepted_quotes_carry_their_words(state: object) -> None:
    """Who is quoted decides; the address that stands for the quote is no text either way."""
    text = '<p class="quote-inline">RE: <a href="https://b.example/@g/5">b.example/@g/5</a></p><p>Yes</p>'
    for told in (status(id="5"), None):
        post = one(status(content=text, quote={"state": state, "quoted_status": told}))
        assert (post.kind, post.quoted_text, post.text) == ("quote", None, "Yes")
    assert one(status(quote={"state": "accepted", "quoted_status": status(id="5")})).quoted_text is not None


@given(st.text(max_size=20))
def test_any_other_visibility_is_private(visibility: str) -> None:
    """Servers may invent more."""
    (outcome,) = outcomes(status(visibility=visibility))
    assert isinstance(outcome, Tweet) is (visibility in ("public", "unlisted"))


def test_what_is_for_one_server_is_not_read() -> None:
    """`local_only` posts are public on their own server only."""
    assert outcomes(status(local_only=True)) == [Ignored("not public")]
    assert isinstance(outcomes(status(local_only=False, visibility="unlisted"))[0], Tweet)


@pytest.mark.parametrize(
    ("age", "known", "right"),
    [(timedelta(hours=2), False, True), (timedelta(days=3), False, True), (timedelta(days=4000), False, False),
     (timedelta(days=40), True, True)],
)  # fmt: skip
def test_a_status_of_another_servers_past_is_no_news(age: timedelta, known: bool, right: bool) -> None:
    """The stream hands out what other servers date as they like; an edit of what was sent is kept."""
    memory = SentPosts()
    instance = MastodonInstance(
        people(mastodon="ada"), url="http://127.0.0.1:1", token=None, clock=lambda: SEEN, memory=memory
    )
    post = one(status(created_at=(SEEN - age).isoformat()))
    if known:
        memory.remember(post)
        post = one(status(created_at=(SEEN - age).isoformat(), edited_at=WHEN))
    shown = instance._within_reach(Item(post)).outcome
    assert isinstance(shown, Tweet) is right
    future = one(status(id=str(1 << 80), created_at="2099-01-01T00:00:00Z"))
    assert instance._reached(5, [future]) < 1 << 70


# --- deletions


def error(post_id: str, **fields: Any) -> dict[str, Any]:
    return {"value": post_id, "resource_id": post_id, "resource_type": "tweet", **fields}


PROBLEMS = "https://api.twitter.com/2/problems/"
NOT_FOUND = {"title": "Not Found Error", "type": PROBLEMS + "resource-not-found"}


@pytest.mark.parametrize(
    ("errors", "missing"),
    [
        ([error("3", **NOT_FOUND)], ["3"]),
        ([{"value": "3", "title": "Not Found Error", "resource_type": "tweet"}], ["3"]),
        ([error("1", **NOT_FOUND)], []),
        ([error("1", field="non_public_metrics", type=PROBLEMS + "not-authorized-for-field")], []),
        ([error("3", title="Resource Unavailable", type=PROBLEMS + "resource-unavailable")], []),
        ([error("3", title="Authorization Error", type=PROBLEMS + "not-authorized-for-resource")], []),
        ([error("3", detail="User has been suspended: [3].", **NOT_FOUND)], []),
        ([{"value": "3", "resource_id": "3", "resource_type": "media", **NOT_FOUND}], []),
        ([{"value": "3", "resource_id": "3", "resource_type": "user", **NOT_FOUND}], []),
        ([error("9", parameter="referenced_tweets.id", **NOT_FOUND)], []),
        ([{"title": "Service Unavailable", "status": 503}], []),
        ([{"message": "Rate limit exceeded", "code": 88}], []),
        (["nonsense", None, 7], []),
        ([], []),
    ],
)  # fmt: skip
def test_only_what_does_not_exist_is_buried(errors: list[Any], missing: list[str]) -> None:
    """An error about a field, a medium, an account or the hour says nothing about the post."""

    class Looked:
        def get_tweets(self, **_parameters: Any) -> dict[str, Any]:
            return {"data": [{"id": "1", "text": "alive"}], "errors": errors}

    api = XApi("token", base_url="http://127.0.0.1:1", clock=lambda: SEEN)
    api._client = Looked()
    assert api.missing(["1", "2", "3"]) == missing


# --- escapes


@pytest.mark.parametrize(
    "address",
    ["p?a=1&copy=2", "p?p=1&section=3", "p?city=x&region=eu", "p?x=1&times=2", "p?id=5&notify=1&degree=2",
     "p?a=1&amp=2&lt=3&gt;=4", "p?q=%26lt%3B"],
)  # fmt: skip
@pytest.mark.parametrize("make", [x_page, x_v1], ids=["v2", "v1"])
def test_an_address_is_no_html(address: str, make: Any) -> None:
    """It stands in the text and in the link as the platform expanded it."""
    target = f"https://docs.example/{address}"
    entities = {"urls": [{"url": "https://t.co/abcdefghij", "expanded_url": target}]}
    post = one(make("Docs &amp; more moved https://t.co/abcdefghij", entities=entities))
    assert post.text == f"Docs & more moved {target}"
    assert plain(post.text) == post.text
    assert [link.url for link in post.links] == [target]


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("write &amp;lt;br&amp;gt; here", "write &lt;br&gt; here"),
        ("&amp;amp;", "&amp;"),
        ("AT&T &copy it", "AT&T &copy it"),
        ("&quot;x&quot; &#39;y&#39;", "\"x\" 'y'"),
        ("&eacute; &#233; &nbsp;", "&eacute; &#233; &nbsp;"),
    ],
)
def test_a_text_is_unescaped_once(wire: str, shown: str) -> None:
    """X escapes three signs once; what is left is what its author wrote, and quotable word by word."""
    post = one(x_page(wire))
    assert post.text == shown.strip()
    assert plain(post.text) == post.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("write &amp;lt;br&amp;gt; here", "write &lt;br&gt; here"),
        ("R&amp;D and &am…", "R&D and &am…"),
        ("R&amp;D and &… https://t.co/abc", "R&D and &… https://t.co/abc"),
        ("in HTML & write &lt;br&gt;", "in HTML & write &lt;br&gt;"),
        ("<p> is written &lt;p&gt;", "<p> is written &lt;p&gt;"),
        ("https://docs.example/p?a=1&copy=2&amp=3", "https://docs.example/p?a=1&copy=2&amp=3"),
        ("no sign at all", "no sign at all"),
    ],
)
def test_lines_are_unescaped_where_all_of_them_reads_so(text: str, shown: str) -> None:
    """Collectors keep what X sends; a line that nobody escaped stays."""
    line = {"id": "1", "author": "ada", "created_at": WHEN, "text": text, "kind": "quote", "quoted_text": text}
    post = one({**line, "urls": [{"url": "https://a.example", "title": text}]})
    assert (post.text, post.quoted_text, post.links[0].title) == (shown, shown, shown)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>See https://docs.example/p?a=1&copy=2</p>", "See https://docs.example/p?a=1&copy=2"),
        ("<p>write &amp;lt;br&amp;gt; &amp; &eacute;</p>", "write &lt;br&gt; & é"),
        ("AT&T &#233; &unknown; &", "AT&T é &unknown; &"),
        ("if a<b then &lt;br&gt; https://a.example/?x=1&times=2", "if a<b then <br> https://a.example/?x=1&times=2"),
        ("<p>n <k, and k<m</p> is so", "n <k, and k<m\n\nis so"),
        ("a <- b <= c <3", "a <- b <= c <3"),
        ('<a href="https://docs.example/p?a=1&copy=2">https://docs.example/p?a=1&amp;copy=2</a>', "https://docs.example/p?a=1&copy=2"),
    ],
)  # fmt: skip
def test_markup_is_decoded_once(markup: str, shown: str) -> None:
    """Entities with their semicolon; an ampersand of an address is one."""
    assert html_to_text(markup)[0] == shown
