"""What parsers and sources hand out.

A parser turns one decoded record into `Outcome`s and raises nothing: a post, a tombstone, a record that is
no post (`Ignored`, with its reason), or one that should have been a post and is not usable (`Bad` -> `dead-letters`).
A source hands out `Item`s: an outcome together with the cursor that is valid once it is safe on Kafka.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from models.events import Deletion, Tweet


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that should have been a post; `record` is its bytes (cut at `MAX_KEPT`)."""

    reason: str
    record: bytes


@dataclass(frozen=True, slots=True)
class Ignored:
    """A record that is no post, and why nobody misses it."""

    reason: str


MAX_KEPT = 1_000_000  # bytes of a bad record that go to `dead-letters`
Outcome = Tweet | Deletion | Bad | Ignored
Parser = Callable[[dict[str, Any]], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Item:
    """What a live source hands out. `outcome` is None for a mere step of the cursor, or a sign of life (both None)."""

    outcome: Outcome | None = None
    cursor: str | None = None


class DisconnectedError(Exception):
    """The connection ended or was refused for now; `retry_after` is how many seconds the platform asked for."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RefusedError(Exception):
    """Trying again is no use: a wrong key, a plan that lacks the endpoint, a setting. The message names the way out."""


class Source(Protocol):
    """One platform's stream of posts.

    `events(cursor)` connects and yields until the connection ends (it returns or raises `DisconnectedError`) or can
    never work (`RefusedError`). With a cursor it continues after it, without a gap where the platform allows; repeats
    are allowed, the runner drops them.
    """

    @property
    def name(self) -> str: ...

    def events(self, cursor: str | None) -> AsyncIterator[Item]: ...
