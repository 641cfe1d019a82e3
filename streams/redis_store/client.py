"""The only file that imports redis: a small asynchronous database and the views on it.

Stages, API and commands use `open_views(url, prefix)`. Every failure to reach Redis raises `ViewUnavailableError`; the
caller decides between a retry and an exit.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from models.live.limits import ViewLimits
from streams.redis_store.database import Keys
from streams.redis_store.view_reader import RedisViewReader
from streams.redis_store.view_writer import RedisViewWriter
from streams.views.port import ViewUnavailableError

Command = Sequence[str | int | float | bytes]
UNREACHABLE = (RedisConnectionError, RedisTimeoutError, OSError)


class RedisDatabase:
    """Commands, pipelines and one script. Replies are redis-py's for RESP2, with text decoded."""

    def __init__(self, client: "Redis") -> None:
        self._client = client
        self._script = client.register_script(files("streams.redis_store").joinpath("apply.lua").read_text("utf-8"))

    async def call(self, *command: str | int | float | bytes) -> Any:
        """Run one command and return its reply.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        return (await self.batch([command]))[0]

    async def batch(self, commands: Sequence[Command]) -> list[Any]:
        """Run commands in one round trip, not atomically; replies in order.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        if not commands:
            return []
        try:
            pipeline = self._client.pipeline(transaction=False)
            for command in commands:
                pipeline.execute_command(*command)
            return list(await pipeline.execute())
        except UNREACHABLE as error:
            raise ViewUnavailableError(f"Redis is unreachable: {error}") from error

    async def apply(self, root: str, operation: str, items: bytes, limits: bytes) -> tuple[int, bool]:
        """Run the writer's script on one batch.

        Args:
            root: Prefix of all keys.
            operation: As in `apply.lua`.
            items: The batch, JSON.
            limits: `ViewLimits`, JSON.

        Returns:
            The number of new posts or events, and whether old ones remain to be trimmed.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        try:
            news, more = await self._script(keys=[root], args=[operation, items, limits])
        except UNREACHABLE as error:
            raise ViewUnavailableError(f"Redis is unreachable: {error}") from error
        return int(news), bool(more)

    async def tail(self, streams: dict[str, str], wait_ms: int) -> dict[str, list[tuple[str, dict[str, str]]]]:
        """Entries after the given ids of streams; waits up to `wait_ms` for one.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        try:
            reply: Any = await self._client.execute_command(  # type: ignore[no-untyped-call]  # redis-py's own gap
                "XREAD", "COUNT", 500, "BLOCK", wait_ms, "STREAMS", *streams.keys(), *streams.values()
            )
        except UNREACHABLE as error:
            raise ViewUnavailableError(f"Redis is unreachable: {error}") from error
        pairs = reply.items() if isinstance(reply, dict) else (reply or [])
        return {str(name): [(str(entry), dict(fields)) for entry, fields in entries] for name, entries in pairs}

    async def delete_matching(self, pattern: str) -> int:
        """Delete all matching keys and return their number.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        deleted = 0
        try:
            async for name in self._client.scan_iter(match=pattern, count=1_000):
                deleted += int(await self._client.unlink(name))
        except UNREACHABLE as error:
            raise ViewUnavailableError(f"Redis is unreachable: {error}") from error
        return deleted

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class RedisViews(RedisViewWriter, RedisViewReader):
    """`ViewStore` and `ViewReader` on one Redis. Every key starts with `root`."""

    def __init__(self, database: RedisDatabase, prefix: str, limits: ViewLimits | None = None) -> None:
        RedisViewWriter.__init__(self, database, prefix, limits or ViewLimits())
        RedisViewReader.__init__(self, database, prefix)
        self.database = database
        self.root = Keys(prefix).root

    async def aclose(self) -> None:
        """Close the connections."""
        await self.database.aclose()


def connect(url: str, *, connections: int = 20) -> RedisDatabase:
    """A pool of at most `connections`. It connects at the first command."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=10,
        decode_responses=True,
        protocol=2,
        socket_timeout=30,
        socket_connect_timeout=5,
        health_check_interval=30,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )
    return RedisDatabase(Redis.from_pool(pool))


def create_views(url: str, prefix: str = "", limits: ViewLimits | None = None) -> RedisViews:
    """Views on the Redis at `url`. Close them with `aclose()`."""
    return RedisViews(connect(url), prefix, limits)


@asynccontextmanager
async def open_views(url: str, prefix: str = "", limits: ViewLimits | None = None) -> AsyncIterator[RedisViews]:
    """The same as `create_views`, as a context manager that closes the views."""
    views = create_views(url, prefix, limits)
    try:
        yield views
    finally:
        await views.aclose()


__all__ = ["RedisDatabase", "RedisError", "RedisViews", "ViewUnavailableError", "connect", "create_views", "open_views"]
