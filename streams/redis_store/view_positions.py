"""Stores how far the live view has read, in Redis beside the view. `streams.stages.view_follower` explains why.

The id of the log is stored with it. Two installations without different prefixes would mix their posts in one view, so
the second one is refused.
"""

import uuid
from collections.abc import Awaitable, Callable

from streams.ports import Position
from streams.redis_store.database import Database, Keys

# KEYS: the hash of positions; ARGV: field, an epoch and the id of the log for a view that has none
_POSITION = """
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[2])
redis.call('HSETNX', KEYS[1], 'log', ARGV[3])
return {
  redis.call('HGET', KEYS[1], 'epoch'),
  redis.call('HGET', KEYS[1], 'log'),
  redis.call('HGET', KEYS[1], ARGV[1]) or '0'
}
"""


# KEYS: the same; ARGV: field, expected epoch and offset, new offset
_ADVANCE = """
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[2] then return 0 end
if (redis.call('HGET', KEYS[1], ARGV[1]) or '0') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
return 1
"""


class OtherLogError(RuntimeError):
    """The view in Redis is made from the log of another installation."""

    def __init__(self, stored: str, own: str) -> None:
        super().__init__(
            f"the live view in this Redis is made from Kafka cluster {stored}, and this installation uses {own}. Two "
            "installations on one Redis need different TOPTOPICS_PREFIX settings, or a REDIS_URL each. To replace the "
            "view by this installation's, stop the other worker and run `toptopics rebuild-views`"
        )


class ViewPositions:
    """`PositionStore` in the database of the views."""

    def __init__(self, database: Database, prefix: str, log_id: Callable[[], Awaitable[str]]) -> None:
        """Args:
        database: Where the view is.
        prefix: Of its keys.
        log_id: Returns the id of the log that the view is made from; called once.
        """
        self._database = database
        self._key = Keys(prefix)("positions")
        self._log_id = log_id
        self._own = ""

    async def position(self, topic: str, partition: int) -> Position:
        """See `PositionStore`.

        Raises:
            OtherLogError: The view is made from another log.
        """
        self._own = self._own or await self._log_id()
        epoch, log, offset = await self._database.call(
            "EVAL", _POSITION, 1, self._key, f"{topic}:{partition}", uuid.uuid4().hex, self._own
        )
        if log != self._own:
            raise OtherLogError(log, self._own)
        return Position(str(epoch), int(offset))

    async def stored_log(self) -> str | None:
        """The id of the log that the view is made from; None for an empty view."""
        log: str | None = await self._database.call("HGET", self._key, "log")
        return log

    async def check(self) -> None:
        """Claim a view that no log has claimed.

        Raises:
            OtherLogError: The view is made from another log.
        """
        await self.position("", 0)

    async def advance(self, topic: str, partition: int, *, before: Position, to: int) -> bool:
        """See `PositionStore`."""
        moved = await self._database.call(
            "EVAL", _ADVANCE, 1, self._key, f"{topic}:{partition}", before.epoch, before.offset, to
        )
        return bool(moved)
