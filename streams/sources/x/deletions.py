"""Live source for deletions on X: looks the sent posts up again, because no stream reports deletions.

X's terms require that deletions are applied; its compliance streams are part of enterprise plans only. Every `every`
seconds, the posts of the last `days` on `tweets` are looked up, a hundred per request. Missing posts become tombstones.
Posts of protected and suspended accounts stay, because these states can be undone and a tombstone cannot (a batch
compliance job that lists them deletes them, see `x.v2`).

A look-up is billed like a read, so this is a separate source. The cursor is the time of the last complete round: a
restart does not pay for it again.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from models.events.wire import PoisonError
from streams.clock import Clock
from streams.sources import fields
from streams.sources.port import Item
from streams.sources.sent_posts import UNKNOWN, SentPosts
from streams.sources.x.api import XApi
from streams.sources.x.entities import written_at

BATCH = 100


class XDeletions:
    """The `Source`; `memory` knows the posts that all sources sent."""

    name = "x-deletions"

    def __init__(
        self, memory: SentPosts, api: XApi, *, clock: Clock, every: float = 86_400.0, days: float = 7.0
    ) -> None:
        self._memory = memory
        self._api = api
        self._clock = clock
        self._every = every
        self._span = timedelta(days=days)

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        """Look the posts up in rounds, without end."""
        if cursor:
            last = _time_of(cursor, self._clock())
            await asyncio.sleep(max(0.0, self._every - (self._clock() - last).total_seconds()))
        while True:
            began = self._clock()
            ids = self._recent(began)
            for start in range(0, len(ids), BATCH):
                for gone in await asyncio.to_thread(self._api.missing, ids[start : start + BATCH]):
                    yield Item(fields.build_deletion(id=gone, author_id=UNKNOWN, deleted_at=began))
            yield Item(cursor=began.isoformat())
            await asyncio.sleep(self._every)

    def _recent(self, now: datetime) -> list[str]:
        ids = [post_id for post_id in self._memory.alive() if post_id.isdecimal() and len(post_id) < 20]
        return [post_id for post_id in ids if written_at(int(post_id)) >= now - self._span]


def _time_of(cursor: str, now: datetime) -> datetime:
    """Return the time of the last round; an invalid cursor (from a foreign record) counts as now, because a round is
    billed.
    """
    try:
        return fields.time_of(cursor)
    except PoisonError:
        return now
