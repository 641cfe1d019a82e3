"""Link targets in Redis: `{prefix}resource:<sha256 of the URL>` -> canonical JSON of the `Link`, with an expiry.

The cache can be wiped at any time. Unreadable entries count as missing, and so do all entries while Redis is
unreachable.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from models.events import Link
from models.events.wire import PoisonError, decode, encode

_TIMEOUT_SECONDS = 5.0


class RedisResourceCache:
    """`ResourceCache` on a connection that its owner closes."""

    def __init__(self, redis: "Redis", *, prefix: str = "") -> None:
        self._redis = redis
        self._prefix = prefix

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""
        try:
            stored = await self._redis.get(self._key(url))
        except RedisError:
            return None
        if stored is None:
            return None
        try:
            return decode(stored if isinstance(stored, bytes) else stored.encode(), Link)
        except PoisonError:
            return None  # written by another version: the link is fetched again and overwritten

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store for `seconds`."""
        with suppress(RedisError):  # the caller has the target; the next digest fetches it again
            await self._redis.set(self._key(url), encode(link), ex=seconds)

    def _key(self, url: str) -> str:
        return f"{self._prefix}resource:{hashlib.sha256(url.encode('utf-8', 'replace')).hexdigest()}"


@asynccontextmanager
async def open_resource_cache(url: str, prefix: str = "") -> AsyncIterator[RedisResourceCache]:
    """The cache in the Redis at `url`; its connections are closed at exit."""
    redis = Redis.from_url(url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS)
    try:
        yield RedisResourceCache(redis, prefix=prefix)
    finally:
        await redis.aclose()
