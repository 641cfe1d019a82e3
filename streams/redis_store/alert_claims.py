"""Which alerts were told, in Redis, beside the views: a wipe of the views must not tell everything again."""

from streams.redis_store.database import Database, Keys


class RedisClaims:
    """`streams.delivery.alerts.Claims`; raises ViewUnavailableError."""

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._keys = Keys(prefix)

    async def claim(self, key: str, seconds: int) -> bool:
        """True for the first who asks until the time is over."""
        return await self._database.call("SET", self._keys.alerts + key, "1", "NX", "EX", seconds) is not None

    async def extend(self, key: str, seconds: int) -> None:
        """Keep it for so long from now."""
        await self._database.call("SET", self._keys.alerts + key, "1", "EX", seconds)
