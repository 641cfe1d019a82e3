"""Link targets in Redis: `{prefix}resource:<sha256 of the URL>` -> canonical JSON of the `Link`, with an expiry.

A view like the others: wiped, it fills again. What cannot be read is treated as absent.
"""

import hashlib

from redis.asyncio import Redis

from models.events import Link
from models.wire import PoisonError, decode, encode


class RedisResourceCache:
    """`ResourceCache` over a connection that its owner closes."""

    def __init__(self, redis: "Redis", *, prefix: str = "") -> None:
        self._redis = redis
        self._prefix = prefix

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""
        stored = await self._redis.get(self._key(url))
        if stored is None:
            return None
        try:
            return decode(stored if isinstance(stored, bytes) else stored.encode(), Link)
        except PoisonError:
            return None  # written by another version: fetched again, and overwritten

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store for `seconds`."""
        await self._redis.set(self._key(url), encode(link), ex=seconds)

    def _key(self, url: str) -> str:
        return f"{self._prefix}resource:{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()}"
