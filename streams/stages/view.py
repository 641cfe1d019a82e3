"""Stage view: `assignments`, `topic-events`, `digests`, `digests.edited` -> the live view in Redis.

Message in: Assignment, TopicEvent, Digest, EditedDigest. Message out: none on Kafka. The effects are idempotent by post
id, event and week, so that reading a record again changes nothing. A wiped view is rebuilt from Kafka.

Dropped to `dead-letters`: records that cannot be decoded, written by another program to our topics.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from models.events import Assignment, Digest, EditedDigest, Event, TopicEvent
from models.events.wire import PoisonError, decode
from streams.clock import Clock
from streams.kafka.record import Record
from streams.ports import Send, ViewStore
from streams.stages.dead_letters import decode_records, send_dead_letters

T = TypeVar("T", bound=Event)


async def view_assignments(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show which topics posts were assigned to."""
    await store.apply_assignments([event for _, event in await _decoded(records, Assignment, send, clock)])


async def view_topic_events(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show events of topics."""
    await store.apply_topic_events([event for _, event in await _decoded(records, TopicEvent, send, clock)])


async def view_digests(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show a digest. A later record of the same week replaces it."""
    for record, digest in await _decoded(records, Digest, send, clock):
        await store.put_digest(digest, record.headers)


async def view_editions(records: Sequence[Record], *, store: ViewStore, send: Send, clock: Clock) -> None:
    """Show what a language model wrote about a digest. A null value withdraws it."""
    for record in records:
        if record.value is None:
            await store.put_edition((record.key or b"").decode("utf-8", "replace"), None)
            continue
        for _, edited in await _decoded([record], EditedDigest, send, clock):
            await store.put_edition(edited.week, edited)


def delays_of(records: Sequence[Record], now: datetime, live: timedelta) -> list[float]:
    """Delays of the assigned posts among `records`, for metrics.

    Args:
        records: Records of `assignments`.
        now: The present time.
        live: Age limit. Older posts come from an archive, and their age says nothing about the speed of the stages.

    Returns:
        Seconds from each post's own time to `now`.
    """
    delays = []
    for record in records:
        try:
            assignment = decode(record.value, Assignment)
        except PoisonError:
            continue  # logged when it was applied
        if assignment.outcome == "assigned" and now - assignment.at <= live:
            delays.append((now - assignment.at).total_seconds())
    return delays


async def _decoded(records: Sequence[Record], kind: type[T], send: Send, clock: Clock) -> list[tuple[Record, T]]:
    good, letters = decode_records(records, lambda record: decode(record.value, kind), stage="view", at=clock())
    await send_dead_letters(send, letters)
    return good
