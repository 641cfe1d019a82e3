"""Stores how far the live view has read, in Redis beside the view. `streams.stages.view_follower` explains why."""

import uuid

from streams.ports import Position
from streams.redis_store.database import Database, Keys

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
