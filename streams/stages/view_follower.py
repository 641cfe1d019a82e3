"""How far the live view has read, kept in the view itself: so that a view that lost something is made whole again.

Redis may be flushed, restarted from an older dump, or replaced by an empty one while the consumer group's offsets stand
where they were. Therefore the position of every partition (all records before it are in the view) is stored in Redis,
beside what it speaks of: lost together, older together. A batch whose start is not the stored position is preceded by
what is missing, read from the log; and after a batch the position moves only if it is still what it was (compare and
set), so that a flush in the middle of a batch is seen as well. Positions alone could come back to the same number, so
they carry the view's epoch: a random word that is made when there is none. Applying a record twice changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

from streams.kafka.record import Record
from streams.ports import PositionStore
from streams.stages.stage import Handler
from streams.system.logs import get_logger

log = get_logger(__name__)
ReadRange = Callable[[int, int, int], AsyncIterator[list[Record]]]  # partition, from offset, up to offset (exclusive)


class ViewFollower:
    """A handler of one topic around one that applies records: keeps the view without gaps."""

    def __init__(self, topic: str, apply: Handler, positions: PositionStore, read_range: ReadRange) -> None:
        self._topic = topic
        self._apply = apply
        self._positions = positions
        self._read_range = read_range
        self._reached: dict[int, int] = {}  # partition -> the end of what this process has applied
        self._lock = asyncio.Lock()  # the timer and the agent would mend the same gap twice: harmless, but slow

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply one batch, and before it whatever the view lacks of its partitions."""
        async with self._lock:
            for partition in sorted({record.partition for record in records}):
                mine = [record for record in records if record.partition == partition]
                await self._follow(partition, mine)

    async def begin(self, committed: Mapping[int, int]) -> None:
        """Mend the view up to what the group has committed (partition -> offset): nobody delivers that again."""
        for partition, end in committed.items():
            self._reached.setdefault(partition, end)
        await self.check()

    async def check(self) -> None:
        """Mend a view that lost something while nothing arrives; called every second or so."""
        async with self._lock:
            for partition, end in list(self._reached.items()):
                if (await self._positions.position(self._topic, partition)).offset < end:
                    await self._follow(partition, [])

    async def _follow(self, partition: int, records: Sequence[Record]) -> None:
        while True:
            stored = await self._positions.position(self._topic, partition)
            start = records[0].offset if records else self._reached[partition]
            if stored.offset < start:
                await self._mend(partition, stored.offset, start)
            if records:
                await self._apply(records)
            end = max(records[-1].offset + 1 if records else start, stored.offset)
            if await self._positions.advance(self._topic, partition, before=stored, to=end):
                self._reached[partition] = end
                return

    async def _mend(self, partition: int, start: int, end: int) -> None:
        count = 0
        async for records in self._read_range(partition, start, end):
            await self._apply(records)
            count += len(records)
        if count:
            log.warning("view was behind its log; mended", topic=self._topic, partition=partition, records=count)
