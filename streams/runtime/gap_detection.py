"""Detects records that Faust skipped, before their offsets are committed.

When a rebalance starts or ends, Faust drops records that wait in its queues and reads only some of them again
(tests/integration/test_faults.py reproduces it). Committing an offset after such a gap would lose the dropped records.
So every record is compared with the one before it, and the first record after a rebalance with the committed offset of
the group. A process that finds a gap ends without acknowledging any later record. Kafka delivers them again.
"""

import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.kafka.record import Record
from streams.stages.stage import Handler

NextOffset = Callable[[int], Awaitable[int]]  # partition -> the committed offset of the group
# partition, from offset, up to offset (exclusive) -> whether a record exists
AnyRecord = Callable[[int, int, int], Awaitable[bool]]


class GapError(RuntimeError):
    """Records were skipped; the process must end."""


@dataclass
class _Place:
    expected: int  # the offset after the last record seen
    generation: int  # generation of the consumer group when it was seen


class OffsetChecker:
    """Checks the records of one topic in the order in which this process receives them.

    Args:
        next_offset: Asks the broker; called only after a gap and for a new partition.
        any_record: Asks the broker; called only after a gap.
    """

    def __init__(self, next_offset: NextOffset, any_record: AnyRecord) -> None:
        self._next_offset = next_offset
        self._any_record = any_record
        self._places: dict[int, _Place] = {}

    async def check(self, partition: int, offset: int, generation: int) -> None:
        """Check one record. Call this for every record in order of arrival, before it is handled.

        An offset may be missing in Kafka itself: in a trimmed or compacted log, and for transaction markers. A record
        that is delivered again is fine.

        Args:
            partition: Partition of the record.
            offset: Offset of the record.
            generation: Generation of the consumer group. After a change, another process may have handled the
                partition.

        Raises:
            GapError: A record before this one was skipped.
        """
        place = await self._checked_place(partition, offset, generation)
        place.expected = max(place.expected, offset + 1)
        place.generation = generation

    async def check_end(self, partition: int, end: int, generation: int) -> None:
        """Raise GapError unless every record before offset `end` was seen here or handled by another worker."""
        await self._checked_place(partition, end, generation)

    async def _checked_place(self, partition: int, offset: int, generation: int) -> _Place:
        place = self._places.get(partition)
        if place is None or (offset > place.expected and generation != place.generation):
            place = self._places[partition] = _Place(await self._next_offset(partition), generation)
        if offset > place.expected and await self._any_record(partition, place.expected, offset):
            raise GapError(
                f"partition {partition}: records from offset {place.expected} to {offset} were skipped; restarting"
            )
        return place


QUIET_SECONDS = 20.0  # far longer than a fetch, and short for somebody who waits for the last posts of a backlog

Ends = Callable[[], Awaitable[Mapping[int, int]]]  # partition -> the offset of its next record


class GapDetector:
    """Checks one topic between Faust and its handler. `monotonic` returns seconds; tests replace it."""

    def __init__(self, checker: OffsetChecker, ends: Ends, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._checker = checker
        self._ends = ends
        self._monotonic = monotonic
        self._running = 0
        self._moved = 0.0  # time of the last activity
        self._due: Mapping[int, int] = {}  # ends of the log QUIET_SECONDS ago
        self.touch()

    def touch(self) -> None:
        """Note activity: the quiet time starts again."""
        self._moved = self._monotonic()
        self._due = {}

    async def check(self, event: Any) -> None:
        """Check one event. Call this for every event in order of arrival.

        Raises:
            GapError: A record was skipped.
        """
        self.touch()
        message = event.message
        await self._checker.check(message.partition, message.offset, message.generation_id)

    async def checked(self, events: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """Pass the events on, each of them checked."""
        async for event in events:
            await self.check(event)
            yield event

    def tracked(self, handler: Handler) -> Handler:
        """Wrap the handler so that the stream is not quiet while it runs."""

        async def handle(records: Sequence[Record]) -> None:
            self._running += 1
            try:
                await handler(records)
            finally:
                self._running -= 1
                self.touch()

        return handle

    async def check_quiet(self, owned: Collection[int], generation: int) -> None:
        """Check a quiet stream for records that never arrived. Call this every few seconds while records may flow.

        Args:
            owned: Partitions of this process.
            generation: Generation of the consumer group.

        Raises:
            GapError: An owned partition has records that were skipped.
            Exception: What `ends` raises.
        """
        if self._running or self._monotonic() - self._moved < QUIET_SECONDS:
            return
        due = {partition: end for partition, end in self._due.items() if partition in owned}
        self.touch()
        moved = self._moved
        for partition, end in due.items():
            await self._checker.check_end(partition, end, generation)
        ends = await self._ends()
        if self._moved == moved and not self._running:
            self._due = ends
