"""The contract of the vector caches, tested on Redis and in memory; and an unreachable Redis."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from streams.redis_store.embed_cache import EmbedCache, MemoryEmbedCache
from streams.redis_store.redis_embed_cache import RedisEmbedCache, create_embed_cache

CAPACITY = 40
KINDS = ["redis", "memory"]


def key(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


@asynccontextmanager
async def opened(kind: str, url: str) -> AsyncIterator[EmbedCache]:
    """An empty cache of `CAPACITY` entries."""
    if kind == "memory":
        yield MemoryEmbedCache(CAPACITY)
        return
    client = Redis.from_url(url)
    cache = RedisEmbedCache(client, f"t{uuid4().hex[:8]}-", entries=CAPACITY)
    try:
        yield cache
    finally:
        await cache.aclose()


@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_put_is_found_with_the_same_bytes(kind: str, redis: str) -> None:
    """In the order of the keys, None for unknown ones; any bytes as value; the last write wins."""
    async with opened(kind, redis) as cache:
        assert await cache.get_many([]) == []
        await cache.put_many([])
        await cache.put_many([(key("a"), b"\x00\xff\r\n"), (key("b"), b"")])
        await cache.put_many([(key("a"), b"again")])
        assert await cache.get_many([key("b"), key("x"), key("a"), key("a")]) == [b"", None, b"again", b"again"]


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_bounded_and_keeps_what_is_used(kind: str, redis: str) -> None:
    """After ten times its size, a value that is read repeatedly is still there, and most others are not."""
    async with opened(kind, redis) as cache:
        await cache.put_many([(key("used"), b"u")])
        for number in range(10 * CAPACITY):
            await cache.put_many([(key(number), b"v")])
            assert await cache.get_many([key("used")]) == [b"u"]
        kept = [value for value in await cache.get_many([key(n) for n in range(10 * CAPACITY)]) if value]
        assert CAPACITY // 3 <= len(kept) <= CAPACITY
        assert await cache.get_many([key(10 * CAPACITY - 1)]) == [b"v"]


@pytest.mark.parametrize("kind", KINDS)
async def test_one_call_larger_than_the_cache(kind: str, redis: str) -> None:
    """The size stays limited."""
    async with opened(kind, redis) as cache:
        await cache.put_many([(key(number), b"v") for number in range(7 * CAPACITY)])
        kept = [value for value in await cache.get_many([key(n) for n in range(7 * CAPACITY)]) if value]
        assert len(kept) <= CAPACITY


async def test_redis_away_is_one_line_and_tried_again(monkeypatch: pytest.MonkeyPatch, redis: str) -> None:
    """No call raises, one warning for any number of calls; after the pause Redis is asked again, which is logged."""
    cache = create_embed_cache("redis://127.0.0.1:1/0")
    with capture_logs() as logs:
        for _ in range(5):
            assert await cache.get_many([key("a"), key("b")]) == [None, None]
            await cache.put_many([(key("a"), b"v")])
    assert [line["log_level"] for line in logs] == ["warning"]
    await cache.aclose()
    monkeypatch.setattr("streams.redis_store.redis_embed_cache.RETRY_SECONDS", 0.0)
    back = create_embed_cache(redis, f"t{uuid4().hex[:8]}-")
    with capture_logs() as logs:
        back._is_away(OSError("gone"))
        await back.put_many([(key("a"), b"v")])
        assert await back.get_many([key("a")]) == [b"v"]
    assert [line["log_level"] for line in logs] == ["warning", "info"]
    await back.aclose()


async def test_during_the_pause_redis_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging Redis costs one time-out in five seconds, not one for each batch."""
    cache = create_embed_cache("redis://127.0.0.1:1/0")
    await cache.get_many([key("a")])

    def asked(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(cache._client, "pipeline", asked)
    monkeypatch.setattr(cache, "_put", asked)
    assert await cache.get_many([key("a")]) == [None]
    await cache.put_many([(key("a"), b"v")])
    await cache.aclose()


async def test_redis_that_refuses_is_away_too(redis: str) -> None:
    """A key of another type, full memory, a read-only replica: the cache is skipped, and the stage continues."""
    client = Redis.from_url(redis)
    prefix = f"t{uuid4().hex[:8]}-"
    await client.set(f"{prefix}vectors:young", "not a hash")
    cache = RedisEmbedCache(client, prefix)
    with capture_logs() as logs:
        assert await cache.get_many([key("a")]) == [None]
        await cache.put_many([(key("a"), b"v")])
    assert len(logs) == 1
    await cache.aclose()


async def test_a_write_sets_an_end(redis: str) -> None:
    """A cache without writes expires."""
    client = Redis.from_url(redis)
    prefix = f"t{uuid4().hex[:8]}-"
    cache = RedisEmbedCache(client, prefix, entries=4)
    await cache.put_many([(key(n), b"v") for n in range(5)])
    for name in ("young", "old"):
        assert 0 < await client.ttl(f"{prefix}vectors:{name}") <= 35 * 86_400
    await cache.aclose()
