"""Keeps the live view complete, by positions that are stored in the view itself.

Redis may be flushed, restarted from an older dump, or replaced by an empty one, while the consumer group's offsets
stay. So the position of every partition (all records before it are in the view) is stored in Redis beside the data:
both are lost together or restored together.

1. When a batch does not start at the stored position, the missing records are read from the log and applied first.
2. After a batch the position moves by compare and set, so that a flush during the batch is noticed as well.
3. A position carries the view's epoch, a random id made when none is stored: after a flush the same offset may be
   reached again.

Applying a record twice changes nothing.
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
    """Wraps the handler of one topic and fills gaps of the view before each batch."""

    def __init__(self, topic: str, apply: Handler, positions: PositionStore, read_range: ReadRange) -> None:
        self._topic = topic
        self._apply = apply
        self._positions = positions
        self._read_range = read_range
        self._reached: dict[int, int] = {}  # partition -> the end of the records applied by this process
        self._lock = asyncio.Lock()  # the timer and the agent would fill the same gap twice: harmless, but slow

    async def handle(self, records: Sequence[Record]) -> None:
        """Apply one batch, after the records that the view misses from its partitions."""
        async with self._lock:
            for partition in sorted({record.partition for record in records}):
                mine = [record for record in records if record.partition == partition]
                await self._follow(partition, mine)

    async def begin(self, committed: Mapping[int, int]) -> None:
        """Fill the view up to the committed offsets (partition -> offset), because Kafka does not deliver earlier
        records again.
        """
        for partition, end in committed.items():
            self._reached.setdefault(partition, end)
        await self.check()

    async def check(self) -> None:
        """Fill gaps of the view while no records arrive. Called about every second."""
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
            log.warning(
                "view was behind the log; applied the missing records",
                topic=self._topic,
                partition=partition,
                records=count,
            )
