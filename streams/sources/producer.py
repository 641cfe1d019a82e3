"""Sends posts to `tweets` and unparsable records to `dead-letters`, and waits for the broker's acknowledgement.

* Key: author id. Value: bytes of `models.events.wire`. Record time: the post's time; for a deletion, its own time.

* Headers: `source`, and `cursor`, up to which all records were acknowledged when this record was sent. A restart can
  safely resume from it, and reads from the headers which posts exist already.
"""

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from models.events import DeadLetter, Deletion, Tweet, wire
from streams.kafka import log as kafka_log
from streams.kafka.topics import DEAD_LETTERS, TWEETS
from streams.ports import Send
from streams.settings import Settings
from streams.sources.cursors import Saved
from streams.sources.port import Bad
from streams.sources.sent_posts import SentPosts
from streams.stages.post_time import time_of

TAIL = 50_000  # minimum number of records per partition to read back
STAGE = "source"
MAX_CURSOR = 1_000  # timelines of many people have longer cursors: those are in the file only


class Delivery:
    """Buffers records into the producer; `flush` waits for the acknowledgements and returns the end offsets on
    `tweets`.
    """

    def __init__(self, send: Send, source: str) -> None:
        self._send = send
        self._source = source
        self._pending: deque[Awaitable[Any]] = deque()
        self.offsets: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._pending)

    async def post(self, post: Tweet | Deletion, safe_cursor: str | None, now: datetime) -> None:
        """Pass one post or tombstone to the producer."""
        headers = [("source", self._source.encode())]
        if safe_cursor is not None and len(safe_cursor) <= MAX_CURSOR:
            headers.append(("cursor", safe_cursor.encode()))
        # the broker rejects records from the future; the embed stage makes them dead letters
        when = min(now, time_of(post))
        confirmation = await self._send(
            TWEETS.name, key=post.author_id.encode(), value=wire.encode(post), timestamp=when, headers=headers
        )
        self._pending.append(confirmation)

    async def bad(self, bad: Bad, at: datetime) -> None:
        """Pass one unusable record to `dead-letters`."""
        letter = DeadLetter(
            stage=STAGE,
            reason=bad.reason[:1_000],
            record=base64.b64encode(bad.record).decode("ascii"),
            source=self._source,
            at=at,
        )
        self._pending.append(await self._send(DEAD_LETTERS.name, key=STAGE.encode(), value=wire.encode(letter)))

    async def flush(self) -> None:
        """Wait until the broker acknowledged all records; raises its error if it rejects one."""
        for _ in range(len(self._pending)):
            # shielded, and cleared only afterwards: a cancelled flush must leave no record unconfirmed
            metadata = await asyncio.shield(self._pending[0])
            self._pending.popleft()
            if metadata is not None and getattr(metadata, "topic", "").endswith(TWEETS.name):
                self.offsets[metadata.partition] = metadata.offset + 1


async def recall(settings: Settings, memory: SentPosts, saved: dict[str, Saved]) -> dict[str, str]:
    """Fill `memory` from the tail of `tweets`, and return each source's newest cursor in it.

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
    """Decode a header; None for bytes that are not text, because any client may write to `tweets`."""
    try:
        return None if header is None else header.decode()
    except UnicodeDecodeError:
        return None


def _recall_one(value: bytes | None, memory: SentPosts) -> None:
    try:
        memory.remember(wire.decode_post(value))
    except wire.PoisonError:
        return  # another producer's record with our header: the embed stage makes it a dead letter
