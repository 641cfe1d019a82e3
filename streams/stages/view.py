"""Stage view: `assignments`, `topic-events`, `digests` -> the live view in Redis.

Message in: Assignment, TopicEvent, Digest. Out: nothing on Kafka; the ViewStore's effects are idempotent by post id,
event and week, so that a record read again changes nothing. The view is disposable: wiped, it is rebuilt from Kafka.
Dropped to `dead-letters`: what cannot be decoded (somebody else wrote to our topics).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from models.events import Assignment, Digest, Event, TopicEvent
from models.events.wire import PoisonError, decode
from streams.clock import Clock
from streams.kafka.record import Record
from streams.ports import Send, ViewStore
from streams.stages.dead_letters import decode_records, send_dead_letters

T = TypeVar("T", bound=Event)


async def view_assignments(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show where posts went."""
    await store.apply_assignments([event for _, event in await _decoded(records, Assignment, send, clock)])


async def view_topic_events(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show what happened to topics."""
    await store.apply_topic_events([event for _, event in await _decoded(records, TopicEvent, send, clock)])


async def view_digests(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show a digest; a later record of the same week replaces it."""
    for record, digest in await _decoded(records, Digest, send, clock):
        await store.put_digest(digest, record.headers)


def delays_of(records: Sequence[Record], now: datetime, live: timedelta) -> list[float]:
    """Seconds from each post's own time to `now`, for the assignments among `records`.

    Posts older than `live` are left out: the age of an archive says nothing about how quick the stages are.
    """
    delays = []
    for record in records:
        try:
            assignment = decode(record.value, Assignment)
        except PoisonError:
            continue  # told when it was applied
        if assignment.outcome == "assigned" and now - assignment.at <= live:
            delays.append((now - assignment.at).total_seconds())
    return delays


async def _decoded(records: Sequence[Record], kind: type[T], send: Send, clock: Clock) -> list[tuple[Record, T]]:
    good, letters = decode_records(records, lambda record: decode(record.value, kind), stage="view", at=clock())
    await send_dead_letters(send, letters)
    return good
