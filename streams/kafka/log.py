"""Bulk reads and writes of the log with aiokafka: ingest, week slices, replay and rebuilds.

Nothing here joins a consumer group or commits an offset, so reading does not disturb the live stages. A range is fixed
before it is read: it ends at the offsets that the partitions had at the start of the call.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from streams.kafka.record import Record
from streams.kafka.topics import COMMUNITIES, Topic
from streams.settings import Settings, of_installation

FETCH_RECORDS = 5_000
LONGEST_START = 5.0  # seconds that a cancelled caller waits for a client
EMBED = "embed"  # the stage that serves all communities
MAX_MESSAGE_BYTES = 8 * 1024**2
MAX_REQUEST_BYTES = 12 * 1024**2  # the largest record as a dead letter, in base64
# Kafka 4 refuses a record that is more than an hour ahead of its clock, together with its whole batch; the other half
# hour is for clocks that differ
MOST_AHEAD = timedelta(minutes=30)


# what a producer took back (an aborted transaction) was never written
ISOLATION = "read_committed"


class SettingError(OSError):
    """A connection setting that cannot work; the message names it."""


@dataclass(frozen=True)
class Bounds:
    """Offsets of one partition."""

    start: int  # the first offset to read
    end: int  # the first offset that is not read


def topic_name(settings: Settings, topic: Topic) -> str:
    """The topic's name on the broker. The list of communities is one for all of them."""
    return (of_installation(settings) if topic is COMMUNITIES else settings).prefix + topic.name


def group_name(settings: Settings, stage: str) -> str:
    """The name of a stage's consumer group on the broker. One embed stage reads the posts of all communities."""
    return f"{(of_installation(settings) if stage == EMBED else settings).prefix}toptopics-{stage}"


def record_time(moment: datetime, now: datetime) -> datetime:
    """The time for a record about `moment`: `moment` itself, or the latest time that every broker accepts."""
    return min(moment, now + MOST_AHEAD)


def connection(settings: Settings) -> dict[str, Any]:
    """aiokafka's connection options.

    Raises:
        ValueError: No broker is configured.
        SettingError: The certificate file is unusable.
    """
    if settings.kafka_bootstrap_servers is None:
        raise ValueError("no Kafka broker is configured: set KAFKA_BOOTSTRAP_SERVERS or run `toptopics up`")
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if "SSL" in settings.kafka_security_protocol:
        options["ssl_context"] = ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": password.get_secret_value() if password else None,
        }
    return options


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """A context that checks certificates against the configured authority, else the system's.

    Raises:
        SettingError: The certificate file is unusable.
    """
    cafile = settings.kafka_ssl_cafile
    try:
        return ssl.create_default_context(cafile=None if cafile is None else str(cafile))
    except OSError as error:  # the error of ssl does not name the file
        raise SettingError(f"TOPTOPICS_KAFKA_SSL_CAFILE {cafile} is unusable: {error}") from error


async def started(client: AIOKafkaConsumer | AIOKafkaProducer | AIOKafkaAdminClient) -> None:
    """Start a client. A cancelled caller waits for the end of the start, which leaves its connection open otherwise."""
    starting = asyncio.ensure_future(client.start())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await asyncio.wait([starting], timeout=LONGEST_START)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise


@asynccontextmanager
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    """An idempotent producer; it is flushed at exit."""
    client = AIOKafkaProducer(
        **connection(settings),
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=20,
        max_request_size=MAX_REQUEST_BYTES,
        max_batch_size=256 * 1024,
        request_timeout_ms=60_000,
    )
    backoff_metadata(client.client)
    try:
        await started(client)  # inside: a broker that refuses us leaves connections to close
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def consumer(settings: Settings, topic: Topic) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of one topic without a group: assign, seek, read. It never commits.

    Raises:
        UnknownTopicOrPartitionError: The broker does not have the topic (an error of aiokafka).
    """
    client = AIOKafkaConsumer(
        topic_name(settings, topic),  # named here only to load its metadata
        **connection(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level=ISOLATION,
        max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
        fetch_max_bytes=4 * MAX_MESSAGE_BYTES,
        check_crcs=False,
    )
    try:
        await started(client)  # inside `try`: a broker that refuses us leaves connections to close
        yield client
    finally:
        await client.stop()


def partitions_of(client: AIOKafkaConsumer) -> list[TopicPartition]:
    """The partitions of the consumer's topic, in order."""
    return sorted(client.assignment())


async def bounds_of(client: AIOKafkaConsumer, *, since: datetime | None = None) -> dict[TopicPartition, Bounds]:
    """The range from the first record at or after `since` (default: the earliest kept) to the present end."""
    partitions = partitions_of(client)
    starts: Mapping[TopicPartition, int] = await client.beginning_offsets(partitions)
    ends: Mapping[TopicPartition, int] = await client.end_offsets(partitions)
    if since is not None:
        milliseconds = max(0, int(since.timestamp() * 1000))
        found = await client.offsets_for_times(dict.fromkeys(partitions, milliseconds))
        starts = {
            partition: found[partition].offset if found[partition] is not None else ends[partition]
            for partition in partitions
        }
    return {partition: Bounds(starts[partition], ends[partition]) for partition in partitions}


async def read(client: AIOKafkaConsumer, bounds: Mapping[TopicPartition, Bounds]) -> AsyncIterator[list[Record]]:
    """Every record inside `bounds`, in lists, in order within a partition. Call it once for each consumer."""
    position = {partition: bound.start for partition, bound in bounds.items() if bound.start < bound.end}
    if not position:
        return
    for partition in client.assignment():
        if partition in position:
            client.seek(partition, position[partition])
        else:
            client.pause(partition)
    while position:
        batches = await client.getmany(*position, timeout_ms=1000, max_records=FETCH_RECORDS)
        for partition, messages in batches.items():
            end = bounds[partition].end
            records = [Record.of_message(message) for message in messages if message.offset < end]
            if records:
                yield records
        # compacted logs have gaps, so the position decides the end, not the offset of the last record
        for partition in list(position):
            if await client.position(partition) >= bounds[partition].end:
                client.pause(partition)
                del position[partition]


async def read_topic(settings: Settings, topic: Topic, *, since: datetime | None = None) -> AsyncIterator[list[Record]]:
    """The whole topic, or from `since` on, to its present end."""
    async with consumer(settings, topic) as client:
        bounds = await bounds_of(client, since=since)
        async for records in read(client, bounds):
            yield records


async def end_offsets(settings: Settings, topic: Topic) -> dict[int, int]:
    """partition -> the offset of its next record."""
    async with consumer(settings, topic) as client:
        return {known.partition: bound.end for known, bound in (await bounds_of(client)).items()}


async def any_record(settings: Settings, topic: Topic, partition: int, start: int, end: int) -> bool:
    """Whether the partition has a record between two offsets.

    Args:
        settings: Brokers and prefix.
        topic: The topic.
        partition: Number of the partition.
        start: First offset.
        end: Last offset (exclusive).
    """
    async with consumer(settings, topic) as client:
        kept = {known.partition: (known, bound) for known, bound in (await bounds_of(client)).items()}
        known, bound = kept[partition]
        async for records in read(client, {known: Bounds(max(start, bound.start), end)}):
            if records:
                return True
    return False


PAUSE_SECONDS = 0.1  # aiokafka's own `retry_backoff_ms`, which its metadata loop does not use


def backoff_metadata(client: Any) -> None:
    """Add a pause to the metadata loop of a producer's AIOKafkaClient, which otherwise asks an unreachable broker in a
    busy loop.
    """
    ask = client.force_metadata_update

    async def with_pause(answer: Awaitable[bool]) -> bool:
        answered = await answer
        if not answered:
            await asyncio.sleep(PAUSE_SECONDS)
        return answered

    def ask_patiently() -> Awaitable[bool]:
        return asyncio.ensure_future(with_pause(ask()))

    client.force_metadata_update = ask_patiently
