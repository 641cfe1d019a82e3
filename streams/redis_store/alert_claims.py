"""Records which alerts were sent, in Redis outside the views: a wipe of the views must not send them again."""

from collections.abc import Sequence

from streams.redis_store.database import Database, Keys


class RedisClaims:
    """Implements `streams.delivery.alerts.Claims`.

    Raises:
        ViewUnavailableError: Redis is unreachable.
    """

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._keys = Keys(prefix)

    async def claim(self, key: str, seconds: int) -> bool:
        """Claim `key` for `seconds`. True for the first caller."""
        return await self._database.call("SET", self._keys.alerts + key, "1", "NX", "EX", seconds) is not None

    async def extend(self, key: str, seconds: int) -> None:
        """Extend the claim to `seconds` from now."""
        await self._database.call("SET", self._keys.alerts + key, "1", "EX", seconds)

    async def held(self, keys: Sequence[str]) -> int:
        """Return how many of the keys are claimed."""
        return int(await self._database.call("EXISTS", *(self._keys.alerts + key for key in keys))) if keys else 0
