"""No record is skipped unnoticed between two that a stage is handed.

Faust forgets the records that wait in its queues when a rebalance ends, and those that it was just putting there when
one begins; it reads some of them again and not others (made on purpose in tests/integration/test_faults.py). An offset
that is acknowledged after such a hole is committed in the end, and what was in it is lost. So every record is held
against the one before it, and the first one after a rebalance against what the group has committed. A process that
finds a hole ends before it acknowledges anything behind it; what is not acknowledged is delivered again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
