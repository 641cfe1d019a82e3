"""How far the live view has read, kept in the view itself: so that a view that lost something is made whole again.

Redis may be flushed, restarted from an older dump, or replaced by an empty one while the consumer group's offsets stand
where they were. Therefore the position of every partition (all records before it are in the view) is stored in Redis,
beside what it speaks of: lost together, older together. A batch whose start is not the stored position is preceded by
what is missing, read from the log; and after a batch the position moves only if it is still what it was (compare and
set), so that a flush in the middle of a batch is seen as well. Positions alone could come back to the same number, so
they carry the view's epoch: a random word that is made when there is none. Applying a record twice changes nothing.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streams.logs import get_logger
from streams.records import Record
from streams.stage import Handler
from streams.views.database import Database, Keys

log = get_logger(__name__)
ReadRange = Callable[[int, int, int], AsyncIterator[list[Record]]]  # partition, from offset, up to offset (exclusive)


@dataclass(frozen=True)
class Position:
    """All records before `offset` are in the view, as long as its epoch is this one."""

    epoch: str
    offset: int


class PositionStore(Protocol):
    """Positions that live and die with the view. Both raise ViewUnavailableError."""

    def position(self, topic: str, partition: int) -> Awaitable[Position]:
        """What is known; offset 0 when nothing is."""
        ...

    def advance(self, topic: str, partition: int, *, before: Position, to: int) -> Awaitable[bool]:
        """Move from `before` to the offset `to`; False, and nothing done, when it was not at `before` any more."""
        ...


# KEYS: the hash of positions; ARGV: field, an epoch for a view that has none
_POSITION = """
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[2])
return {redis.call('HGET', KEYS[1], 'epoch'), redis.call('HGET', KEYS[1], ARGV[1]) or '0'}
"""
# KEYS: the same; ARGV: field, expected epoch and offset, new offset
_ADVANCE = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return 0 end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
return 1
"""


class ViewPositions:
    """`PositionStore` in the database of the views."""

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._key = Keys(prefix)("positions")

    async def position(self, topic: str, partition: int) -> Position:
        """See `PositionStore`."""
        epoch, offset = await self._database.call(
            "EVAL", _POSITION, 1, self._key, f"{topic}:{partition}", uuid.uuid4().hex
        )
        return Position(str(epoch), int(offset))

    async def advance(self, topic: str, partition: int, *, before: Position, to: int) -> bool:
        """See `PositionStore`."""
        moved = await self._database.call(
            "EVAL", _ADVANCE, 1, self._key, f"{topic}:{partition}", before.epoch, before.offset, to
        )
        return bool(moved)


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
