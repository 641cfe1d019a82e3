"""Live source for X API v2 that polls the timeline of each listed person, for plans without (enough of) the stream.

The cursor is `{user id: newest post id}`. It moves person by person, so a crash repeats at most one person. A new
person is read back by `lookback`. A handle is resolved to a user id once, and may change afterwards. The source waits
`every` seconds between two rounds. The runner waits for the reset of a rate limit; then the round continues where it
stopped.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson

from models.events import Tweet
from streams.clock import Clock
from streams.sources.cursors import read_positions
from streams.sources.people.wanted import People
from streams.sources.port import Item, Outcome, RefusedError
from streams.sources.sent_posts import SentPosts
from streams.sources.x import v2 as x_v2
from streams.sources.x.api import XApi
from streams.sources.x.identity import user_ids


class XTimelines:
    """The `Source`."""

    name = "x-timelines"

    def __init__(
        self,
        people: People,
        api: XApi,
        *,
        clock: Clock,
        every: float = 900.0,
        lookback_days: float = 7.0,
        memory: SentPosts | None = None,
    ) -> None:
        self._people = people
        self._memory = SentPosts() if memory is None else memory
        self._api = api
        self._clock = clock
        self._every = every
        self._lookback = timedelta(days=lookback_days)
        self._ids: dict[str, str] = {}  # listed handle -> user id
        self._done: set[str] = set()  # of the round that a rate limit interrupted

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Poll all people in rounds, without end."""
        newest = _decoded(cursor)
        while True:
            await self._resolve()
            for user_id in self._ids.values():
                if user_id in self._done:
                    continue
                outcomes = await asyncio.to_thread(self._new_posts, user_id, newest.get(user_id))
                for outcome in outcomes:
                    yield Item(outcome)
                newest[user_id] = _newest(outcomes, newest.get(user_id))
                self._done.add(user_id)
                yield Item(cursor=orjson.dumps(newest, option=orjson.OPT_SORT_KEYS).decode())
            self._done.clear()
            await asyncio.sleep(self._every)

    async def _resolve(self) -> None:
        """Resolve handles to user ids: found ids stay, the others are requested in every round."""
        handles = self._people.handles("x")
        if not handles:
            raise RefusedError("no listed person has an X handle: toptopics influencers add NAME --x HANDLE")
        self._ids = await asyncio.to_thread(user_ids, self._people, self._api, self._memory)

    def _new_posts(self, user_id: str, since_id: str | None) -> list[Outcome]:
        """Return new posts, oldest first; a page with only repeats of deleted posts is empty."""
        start = None if since_id else self._clock() - self._lookback
        pages = self._api.timeline(user_id, since_id, start)
        return [outcome for page in pages if "data" in page for outcome in x_v2.parse(page)][::-1]


def _newest(outcomes: list[Outcome], before: str | None) -> str:
    ids = [int(outcome.id) for outcome in outcomes if isinstance(outcome, Tweet) and outcome.id.isdecimal()]
    return str(max([*ids, int(before or 0)]))


def _decoded(cursor: str | None) -> dict[str, str]:
    value = read_positions(cursor)
    return {str(user): str(newest) for user, newest in value.items() if str(newest) != "0"}
