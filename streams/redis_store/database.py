"""The views' port to a database: redis itself stays in one file."""

from collections.abc import Sequence
from typing import Any, Protocol

Command = Sequence[str | int | float | bytes]


class Database(Protocol):
    """The interface of `streams.redis_store.client.RedisDatabase`."""

    async def call(self, *command: str | int | float | bytes) -> Any: ...
    async def batch(self, commands: Sequence[Command]) -> list[Any]: ...
    async def apply(self, root: str, operation: str, items: bytes, limits: bytes) -> tuple[int, bool]: ...
    async def tail(self, streams: dict[str, str], wait_ms: int) -> dict[str, list[tuple[str, dict[str, str]]]]: ...
    async def delete_matching(self, pattern: str) -> int: ...


class Keys:
    """Names of the keys under one prefix."""

    def __init__(self, prefix: str) -> None:
        self.root = f"{prefix}{{tt}}:"
        self.alerts = f"{prefix}{{tt-alerts}}:"

    def __call__(self, name: str) -> str:
        return self.root + name

    def topic(self, topic_id: str, part: str) -> str:
        """The key of one part of one topic."""
        return f"{self.root}t:{topic_id}:{part}"
