"""The protocols through which stages reach the outside world. The real and the fake implementations pass the same
contract tests.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.events import Assignment, Digest, EditedDigest, TopicEvent

Headers = Sequence[tuple[str, bytes]]


class Send(Protocol):
    """Produce one record.

    Returns:
        An awaitable of the confirmation, which is done when the broker has stored the record (`acks=all`).
    """

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
    """The live view. Every method is idempotent: applying the same events twice changes nothing."""

    async def apply_assignments(self, assignments: Sequence[Assignment]) -> None: ...
    async def apply_topic_events(self, events: Sequence[TopicEvent]) -> None: ...
    async def put_digest(self, digest: Digest, headers: Headers) -> None: ...
    async def put_edition(self, week: str, edited: EditedDigest | None) -> None:
        """Store what a language model wrote about the digest of a week; None withdraws it."""


@dataclass(frozen=True)
class Position:
    """How far the view has applied one partition."""

    epoch: str  # random id of this filling of the view; a wiped view gets another one
    offset: int  # every record before it is in the view


class PositionStore(Protocol):
    """Stores positions inside the view, so that both are lost or restored together. Both methods raise
    ViewUnavailableError.
    """

    def position(self, topic: str, partition: int) -> Awaitable[Position]:
        """The stored position; offset 0 when none is stored."""
        ...

    def advance(self, topic: str, partition: int, *, before: Position, to: int) -> Awaitable[bool]:
        """Move the position by compare and set.

        Args:
            topic: Name of the Kafka topic.
            partition: Number of the partition.
            before: The position that the caller has read.
            to: The new offset.

        Returns:
            False, without a change, when the stored position is no longer `before`.
        """
        ...
