"""Sends posts to `tweets` and what cannot be parsed to `dead-letters`, and knows when the broker has them.

Key: author id; value: `models.events.wire` bytes; record time: the post's own time (a deletion's: when it was deleted).
Headers: `source`, and `cursor`, up to which everything was acknowledged when the record was sent: whatever happens, it
is safe to resume from there. They tell a restart what is there already.
"""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from models.events import DeadLetter, Deletion, Tweet, wire
from streams.clock import Clock, system_clock
from streams.kafka import log as kafka_log
from streams.kafka.topics import DEAD_LETTERS, TWEETS
from streams.ports import Headers, Send
from streams.settings import Settings
from streams.sources.cursors import Saved
from streams.sources.port import Bad
from streams.sources.sent_posts import Memory
from streams.stages.post_time import time_of

TAIL = 50_000  # records per partition that are read back at the least
STAGE = "source"
MAX_CURSOR = 1_000  # timelines of many people have longer ones: those are in the file only


class Delivery:
    """Buffers into the producer; `flush` waits for the broker's word and says how far `tweets` is written."""

    def __init__(self, send: Send, source: str) -> None:
        self._send = send
        self._source = source
        self._pending: deque[Awaitable[Any]] = deque()
        self.offsets: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._pending)

    async def post(self, post: Tweet | Deletion, safe_cursor: str | None, now: datetime) -> None:
        """Hand one post or tombstone to the producer."""
        headers = [("source", self._source.encode())]
        if safe_cursor is not None and len(safe_cursor) <= MAX_CURSOR:
            headers.append(("cursor", safe_cursor.encode()))
        # the broker refuses records from the future; the embed stage buries posts from there
        when = min(now, time_of(post))
        confirmation = await self._send(
            TWEETS.name, key=post.author_id.encode(), value=wire.encode(post), timestamp=when, headers=headers
        )
        self._pending.append(confirmation)

    async def bad(self, bad: Bad, at: datetime) -> None:
        """Hand one unusable record to `dead-letters`."""
        letter = DeadLetter(
            stage=STAGE,
            reason=bad.reason[:1_000],
            record=base64.b64encode(bad.record).decode("ascii"),
            source=self._source,
            at=at,
        )
        self._pending.append(await self._send(DEAD_LETTERS.name, key=STAGE.encode(), value=wire.encode(letter)))

    async def flush(self) -> None:
        """Wait until the broker has all that was handed over; raises its error when it will not."""
        for _ in range(len(self._pending)):
            # shielded, and dropped only afterwards: a cancelled flush must leave nothing unconfirmed behind
            metadata = await asyncio.shield(self._pending[0])
            self._pending.popleft()
            if metadata is not None and getattr(metadata, "topic", "").endswith(TWEETS.name):
                self.offsets[metadata.partition] = metadata.offset + 1


@asynccontextmanager
async def kafka_send(settings: Settings) -> AsyncIterator[Send]:
    """The real `Send`, on an idempotent producer."""
    async with kafka_log.producer(settings) as client:
        yield _sender(client, settings.prefix, system_clock)


def _sender(client: AIOKafkaProducer, prefix: str, clock: Clock) -> Send:
    async def send(
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[object]:
        milliseconds = None
        if timestamp is not None:
            milliseconds = max(0, int(kafka_log.record_time(timestamp, clock()).timestamp() * 1000))
        sent: Awaitable[object] = await client.send(
            prefix + topic, value=value, key=key, timestamp_ms=milliseconds, headers=list(headers)
        )
        return sent

    return send


async def recall(settings: Settings, memory: Memory, saved: dict[str, Saved]) -> dict[str, str]:
    """Fill `memory` from the tail of `tweets`; returns each source's newest cursor found there.

    The tail begins at the saved offsets of the sources, and at least `TAIL` records before each partition's end.
    """
    newest: dict[str, tuple[int, str]] = {}
    async with kafka_log.consumer(settings, TWEETS) as client:
        bounds = await kafka_log.bounds_of(client)
        tail = {partition: _tail_of(partition, bound, saved) for partition, bound in bounds.items()}
        async for records in kafka_log.read(client, tail):
            for record in records:
                name, cursor = _text_of(record.header("source")), _text_of(record.header("cursor"))
                if name is None:
                    continue
                _recall_one(record.value, memory)
                if cursor is not None and newest.get(name, (-1, ""))[0] <= record.timestamp:
                    newest[name] = (record.timestamp, cursor)
    return {name: cursor for name, (_time, cursor) in newest.items()}


def _tail_of(partition: TopicPartition, bound: kafka_log.Bounds, saved: dict[str, Saved]) -> kafka_log.Bounds:
    known = [state.offsets[partition.partition] for state in saved.values() if partition.partition in state.offsets]
    start = min([bound.end - TAIL, *known])
    return kafka_log.Bounds(max(bound.start, min(start, bound.end)), bound.end)


def _text_of(header: bytes | None) -> str | None:
    """A header's words; None for bytes that are none: anyone may produce to `tweets`."""
    try:
        return None if header is None else header.decode()
    except UnicodeDecodeError:
        return None


def _recall_one(value: bytes | None, memory: Memory) -> None:
    try:
        memory.remember(wire.decode_post(value))
    except wire.PoisonError:
        return  # somebody else's record with our header: the embed stage buries it
