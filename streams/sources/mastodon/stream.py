"""Live source for Mastodon through Mastodon.py: listed people's public posts, as seen by one instance.

* With an access token, the `user` stream gives the posts of the accounts that the token's account follows, with edits
  and deletions (streams need a token since Mastodon 4.2).

* Without a token, every listed account's statuses are polled; most instances allow this without an account.

* Cursor: the newest status id of the instance (ids grow with time). After connecting, the stream is opened first. Then
  each listed account's statuses after the cursor are read (without a cursor: those of the last `lookback`). Then the
  stream continues.

* Deletions have no author: the runner's `SentPosts` knows it. Edits and deletions during a disconnection are not
  reported, so every reading compares an account's newest page (40 statuses) with the sent posts.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import mastodon
import msgspec
import orjson
import requests
import structlog

from models.events import Tweet
from models.events.wire import not_json
from streams.clock import Clock
from streams.sources import fields
from streams.sources.mastodon import status as mastodon_status
from streams.sources.mastodon.rest import Rest, id_at, number_of
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Ignored, Item, Outcome, RefusedError
from streams.sources.reach import time_within_reach
from streams.sources.redirects import keep_to
from streams.sources.sent_posts import SentPosts
from streams.sources.thread_bridge import Put, from_thread
from streams.web import bounded_session
from streams.web.retry_after import retry_after

AHEAD = timedelta(minutes=10)  # clock error of other servers
SILENCE = 60.0  # seconds; a server sends a heartbeat every 15
Message = tuple[str, bytes]  # event name, data
log = structlog.get_logger(__name__)


class MastodonInstance:
    """The `Source`. Without `token` it polls every `every` seconds."""

    name = "mastodon"

    def __init__(
        self,
        people: People,
        *,
        url: str,
        token: str | None,
        clock: Clock,
        memory: SentPosts | None = None,
        every: float = 120.0,
        lookback_days: float = 7.0,
    ) -> None:
        self._people = people
        self._memory = SentPosts() if memory is None else memory
        self._token = token
        self._clock = clock
        self._every = every
        self._api = mastodon.Mastodon(
            api_base_url=url,
            access_token=token,
            ratelimit_method="throw",
            version_check_mode="none",
            request_timeout=30,
        )
        bounded_session.bound(self._api.session)
        keep_to(self._api.session, url)
        self._api.session.hooks["response"].append(self._refused_stream)
        self._rest = Rest(self._api, clock, self._memory, people)
        self._lookback = timedelta(days=lookback_days)

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Run one connection, or poll until an error."""
        newest = int(cursor) if cursor and cursor.isdecimal() else None
        handles = self._people.handles("mastodon")
        if not handles:
            raise RefusedError(
                "no listed person has a Mastodon handle: toptopics influencers add NAME --mastodon USER@HOST"
            )
        await asyncio.to_thread(self._rest.resolve, handles)
        if self._token is None:
            async for item in self._polled(newest):
                yield item
            return
        async for name, data in from_thread(self._stream, stop=self._stop_nothing):
            if name == "connected":
                outcomes, newest = await asyncio.to_thread(self._read, newest)
                items = list(map(Item, outcomes))
            else:
                items = [self._within_reach(item) for item in items_of(name, data, self._clock)]
            for item in items:
                yield item
            newest = self._reached(newest or 0, [item.outcome for item in items])
            yield Item(cursor=str(newest))

    async def _polled(self, newest: int | None) -> AsyncIterator[Item]:
        while True:
            outcomes, newest = await asyncio.to_thread(self._read, newest)
            for outcome in outcomes:
                yield Item(outcome)
            yield Item(cursor=str(newest))
            await asyncio.sleep(self._every)

    def _read(self, newest: int | None) -> tuple[list[Outcome], int]:
        """Return the new items, and the cursor after them."""
        if newest is None:
            return self._rest.first(self._lookback)
        outcomes = self._rest.since(newest)
        return outcomes, self._reached(newest, outcomes)

    def _reached(self, newest: int, outcomes: Sequence[Outcome | None]) -> int:
        """Return the cursor after `outcomes`.

        A status that another server dates in the future must not move the cursor there: posts written until then would
        count as read.
        """
        return min(max([newest, *map(number_of, outcomes)]), id_at(self._clock() + AHEAD))

    def _within_reach(self, item: Item) -> Item:
        """Keep statuses within reach. A status of another server has that server's time; an edit of a sent one always
        counts.
        """
        post = item.outcome
        if not isinstance(post, Tweet) or (post.edit_of is not None and post.edit_of in self._memory):
            return item
        moment = time_within_reach(post.created_at, self._clock())
        if moment is None:
            return Item(Ignored("written long before the instance showed it"), item.cursor)
        return Item(msgspec.structs.replace(post, created_at=moment), item.cursor)

    def _stream(self, put: Put[Message]) -> None:
        """Read the stream until it ends; blocks."""
        try:
            self._api.stream_user(Listener(put), timeout=SILENCE)
        except (mastodon.MastodonError, requests.RequestException) as error:
            raise self._rest.meaning(error) from error
        raise DisconnectedError("the stream closed")

    def _refused_stream(self, response: requests.Response, *_arguments: Any, **_options: Any) -> None:
        """Close a refused stream: the library would leave it open, and drop its status and headers."""
        if response.status_code < 400 or "/streaming/" not in str(response.url):
            return
        answer = f"the instance answered {response.status_code}: {response.text[:200]}"
        if response.status_code in (401, 403):
            raise RefusedError(f"{answer}: is MASTODON_ACCESS_TOKEN right?")
        headers = {name.lower(): value for name, value in response.headers.items()}
        raise DisconnectedError(answer, retry_after(headers, self._clock()))

    def _stop_nothing(self) -> None:
        """Do nothing: the thread ends at its next message, because its reader is closed."""


def items_of(name: str, data: bytes, clock: Clock) -> Iterator[Item]:
    """Return the outcomes of one event of the stream; for a foreign event, an empty item as a sign of life."""
    if name == "delete":
        deleted, now = data.decode("utf-8", "replace").strip('" '), clock()
        for outcome in fields.guarded(data, lambda: mastodon_status.deletion(deleted, now)):
            yield Item(outcome)
    elif name in ("update", "status.update"):
        try:
            status = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            yield Item(Bad(not_json(error)[:500], data))
            return
        yield from (Item(outcome) for outcome in mastodon_status.parse(fields.as_dict(status)))
    else:
        yield Item()


class Listener(mastodon.StreamListener):
    """Reads the event stream as bytes: the library's own reader converts every field, and fails on an invalid one."""

    def __init__(self, put: Put[Message]) -> None:
        self._put = put

    def handle_stream(self, response: requests.Response) -> None:
        """Read until the response ends; raises requests' errors."""
        self._put(("connected", b""))
        event: dict[bytes, bytes] = {}
        size = 0
        for line in response.iter_lines(chunk_size=1):
            size = size + len(line) if line else 0
            if size > bounded_session.MAX_LINE:
                raise bounded_session.too_long("an event", bounded_session.MAX_LINE)
            if line.startswith(b":"):
                self._put(("heartbeat", b""))
            elif line:
                name, _colon, value = line.partition(b":")
                event[name] = event[name] + b"\n" + value.lstrip() if name in event else value.lstrip()
            elif event:
                self._put((event.get(b"event", b"").decode("utf-8", "replace"), event.get(b"data", b"")))
                event = {}
