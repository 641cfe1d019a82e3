"""X API v2 by asking for each listed person's posts in turn: for plans without, or too small for, the stream.

The cursor is `{user id: newest post id seen}`, moved person by person, so a crash repeats one person at most. A person
seen for the first time is read back `lookback`. A person is
the user id: a handle is resolved once, and may then change. Between two rounds the source waits `every` seconds; a rate
limit's reset is honoured by the runner, and the round goes on where it stopped.
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
from streams.sources.sent_posts import Memory
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
        memory: Memory | None = None,
    ) -> None:
        self._people = people
        self._memory = Memory() if memory is None else memory
        self._api = api
        self._clock = clock
        self._every = every
        self._lookback = timedelta(days=lookback_days)
        self._ids: dict[str, str] = {}  # listed handle -> user id
        self._done: set[str] = set()  # of the round that a rate limit interrupted

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Rounds over all people, for ever."""
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
        """Handles to user ids: those that were found stay, the others are asked for in every round."""
        handles = self._people.handles("x")
        if not handles:
            raise RefusedError("nobody with an X handle: toptopics influencers add NAME --x HANDLE")
        self._ids = await asyncio.to_thread(user_ids, self._people, self._api, self._memory)

    def _new_posts(self, user_id: str, since_id: str | None) -> list[Outcome]:
        """Oldest first; a page whose posts are repeats of deleted ones is simply empty."""
        start = None if since_id else self._clock() - self._lookback
        pages = self._api.timeline(user_id, since_id, start)
        return [outcome for page in pages if "data" in page for outcome in x_v2.parse(page)][::-1]


def _newest(outcomes: list[Outcome], before: str | None) -> str:
    ids = [int(outcome.id) for outcome in outcomes if isinstance(outcome, Tweet) and outcome.id.isdecimal()]
    return str(max([*ids, int(before or 0)]))


def _decoded(cursor: str | None) -> dict[str, str]:
    value = read_positions(cursor)
    return {str(user): str(newest) for user, newest in value.items() if str(newest) != "0"}
