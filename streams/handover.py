"""What Faust hands to one agent: nothing skipped between two records, and nothing forgotten behind the last.

A hole is found with the first record behind it (`streams.gaps`). When none comes, since the stream has gone quiet, it
is looked for: a record that was on the log QUIET_SECONDS ago, with nothing handed over since, is not on its way.
"""

import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from streams.gaps import Gaps
from streams.records import Record
from streams.stage import Handler

QUIET_SECONDS = 20.0  # far longer than a fetch, short for who waits for the last posts of a backlog
Ends = Callable[[], Awaitable[Mapping[int, int]]]  # partition -> the offset that its next record will have


class Handover:
    """The events of one topic on their way to its handler. monotonic: seconds, for tests."""

    def __init__(self, gaps: Gaps, ends: Ends, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._gaps = gaps
        self._ends = ends
        self._monotonic = monotonic
        self._under_way = 0
        self._moved = 0.0  # when
        self._due: Mapping[int, int] = {}  # ends of the log as they were QUIET_SECONDS ago
        self.touch()

    def touch(self) -> None:
        """Something moves: a quiet time begins anew."""
        self._moved = self._monotonic()
        self._due = {}

    async def see(self, event: Any) -> None:
        """Call it for every event in the order of arrival. Raises GapError."""
        self.touch()
        message = event.message
        await self._gaps.see(message.partition, message.offset, message.generation_id)

    async def seen(self, events: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """The same events, each of them seen."""
        async for event in events:
            await self.see(event)
            yield event

    def noted(self, handler: Handler) -> Handler:
        """The same handler; while it works the stream is not quiet."""

        async def handle(records: Sequence[Record]) -> None:
            self._under_way += 1
            try:
                await handler(records)
            finally:
                self._under_way -= 1
                self.touch()

        return handle

    async def look(self, owned: Collection[int], generation: int) -> None:
        """Call it every few seconds while records may flow. owned: partitions of this process. Raises GapError when
        one of them has records that were forgotten, and what `ends` raises."""
        if self._under_way or self._monotonic() - self._moved < QUIET_SECONDS:
            return
        due = {partition: end for partition, end in self._due.items() if partition in owned}
        self.touch()
        moved = self._moved
        for partition, end in due.items():
            await self._gaps.reach(partition, end, generation)
        ends = await self._ends()
        if self._moved == moved and not self._under_way:
            self._due = ends
