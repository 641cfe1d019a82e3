"""The real pipeline under test: topics on a real broker, a real worker process, and an audit of the log.

The hash encoder makes it fast; everything else is the product.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from models.events import Assignment, DeadLetter, Deletion, Tweet
from models.events.wire import decode, encode
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.log import producer, read_topic, topic_name
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, DEAD_LETTERS, TWEETS, Topic
from streams.settings import Settings, load_settings
from streams.stages.table import STAGE_NAMES

T = TypeVar("T")
ALL_STAGES = ",".join(STAGE_NAMES)


@dataclass(frozen=True)
class Audit:
    """The outcomes of the records of `tweets`, counted from the topics."""

    produced: int
    outcomes: Counter[str]
    placed: int  # assigned posts that have a topic; slight posts have none, and no view shows them
    lost: list[str]
    twice: list[str]


class RunningWorker(Protocol):
    """The part of `subprocess.Popen` that is used."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def send_signal(self, sign: signal.Signals) -> None: ...
    def wait(self, timeout: float) -> int: ...


class WorkerProcess:
    """`toptopics worker` as a user starts it."""

    def __init__(self, settings: Settings, log: Path, stages: str = ALL_STAGES, **environment: str) -> None:
        self._log = log
        self._arguments = [sys.executable, "-m", "streams.cli", "worker", "--stages", stages]
        self.environment = {
            "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
            "REDIS_URL": str(settings.redis_url),
            "TOPTOPICS_PREFIX": settings.prefix,
            "TOPTOPICS_DATA_DIR": str(settings.data_dir),
            "TOPTOPICS_ENCODER": settings.encoder,
            "TOPTOPICS_WEEK_IDLE_SECONDS": str(settings.week_idle_seconds),
            "TOPTOPICS_LOG_FORMAT": "json",
            **environment,
        }
        self.process: RunningWorker | None = None

    def start(self) -> None:
        """Start it. Its log lines are appended to the log file."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._arguments, env=os.environ | self.environment, stdin=subprocess.DEVNULL, stderr=log
            )

    def kill(self) -> None:
        """As `kill -9` does."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._signal(signal.SIGTERM)

    def log_lines(self) -> str:
        """All log lines of its processes."""
        return self._log.read_text(errors="replace")

    def _signal(self, sign: signal.Signals) -> int:
        code = -1 if self.process is None else self.process.poll()
        if self.process is None or code is not None:
            return -1 if code is None else code
        self.process.send_signal(sign)
        return self.process.wait(timeout=180)


@asynccontextmanager
async def pipeline_settings(
    kafka: str, redis: str, prefix: str, folder: Path, *, partitions: int = TWEETS.partitions
) -> AsyncIterator[Settings]:
    """Settings for a prefix whose topics exist. `partitions` is the number for `tweets`."""
    settings = load_settings(
        kafka_bootstrap_servers=kafka,
        redis_url=redis,
        prefix=prefix,
        data_dir=folder,
        encoder="hash",
        week_idle_seconds=3.0,
    )
    await ensure_topics(settings, (replace(TWEETS, partitions=partitions),))
    await ensure_topics(settings)
    yield settings


async def produce(settings: Settings, values: Sequence[Tweet | Deletion | bytes | None]) -> None:
    """Send records to `tweets`, in order. Bytes are sent unchanged."""
    async with producer(settings) as client:
        for value in values:
            await client.send(
                topic_name(settings, TWEETS),
                key=b"poison" if value is None or isinstance(value, bytes) else value.author_id.encode(),
                value=value if value is None or isinstance(value, bytes) else encode(value),
                timestamp_ms=_time(value),
            )
        await client.flush()


def _time(value: Tweet | Deletion | bytes | None) -> int | None:
    if isinstance(value, Tweet):
        return int(value.created_at.timestamp() * 1000)
    return int(value.deleted_at.timestamp() * 1000) if isinstance(value, Deletion) else None


async def records_of(settings: Settings, topic: Topic) -> list[Record]:
    """The whole topic."""
    return [record async for records in read_topic(settings, topic) for record in records]


async def audit(settings: Settings) -> Audit:
    """Check that every record of `tweets` has exactly one assignment, duplicate, deletion or dead letter.

    At-least-once delivery may write the same outcome twice: equal bytes count as one.
    """
    origins = {record.origin for record in await records_of(settings, TWEETS)}
    found: dict[str, set[bytes]] = {}
    outcomes: dict[str, str] = {}
    placed: set[str] = set()
    for record in await records_of(settings, ASSIGNMENTS):
        assignment = decode(record.value, Assignment)
        found.setdefault(assignment.origin, set()).add(record.value or b"")
        outcomes[assignment.origin] = assignment.outcome
        if assignment.outcome == "assigned" and assignment.topic_id is not None:
            placed.add(assignment.origin)
    tweets = topic_name(settings, TWEETS)
    for record in await records_of(settings, DEAD_LETTERS):
        letter = decode(record.value, DeadLetter)
        if letter.topic == tweets:
            origin = f"{letter.partition}:{letter.offset}"
            found.setdefault(origin, set()).add(b"dead letter")
            outcomes[origin] = "dead letter"
    return Audit(
        produced=len(origins),
        outcomes=Counter(outcomes[origin] for origin in origins if origin in outcomes),
        placed=len(placed),
        lost=sorted(origins - set(found)),
        twice=sorted(origin for origin, values in found.items() if len(values) > 1),
    )


async def until_accounted(settings: Settings, worker: WorkerProcess, seconds: float = 240) -> Audit:
    """Wait until nothing is missing. Fails with the worker's last log lines."""

    async def settled() -> Audit | None:
        now = await audit(settings)
        return now if not now.lost else None

    return await _until(settled, worker, seconds)


async def until_digests(
    settings: Settings, weeks: Sequence[str], worker: WorkerProcess, seconds: float = 480
) -> dict[str, PublishedDigest]:
    """Wait until these weeks are closed."""

    async def closed() -> dict[str, PublishedDigest] | None:
        found = await read_digests(settings)
        return found if set(weeks) <= set(found) else None

    return await _until(closed, worker, seconds)


async def _until(check: Callable[[], Awaitable[T | None]], worker: WorkerProcess, seconds: float) -> T:
    end = time.monotonic() + seconds
    while True:
        found = await check()
        if found is not None:
            return found
        if time.monotonic() > end:
            raise AssertionError("not in time; the worker's log ends:\n" + worker.log_lines()[-4000:])
        await asyncio.sleep(0.5)
