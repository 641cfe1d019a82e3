"""The results of parsers and sources.

A parser turns one decoded record into `Outcome`s and raises nothing: a post, a tombstone, a record that is no post
(`Ignored`, with its reason), or an unusable post (`Bad` -> `dead-letters`). A source yields `Item`s: an outcome with
the cursor that is valid once the outcome is stored on Kafka.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from models.events import Deletion, Tweet


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that should have been a post."""

    reason: str
    record: bytes  # its bytes, cut at `MAX_KEPT`


@dataclass(frozen=True, slots=True)
class Ignored:
    """A record that is no post."""

    reason: str  # why it may be ignored


MAX_KEPT = 1_000_000  # bytes of a bad record that are sent to `dead-letters`
Outcome = Tweet | Deletion | Bad | Ignored
Parser = Callable[[dict[str, Any]], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a live source."""

    outcome: Outcome | None = None  # None for a step of the cursor or a sign of life
    cursor: str | None = None  # None for a sign of life


class DisconnectedError(Exception):
    """The connection ended or was refused for now. `retry_after` is the wait in seconds that the platform asked for."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RefusedError(Exception):
    """A retry is useless: a wrong key, a plan without the endpoint, a wrong setting. The message names the remedy."""


class Source(Protocol):
    """One platform's stream of posts.

    `events(cursor)` connects and yields until the connection ends (it returns or raises `DisconnectedError`) or can
    never work (`RefusedError`). With a cursor it continues after it, without a gap if the platform allows that.
    Repetitions are allowed; the runner drops them.
    """

    @property
    def name(self) -> str: ...

    def events(self, cursor: str | None) -> AsyncIterator[Item]: ...
