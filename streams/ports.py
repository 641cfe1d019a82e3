"""What the stages need of the outside world: small protocols. Real ones and fakes pass the same contract tests."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.events import Assignment, Digest, TopicEvent

Headers = Sequence[tuple[str, bytes]]


class Send(Protocol):
    """Produces one record; the inner awaitable is done when the broker has it (`acks=all`)."""

    def __call__(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[Awaitable[object]]: ...


class ViewStore(Protocol):
    """The live view. Every method is idempotent: applying the same events again changes nothing."""

    async def apply_assignments(self, assignments: Sequence[Assignment]) -> None: ...
    async def apply_topic_events(self, events: Sequence[TopicEvent]) -> None: ...
    async def put_digest(self, digest: Digest, headers: Headers) -> None: ...


@dataclass(frozen=True)
class Position:
    """All records before `offset` are in the view, as long as its epoch is this one."""

    epoch: str
    offset: int


class PositionStore(Protocol):
    """Positions that live and die with the view. Both raise ViewUnavailableError."""

    def position(self, topic: str, partition: int) -> Awaitable[Position]:
        """What is known; offset 0 when nothing is."""
        ...

    def advance(self, topic: str, partition: int, *, before: Position, to: int) -> Awaitable[bool]:
        """Move from `before` to the offset `to`; False, and nothing done, when it was not at `before` any more."""
        ...
