"""The cache of vectors in Redis: bounded, shared by all embed workers, and optional.

Two hashes, `young` and `old`, have at most `entries / 2` vectors each. Writes go to `young`. A full `young` becomes
`old`, and the previous `old` is deleted. A hit in `old` is written to `young` again. This keeps about the most recently
used vectors, without a key, a time or a list entry for each. An entry takes some 900 bytes at 384 dimensions (measured
by `tests/benchmarks/bench_encoder.py`), so the default of 256 MiB is enough for about 300,000 vectors. Both hashes
expire 35 days after the last write.

When Redis is unreachable, slow or full, one line is logged, and for `RETRY_SECONDS` the cache behaves as if empty.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from redis.exceptions import RedisError

from streams.system.logs import get_logger

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

log = get_logger(__name__)

RETRY_SECONDS = 5.0
DEFAULT_BYTES = 256 * 2**20
_BYTES_PER_ENTRY = 900
_TTL_SECONDS = 35 * 86_400
_TIMEOUT_SECONDS = 1.0  # computing a vector is faster than waiting longer
_AT_ONCE = 500  # entries in one script call: Lua accepts some thousand arguments

# one script, so that two workers that fill `young` at the same time do not rotate the hashes twice
_PUT = """
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[1]) then
  redis.call('UNLINK', KEYS[2])
  redis.call('RENAME', KEYS[1], KEYS[2])
end
"""


class RedisEmbedCache:
    """See the module's docstring. `entries` is the largest number of vectors, at least 2."""

    def __init__(self, client: Redis, prefix: str = "", *, entries: int = DEFAULT_BYTES // _BYTES_PER_ENTRY) -> None:
        if entries < 2:
            raise ValueError(f"entries must be at least 2, not {entries}")
        self._client = client
        self._young, self._old = f"{prefix}vectors:young", f"{prefix}vectors:old"
        self._half = entries // 2
        self._put: AsyncScript = client.register_script(_PUT)
        self._away_until: float | None = None

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """See `EmbedCache`."""
        if not keys or self._skip():
            return [None] * len(keys)
        fields = [bytes.fromhex(key) for key in keys]
        try:
            pipeline = self._client.pipeline(transaction=False)
            pipeline.hmget(self._young, fields)
            pipeline.hmget(self._old, fields)
            young, old = await pipeline.execute()
            again = [(f, o) for f, y, o in zip(fields, young, old, strict=True) if y is None and o is not None]
            await self._write(again)
        except (RedisError, OSError) as error:
            self._is_away(error)
            return [None] * len(keys)
        self._is_back()
        return [y if y is not None else o for y, o in zip(young, old, strict=True)]

    async def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """See `EmbedCache`."""
        if not items or self._skip():
            return
        try:
            await self._write([(bytes.fromhex(key), value) for key, value in items])
        except (RedisError, OSError) as error:
            self._is_away(error)
            return
        self._is_back()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _write(self, items: Sequence[tuple[bytes, bytes]]) -> None:
        # a call never exceeds the limit by more than half of it, even for a small limit
        size = min(_AT_ONCE, self._half)
        for start in range(0, len(items), size):
            flat = [part for item in items[start : start + size] for part in item]
            await self._put(keys=[self._young, self._old], args=[self._half, _TTL_SECONDS, *flat])

    def _skip(self) -> bool:
        return self._away_until is not None and time.monotonic() < self._away_until

    def _is_away(self, error: Exception) -> None:
        if self._away_until is None:
            log.warning(
                "vector cache unreachable; computing all vectors", error=str(error), retry_seconds=RETRY_SECONDS
            )
        self._away_until = time.monotonic() + RETRY_SECONDS

    def _is_back(self) -> None:
        if self._away_until is not None:
            self._away_until = None
            log.info("vector cache reachable again")


def create_embed_cache(url: str, prefix: str = "") -> RedisEmbedCache:
    """The cache at `url` ("redis://…"). It connects at its first use."""
    client = Redis.from_url(url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS)
    return RedisEmbedCache(client, prefix)
