"""RSS and Atom feeds of people's blogs, over httpx: polite polling with validators.

The cursor is `{feed: {etag, modified, marks}}`; a feed is asked with `If-None-Match` / `If-Modified-Since`, so an
unchanged one costs an empty answer. `marks` (entry -> hash of its text, of the entries that the feed holds now) tells
a changed entry from a known one; what was sent after the cursor was saved the runner's memory knows. Of a feed that is
read for the first time the entries of the last `lookback` days count: a blog's past, and entries without a date, are
noted as known and not sent. One feed's failure is that feed's: it waits out its own time (Retry-After, else doubling; a
day where it is refused) while the others go on. Redirects are followed, but not into a private network.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import orjson
import structlog

from models.events import Tweet
from streams.clock import Clock
from streams.sources.feeds.entries import is_whole, parse_feed
from streams.sources.http_errors import checked
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Item, Outcome, RefusedError
from streams.sources.redirects import Reach, followed
from streams.sources.sent_posts import Memory, content_mark
from streams.web.bounded_body import ACCEPTED, TooLongError

MAX_FEED = 20 * 1024**2
MAX_MARKS = 500
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
        memory: Memory | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._people = people
        self._client = client
        self._clock = clock
        self._every = every
        self._lookback = timedelta(days=lookback_days)
        self._memory = Memory() if memory is None else memory
        self._reach = reach or Reach()
        self._pauses: dict[str, _Pause] = {}
        self.least_pause = 60.0  # seconds after the first failure of a feed; doubles with each further one

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Rounds over all feeds, for ever."""
        state: dict[str, dict[str, Any]] = orjson.loads(cursor) if cursor else {}
        while True:
            addresses = self._people.handles("rss")
            if not addresses:
                raise RefusedError("nobody with a feed: toptopics influencers add NAME --rss ADDRESS")
            state = {address: known for address, known in state.items() if address in addresses}
            for address in addresses:
                if address in self._pauses and self._clock() < self._pauses[address].until:
                    continue
                for outcome in await self._read(address, state.setdefault(address, {})):
                    yield Item(outcome)
                yield Item(cursor=orjson.dumps(state, option=orjson.OPT_SORT_KEYS).decode())
            await asyncio.sleep(self._every)

    async def _read(self, address: str, known: dict[str, Any]) -> list[Outcome]:
        """The new and changed entries; `known` is brought up to date."""
        try:
            response = await self._get(address, known)
        except (RefusedError, TooLongError) as error:
            self._pause(address, None, str(error), least=24 * 3600)
            return [Bad(f"{address}: {error}"[:500], b"")]
        except (httpx.HTTPError, httpx.InvalidURL, DisconnectedError) as error:
            self._pause(address, getattr(error, "retry_after", None), str(error) or type(error).__name__)
            return []
        if response.status_code == 304:
            self._pauses.pop(address, None)
            return []
        if not is_whole(response.content):
            self._pause(address, None, "the document is cut off, or no feed")
            return [] if response.content.lstrip()[:1] == b"<" else [Bad(f"{address}: no feed", response.content)]
        self._pauses.pop(address, None)
        now = self._clock()
        outcomes = list(
            parse_feed(response.content, address, now, base=str(response.url), charset=response.charset_encoding)
        )
        fresh = [changed for changed in (self._changed(outcome, known) for outcome in outcomes) if changed is not None]
        if "marks" not in known:
            fresh = [one for one in fresh if not isinstance(one, Tweet) or now - self._lookback <= one.created_at < now]
        known["etag"], known["modified"] = _sendable(response, "etag"), _sendable(response, "last-modified")
        known["marks"] = dict(map(_mark, outcomes[-MAX_MARKS:]))
        return fresh

    async def _get(self, address: str, known: dict[str, Any]) -> httpx.Response:
        headers = {"User-Agent": AGENT, "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9"}
        headers |= ACCEPTED
        headers |= {"If-None-Match": known["etag"]} if known.get("etag") else {}
        headers |= {"If-Modified-Since": known["modified"]} if known.get("modified") else {}
        return checked(await followed(self._client, address, headers, MAX_FEED, self._reach), self._clock())

    def _changed(self, outcome: Outcome, known: dict[str, Any]) -> Outcome | None:
        """None for an entry that is known as it is; an edit for one that changed."""
        name, now = _mark(outcome)
        before = known.get("marks", {}).get(name, self._memory.mark(name))
        if before == now:
            return None
        if before is None or not isinstance(outcome, Tweet):
            return outcome
        return msgspec.structs.replace(outcome, id=f"{outcome.id}#{now}", edit_of=outcome.id)

    def _pause(self, address: str, asked: float | None, reason: str, least: float | None = None) -> None:
        before = self._pauses.get(address)
        first = self.least_pause if least is None else least
        seconds = asked if asked is not None else min(24 * 3600.0, max(first, 2 * before.seconds if before else first))
        self._pauses[address] = _Pause(self._clock() + timedelta(seconds=seconds), seconds)
        log.warning("feed not read", feed=address, reason=reason[:300], again_in=round(seconds))


def _sendable(response: httpx.Response, name: str) -> str | None:
    """A validator, unless a server wrote what no request can repeat."""
    value = response.headers.get(name)
    return value if value is not None and value.isascii() and value.isprintable() else None


def _mark(outcome: Outcome) -> tuple[str, str]:
    """(name, what it says) of an entry; a bad one must not be a dead letter in every round."""
    if isinstance(outcome, Tweet):
        return outcome.id, content_mark(outcome)
    return hashlib.sha256(repr(outcome).encode("utf-8", "replace")).hexdigest()[:32], ""
