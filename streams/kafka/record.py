"""A Kafka record as the stages see it, whichever client read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """One record with its coordinates; `timestamp` is in milliseconds since 1970, as Kafka keeps it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: Sequence[tuple[str, bytes]] = ()

    @classmethod
    def of_message(cls, message: Any) -> "Record":
        """From an aiokafka ConsumerRecord."""
        return cls(
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            key=message.key,
            value=message.value,
            timestamp=message.timestamp,
            headers=[(name, value) for name, value in message.headers or () if value is not None],
        )

    @property
    def origin(self) -> str:
        """ "partition:offset": names the record within its topic."""
        return f"{self.partition}:{self.offset}"

    @property
    def time(self) -> datetime:
        """The record's time, UTC."""
        return datetime.fromtimestamp(self.timestamp / 1000, UTC)

    def header(self, name: str) -> bytes | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)
