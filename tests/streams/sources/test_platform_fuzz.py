"""Arbitrary answers of platforms: any message, page, feed or header gives posts, or an error that the source knows.

In addition to the parsers (`test_parsers.py`): the paging, cursors, look-ups and waits around them.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import httpx
import mastodon
import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.events.wire import decode_post, encode
from streams.sources.bluesky.appview import AppView
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.feeds.poll import Feeds
from streams.sources.mastodon.rest import Rest
from streams.sources.port import Bad, DisconnectedError, Ignored, Item, RefusedError
from streams.sources.sent_posts import SentPosts
from streams.sources.x.api import XApi
from streams.sources.x.stream import XStream
from streams.sources.x.timelines import XTimelines
from streams.web.retry_after import retry_after
from tests.streams.sources.test_parsers import places
from tests.support import source_samples as samples
from tests.support.feed_reader import ReaderHere
from tests.support.made_posts import clock
from tests.support.mangled import VALUES, damaged
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.collecting import people

NUMBERS = st.sampled_from(["²", "٣", "-1", "9" * 5_000, "1e9", "nan", "", "Mon, 99 Foo 2021 25:61:00 GMT", "\x00"])


@st.composite
def answers(draw: st.DrawFn, document: Any) -> Any:
    """`document` with some of its places replaced, or anything at all."""
    made = orjson.loads(orjson.dumps(document))
    if draw(st.integers(0, 9)) == 0:
        return draw(VALUES)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(places(made) or [()]))
        if path:
            inner: Any = made
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = draw(VALUES | NUMBERS)
    return made


@contextmanager
def _known_errors() -> Iterator[None]:
    try:
        yield
    except (DisconnectedError, RefusedError, httpx.HTTPError):
        return


def _checked(items: list[Item]) -> None:
    for item in items:
        if item.outcome is not None and not isinstance(item.outcome, Bad | Ignored):
            assert decode_post(encode(item.outcome)) == item.outcome


VIEW = samples.BLUESKY_VIEW
REPOST = {
    "did": "did:plc:ada", "time_us": 1772438400000000, "kind": "commit",
    "commit": {"rev": "3", "operation": "create", "collection": "app.bsky.feed.repost", "rkey": "3k",
               "record": {"createdAt": "2026-03-02T07:59:59Z", "subject": {"uri": VIEW["uri"]}}},
}  # fmt: skip
REASON = {"uri": "at://did:plc:ada/app.bsky.feed.repost/3k", "indexedAt": "2026-03-02T08:00:00.000Z"}
LOOKED_UP = {
    "did": "did:plc:ada", "profiles": [{"did": "did:plc:ada", "handle": "ada.test"}], "posts": [VIEW],
    "feed": [{"post": VIEW}, {"post": VIEW, "reason": REASON}], "cursor": None,
}  # fmt: skip


def _client(answer: Any, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer, default=str)
    return httpx.AsyncClient(
        transport=httpx.MockTransport(
            lambda request: httpx.Response(200, stream=httpx.ByteStream(body), headers=headers)
        )
    )


@settings(max_examples=150)
@given(answers(samples.BLUESKY) | answers(REPOST) | answers(samples.BLUESKY_V2), answers(LOOKED_UP), st.data())
def test_any_message_of_jetstream_is_items(message: Any, looked_up: Any, data: st.DataObject) -> None:
    """With any answer of the AppView about the repeated post, the person and the gap."""
    text = _json(message)
    sent = data.draw(st.just(text) | st.just(text.decode("utf-8", "replace")) | damaged(text))

    async def run() -> None:
        async with _client(_json(looked_up)) as client:
            appview = AppView("https://appview.test", client, clock)
            source = Bluesky(people(bluesky="ada.test"), url="ws://x.test", appview=appview, clock=clock)
            with _known_errors():
                await source._resolve()
                _checked([item async for item in source._items(sent)])
                _checked([item async for item in source._filled(0)])

    asyncio.run(run())


def _json(value: Any) -> bytes:
    """JSON of a careless server: numbers of any size, NaN."""
    import json

    return json.dumps(value).encode()


X_USERS = {"data": [{"username": "ada", "id": "101"}]}


def _x(page: Any) -> XApi:
    api = XApi("token", base_url="https://x.test", clock=clock)

    def get_users_tweets(**_: Any) -> Any:
        return page

    def search_recent_tweets(**_: Any) -> Any:
        return page

    client = api._client
    client.get_users_tweets, client.search_recent_tweets = get_users_tweets, search_recent_tweets
    client.get_users = client.get_tweets = get_users_tweets
    return api


def _once(page: Any) -> Any:
    """Without the token of a next page, which would be the same page again."""
    return {**page, "meta": {}} if isinstance(page, dict) else page


@settings(max_examples=100)
@given(answers(samples.X_PAGE), answers(X_USERS))
@example({**samples.X_PAGE, "data": [{**samples.X_PAGE["data"][0], "id": "²"}]}, X_USERS)
def test_any_page_of_x_is_items(page: Any, users: Any) -> None:
    """Timelines, the search that fills the stream's gap, look-ups."""
    listed = people(x="ada")

    async def run() -> None:
        with _known_errors():
            _x(users).user_ids(["ada"])
            _x(users).missing(["1"])
        api = _x(_once(page))
        timelines = XTimelines(listed, api, clock=clock)
        timelines._ids = {"ada": "101"}
        events = timelines.events(None)
        with _known_errors(), patch("streams.sources.x.timelines.XTimelines._resolve", _nothing):
            found: list[Item] = []
            while not found or found[-1].cursor is None:
                found.append(await anext(events))
            _checked(found)
        stream = XStream(listed, api, bearer_token="t", base_url="https://x.test", clock=clock)
        with _known_errors():
            _checked(await stream._gap(["from:ada"], 1))

    asyncio.run(run())


async def _nothing(_: object) -> None:
    return None


class _Instance:
    """Mastodon.py with any answer. The library makes objects of JSON, which plain dictionaries replace here."""

    ratelimit_reset = None

    def __init__(self, account: Any, page: Any) -> None:
        self._account, self._page = account, page

    def account_lookup(self, _: str) -> Any:
        return self._account

    def account_statuses(self, _: str, limit: int, **bound: Any) -> Any:
        return [] if bound else self._page

    def status(self, _: str) -> Any:
        raise mastodon.MastodonNotFoundError


@settings(max_examples=150)
@given(answers({"id": "11", "acct": "Ada"}), answers([samples.MASTODON, samples.MASTODON]))
@example({}, [])
@example({"id": "1"}, {"error": "x"})
@example({"id": "1"}, [{**samples.MASTODON, "id": "²"}])
@example({"id": "1"}, [{**samples.MASTODON, "id": "9" * 5_000}])
def test_any_page_of_mastodon_is_outcomes(account: Any, page: Any) -> None:
    """At the first reading and at a later one, with remembered posts that may be deleted."""
    rest = Rest(_Instance(account, page), clock, SentPosts())  # type: ignore[arg-type]
    reads: list[Callable[[], Any]] = [
        lambda: rest.resolve(["ada@home.test"]),
        lambda: rest.first(timedelta(days=9_999)),
        lambda: rest.since(1),
    ]
    for read in reads:
        with _known_errors():
            found = read()
            outcomes = found[0] if isinstance(found, tuple) else found or []
            _checked([Item(outcome) for outcome in outcomes])


FEED = Blog()
FEED.write("On topics", "<p>They <b>drift</b>.</p>")
DOCUMENT = FEED.document().encode()
HEADERS = st.dictionaries(
    st.sampled_from(["etag", "last-modified", "content-type", "retry-after", "content-encoding", "content-location"]),
    st.sampled_from(
        ["gzip, gzip", "text/xml; charset=utf-7", "charset=nonsense", "²", "\xff", "http://[", "a" * 9_000]
    ),
    max_size=2,
)


@settings(max_examples=100)
@given(damaged(DOCUMENT) | st.just(DOCUMENT), HEADERS)
def test_any_feed_with_any_header_is_items(document: bytes, headers: dict[str, str]) -> None:
    """A round ends with a cursor for the next one."""

    async def run() -> None:
        given = {name: value.encode("latin-1") for name, value in headers.items()}
        async with _client(document, given) as client:  # type: ignore[arg-type]
            cursor = None
            for _ in range(2):  # a new source for each, which does not wait for the pause of the one before
                found: list[Item] = []
                events = Feeds(
                    people(rss="https://ada.test/feed.xml"), client, clock=clock, reader=ReaderHere()
                ).events(cursor)
                while not found or found[-1].cursor is None:
                    found.append(await anext(events))
                _checked(found)
                cursor = found[-1].cursor

    asyncio.run(run())


@given(st.dictionaries(st.sampled_from(["retry-after", "x-rate-limit-reset", "ratelimit-reset"]), NUMBERS | st.text()))
@example({"retry-after": "²"})
@example({"retry-after": "9" * 5_000})
def test_any_wait_that_is_asked_for_is_bounded(headers: dict[str, str]) -> None:
    """Or there is no wait."""
    seconds = retry_after(headers, clock())
    assert seconds is None or 0 <= seconds <= 24 * 3600
