"""Live source for RSS and Atom feeds: polls over httpx with HTTP validators.

* Cursor: `{feed: {etag, modified, known, …}}`. Requests use `If-None-Match` / `If-Modified-Since`, so an unchanged feed
  costs an empty answer.

* `known` is the feed's history (`history`): it decides which entries are new, changed or old. Posts that were sent
  after the cursor was saved are in the runner's `SentPosts`.

* First reading of a feed: entries of the last `lookback` days are sent; older ones and entries without a date are only
  stored.

* Failures: each feed waits on its own (Retry-After, else doubling times; a day after a refusal) while the others
  continue.

* Documents are read in a process of its own (`reader`): one that costs too much is given up for a day.

* Redirects are followed, but not into a private network.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import structlog

from models.text.handles import feed_id
from streams.clock import Clock
from streams.sources.cursors import read_positions
from streams.sources.feeds.entries import is_whole
from streams.sources.feeds.history import dump_history, load_history
from streams.sources.feeds.reader import BoundedReader, Document, Reader, TooCostlyError
from streams.sources.fields import as_text
from streams.sources.http_errors import checked
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Item, Outcome, RefusedError
from streams.sources.redirects import Reach, followed
from streams.sources.sent_posts import SentPosts
from streams.web.bounded_body import ACCEPTED, TooLongError

MAX_FEED = 20 * 1024**2
AGENT = "toptopics (+https://pypi.org/project/toptopics)"
log = structlog.get_logger(__name__)


@dataclass
class _Pause:
    until: datetime
    seconds: float


class Feeds:
    """The `Source`."""

    name = "rss"

    def __init__(
        self,
        people: People,
        client: httpx.AsyncClient,
        *,
        clock: Clock,
        every: float = 900.0,
        lookback_days: float = 7.0,
        memory: SentPosts | None = None,
        reach: Reach | None = None,
        reader: Reader | None = None,
    ) -> None:
        self._people = people
        self._client = client
        self._clock = clock
        self._every = every
        self._lookback = timedelta(days=lookback_days)
        self._memory = SentPosts() if memory is None else memory
        self._reach = reach or Reach()
        self._reader = reader or BoundedReader()
        self._pauses: dict[str, _Pause] = {}
        self.least_pause = 60.0  # seconds after the first failure of a feed; doubled after each further one

    async def events(self, cursor: str | None) -> AsyncGenerator[Item, None]:
        """Poll all feeds in rounds, without end."""
        try:
            async with aclosing(self._rounds(cursor)) as items:
                async for item in items:
                    yield item
        finally:
            await self._reader.aclose()

    async def _rounds(self, cursor: str | None) -> AsyncGenerator[Item, None]:
        positions = read_positions(cursor)
        state: dict[str, dict[str, Any]] = {name: one for name, one in positions.items() if isinstance(one, dict)}
        while True:
            addresses = self._people.handles("rss")
            if not addresses:
                raise RefusedError("no listed person has a feed: toptopics influencers add NAME --rss ADDRESS")
            state = {address: known for address, known in state.items() if address in addresses}
            for address in addresses:
                if address in self._pauses and self._clock() < self._pauses[address].until:
                    continue
                for outcome in await self._read(address, state.setdefault(address, {})):
                    yield Item(outcome)
                yield Item(cursor=orjson.dumps(state, option=orjson.OPT_SORT_KEYS).decode())
            await asyncio.sleep(self._every)

    async def _read(self, address: str, known: dict[str, Any]) -> list[Outcome]:
        """Return the new and changed entries, and update `known`."""
        history = load_history(address, known)
        history.add_sent(self._memory.entries_of(feed_id(address)))
        try:
            response = await self._get(address, {} if history.is_waiting else known)
        except (RefusedError, TooLongError) as error:
            self._pause(address, None, str(error), least=24 * 3600)
            return [Bad(f"{address}: {error}"[:500], b"")]
        except (httpx.HTTPError, httpx.InvalidURL, DisconnectedError) as error:
            self._pause(address, getattr(error, "retry_after", None), str(error) or type(error).__name__)
            return []
        if response.status_code == 304:
            self._pauses.pop(address, None)
            known["read"] = int(self._clock().timestamp())
            return []
        if not is_whole(response.content):
            self._pause(address, None, "the document is cut off, or no feed")
            return [] if response.content.lstrip()[:1] == b"<" else [Bad(f"{address}: no feed", response.content)]
        document = Document(
            response.content, address, self._clock(), base=str(response.url), charset=response.charset_encoding
        )
        try:
            contents = await self._reader.read(document)
        except TooCostlyError as error:
            self._pause(address, None, str(error), least=24 * 3600)
            return [Bad(f"{address}: {error}", b"")]
        self._pauses.pop(address, None)
        fresh = history.sort_out(contents.entries, self._clock(), self._lookback)
        known |= dump_history(history)
        known.pop("marks", None)
        known["etag"], known["modified"] = _sendable(response, "etag"), _sendable(response, "last-modified")
        return [*fresh, *_new_damage(contents.damaged, known)]

    async def _get(self, address: str, known: dict[str, Any]) -> httpx.Response:
        headers = {"User-Agent": AGENT, "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9"}
        headers |= ACCEPTED
        headers |= {"If-None-Match": etag} if (etag := as_text(known.get("etag"))) else {}
        headers |= {"If-Modified-Since": modified} if (modified := as_text(known.get("modified"))) else {}
        return checked(await followed(self._client, address, headers, MAX_FEED, self._reach), self._clock())

    def _pause(self, address: str, asked: float | None, reason: str, least: float | None = None) -> None:
        before = self._pauses.get(address)
        first = self.least_pause if least is None else least
        seconds = asked or min(24 * 3600.0, max(first, 2 * before.seconds if before else first))
        self._pauses[address] = _Pause(self._clock() + timedelta(seconds=seconds), seconds)
        log.warning(
            "feed could not be read, trying again later", feed=address, reason=reason[:300], again_in=round(seconds)
        )


def _sendable(response: httpx.Response, name: str) -> str | None:
    """Return a validator, or None if it cannot be sent in a request header."""
    value = response.headers.get(name)
    return value if value is not None and value.isascii() and value.isprintable() else None


def _new_damage(damage: Sequence[Bad], known: dict[str, Any]) -> list[Bad]:
    """Return the unreadable entries that are new: each becomes one dead letter, not one per round."""
    damaged = {hashlib.sha256(repr(one).encode("utf-8", "replace")).hexdigest()[:16]: one for one in damage}
    before = known.get("damaged")
    known["damaged"] = list(damaged)
    return [one for name, one in damaged.items() if name not in (before if isinstance(before, list) else [])]
