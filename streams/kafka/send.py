"""`streams.ports.Send` on a Kafka producer, and the publishing of a digest through it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from aiokafka import AIOKafkaProducer

from models.events.wire import encode
from streams.clock import system_clock
from streams.kafka.digests import PublishedDigest
from streams.kafka.log import producer, record_time
from streams.kafka.topics import DIGESTS, DIGESTS_EDITED, EMBEDDED
from streams.ports import Headers, Send
from streams.settings import Settings


@asynccontextmanager
async def kafka_send(settings: Settings) -> AsyncIterator[Send]:
    """A `Send` on an idempotent producer of its own; the producer is flushed at exit."""
    async with producer(settings) as client:

        async def started() -> AIOKafkaProducer:
            return client

        yield sender(settings.prefix, started)


def sender(prefix: str, client: Callable[[], Awaitable[AIOKafkaProducer]]) -> Send:
    """Return a `Send` that prefixes topics and dates no record further ahead than a broker takes.

    Args:
        prefix: What the names of the topics on the broker begin with.
        client: Returns the started producer; called for each record.
    """

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
            milliseconds = max(0, int(record_time(timestamp, system_clock()).timestamp() * 1000))
        confirmation: Awaitable[object] = await (await client()).send(
            prefix + topic, value=value, key=key, timestamp_ms=milliseconds, headers=list(headers)
        )
        return confirmation

    return send


async def publish_digest(send: Send, entry: PublishedDigest, taught: bytes = b"", *, again: bool = False) -> None:
    """Send a digest after what its refit teaches the live topics, and wait until the broker has stored each.

    A correction first withdraws what a language model wrote about the digest that it replaces.

    Args:
        send: Produces a record.
        entry: The digest with its headers.
        taught: The refit's WeekTopics, encoded; empty when there is nothing new to learn. They go among the posts, so
            that the live topics stay a function of that log.
        again: Whether the same digest is on the log already, with other headers.
    """
    key, end = entry.digest.week.encode(), entry.digest.end
    if taught:
        await (await send(EMBEDDED.name, key=key, value=taught, timestamp=end))
    if entry.supersedes is not None and not again:
        await (await send(DIGESTS_EDITED.name, key=key, value=None, timestamp=end))
    await (await send(DIGESTS.name, key=key, value=encode(entry.digest), timestamp=end, headers=entry.headers()))
