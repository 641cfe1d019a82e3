"""For tests of the embedded broker and Redis: what they hold, who they are, and a starter in a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.local.processes import Record, read_record
from streams.system.tcp import split_address
from tests.support.paths import ROOT

_STARTER = """
import sys, time
from pathlib import Path
from streams.local.services import running_services
with running_services(Path(sys.argv[1])) as services:
    print(services.kafka, services.redis, flush=True)
    time.sleep(600)
"""


def eventually(condition: Callable[[], bool], seconds: float = 180.0) -> bool:
    """Whether it came true; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def record_of(data_dir: Path, name: str) -> Record:
    """Who runs as service `name`."""
    record = read_record(data_dir / name / "running.json")
    assert record is not None
    return record


def environment(data_dir: Path) -> dict[str, str]:
    """This one with no address given and a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL")}
    return {**kept, "TOPTOPICS_DATA_DIR": str(data_dir)}


@contextmanager
def started_elsewhere(data_dir: Path) -> Iterator[tuple["subprocess.Popen[str]", str, str]]:
    """Services started by a process that leads its own group: that process, Kafka's and Redis' address."""
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(data_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            kafka, redis = process.stdout.readline().split()
            yield process, kafka, redis
        finally:
            process.kill()


async def create(bootstrap: str, topic: str, **security: Any) -> None:
    """A topic of one partition."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, values: list[bytes], **security: Any) -> None:
    """Put `values` there, with a time of May 2021 as in a backfill."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, max_request_size=1 << 24, **security
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, timestamp_ms=1_620_000_000_000)


async def consume(bootstrap: str, topic: str, count: int, **security: Any) -> list[bytes]:
    """The first `count` values there."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=1 << 25, **security) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]


async def brokers(bootstrap: str) -> int:
    """How many are in that cluster."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return len((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()


def redis_says(url: str, command: str) -> bytes:
    """One inline command to Redis, without a client library."""
    with socket.create_connection(split_address(url), timeout=10) as connection:
        connection.sendall(command.encode() + b"\r\n")
        return connection.recv(4096)
