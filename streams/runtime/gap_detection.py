"""No record is skipped unnoticed between two that a stage is handed.

Faust forgets the records that wait in its queues when a rebalance ends, and those that it was just putting there when
one begins; it reads some of them again and not others (made on purpose in tests/integration/test_faults.py). An offset
that is acknowledged after such a hole is committed in the end, and what was in it is lost. So every record is held
against the one before it, and the first one after a rebalance against what the group has committed. A process that
finds a hole ends before it acknowledges anything behind it; what is not acknowledged is delivered again.
"""

import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.kafka.record import Record
from streams.stages.stage import Handler

NextOffset = Callable[[int], Awaitable[int]]  # of a partition: what its group is handed next
AnyRecord = Callable[[int, int, int], Awaitable[bool]]  # of a partition, from offset, up to offset (exclusive)


class GapError(RuntimeError):
    """Records were skipped; the process must end."""


@dataclass
class _Place:
    expected: int
    generation: int


class Gaps:
    """Watches the records of one topic as one process is handed them.

    next_offset, any_record: ask the broker; only called when there is a doubt.
    """

    def __init__(self, next_offset: NextOffset, any_record: AnyRecord) -> None:
        self._next_offset = next_offset
        self._any_record = any_record
        self._places: dict[int, _Place] = {}

    async def see(self, partition: int, offset: int, generation: int) -> None:
        """Call it for every record, in the order in which they are handed over, before anything is done with it.

        generation: of the consumer group; another one means that others may have had the partition meanwhile. Raises
        GapError when a record before this one was skipped: delivered again is fine, and so is an offset that no record
        has (a trimmed or compacted log, the marks of transactions).
        """
        place = await self._held_against(partition, offset, generation)
        place.expected = max(place.expected, offset + 1)
        place.generation = generation

    async def reach(self, partition: int, end: int, generation: int) -> None:
        """Raise GapError unless every record before offset `end` was seen, or is another worker's."""
        await self._held_against(partition, end, generation)

    async def _held_against(self, partition: int, offset: int, generation: int) -> _Place:
        place = self._places.get(partition)
        if place is None or (offset > place.expected and generation != place.generation):
            place = self._places[partition] = _Place(await self._next_offset(partition), generation)
        if offset > place.expected and await self._any_record(partition, place.expected, offset):
            raise GapError(
                f"partition {partition}: records from {place.expected} on were not handed over, those from {offset} are"
            )
        return place


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
