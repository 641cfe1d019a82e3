"""Broker, Redis and workers of one run, and how each fault is done to them."""

import asyncio
import contextlib
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.kafka.log import producer
from streams.local.errors import LocalServiceError
from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer
from streams.redis_store.client import connect
from streams.runtime.gap_detection import GapError
from streams.settings import Settings
from tests.integration.faults.posts import START, Produced, poison, spare
from tests.integration.faults.progress import stage_processes
from tests.integration.faults.schedule import Fault
from tests.integration.faults.snapshots import Backup
from tests.integration.faults.stage_process import DRAINED, FIRED, FOLLOWED, OWNER, SKEW
from tests.integration.faults.takeover import take_over
from tests.integration.pipeline import WorkerProcess

ARMED = {
    **{"kill at": "kill", "raise": "raise", "hang": "hang", "full disk": "full"},
    **{"drain": "terminate", "flush in a batch": "flush", "forget queue": "forget"},
}
STOPPED_SECONDS = {"stop broker": 60.0, "stop redis": 20.0}  # others are back after `down_seconds`


class FaultyWorker(WorkerProcess):
    """A worker whose stages can be told to fail."""

    def __init__(self, settings: Settings, log: Path, stages: Sequence[str], faults: Path, **environment: str) -> None:
        super().__init__(settings, log, ",".join(stages), FAULTS=str(faults), **environment)
        self._arguments = [sys.executable, "-m", "tests.integration.faults.worker", ",".join(stages)]


@dataclass
class World:
    """The parts of a run. A stopped service is away for `down_seconds`."""

    settings: Settings
    folder: Path
    stages: Sequence[str]
    seed: int
    broker: KafkaBroker | None = None
    redis: RedisServer | None = None
    down_seconds: float = 3.0
    environment: dict[str, str] = field(default_factory=dict)
    sent: list[Produced] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)  # duration of each orderly stop of a worker
    takeovers: list[tuple[str, float | None]] = field(default_factory=list)  # way in which the writer was lost; seconds
    disorderly: list[str] = field(default_factory=list)  # stops that were not orderly, which should never happen
    done: list[Fault] = field(default_factory=list)
    outages: int = 0

    def __post_init__(self) -> None:
        self.faults.mkdir(parents=True, exist_ok=True)
        self.chance = random.Random(self.seed)
        self.backup = Backup(self.settings.data_dir / "snapshots")
        self.worker = self._new_worker("worker")
        self._extra: list[WorkerProcess] = []

    @property
    def faults(self) -> Path:
        """Folder of the armed faults."""
        return self.folder / "faults"

    def fired(self) -> list[str]:
        """Every armed fault that has happened."""
        log = self.faults / FIRED
        return log.read_text().splitlines() if log.exists() else []

    def drained(self) -> set[str]:
        """Stages that were stopped during a batch and finished it before they ended."""
        log = self.faults / DRAINED
        return set(log.read_text().split()) if log.exists() else set()

    def followed(self) -> int:
        """How many gaps were followed by a later record before the process ended for another reason."""
        log = self.faults / FOLLOWED
        return len(log.read_text().splitlines()) if log.exists() else 0

    def unfired(self) -> list[str]:
        """Armed faults that have not happened."""
        told = (".log", ".pid", SKEW[SKEW.index(".") :], OWNER)
        return [path.name for path in self.faults.iterdir() if path.suffix not in told]

    def holes(self) -> int:
        """How often a stage ended because it did not receive a record."""
        return sum(log.read_text().count(f'"error": "{GapError.__name__}') for log in self.folder.glob("worker*.log"))

    def spare(self, count: int) -> list[Produced]:
        """Posts in addition to the flow, of its newest time."""
        at = next((record.time for record in reversed(self.sent) if record.time is not None), START)
        return [spare(len(self.sent) + number, at) for number in range(count)]

    def _new_worker(self, name: str) -> FaultyWorker:
        return FaultyWorker(self.settings, self.folder / f"{name}.log", self.stages, self.faults, **self.environment)

    async def produce(self, records: Sequence[Produced], rate: float | None = None) -> None:
        """Produce until the broker has all records, through any fault. Unconfirmed records are sent again."""
        waiting = list(records)
        while waiting:
            try:
                async with producer(self.settings) as client:
                    while waiting:
                        await _send(client, self.settings, waiting[:200])
                        self.sent += waiting[:200]
                        del waiting[:200]
                        if rate:
                            await asyncio.sleep(200 / rate)
            except (KafkaError, OSError):
                await asyncio.sleep(0.5)

    async def cause(self, fault: Fault, now: datetime) -> None:
        """Cause the fault, and wait for its end if it has one."""
        self.done.append(fault)
        self.backup.take()
        if fault.kind == "poison":
            await self.produce([poison(fault.target, len(self.sent), now)])
        elif fault.kind in ARMED:
            (self.faults / f"{fault.target}.{fault.place}").write_text(ARMED[fault.kind])
        elif fault.kind == "clock skew":
            (self.faults / SKEW).write_text(fault.target)
        elif fault.kind.endswith(" stage"):
            await self._signal_stage(fault)
        elif fault.kind.endswith(" worker"):
            await self._worker(fault.kind)
        elif fault.kind == "take over":
            async with self._second_worker():
                self.takeovers.append((fault.target, await take_over(self, fault.target)))
        elif fault.kind.endswith(" snapshot") or fault.kind.endswith(" snapshots"):
            self._snapshots(fault.kind)
        else:
            await self._service(fault.kind)

    async def _signal_stage(self, fault: Fault) -> None:
        processes = [process for name, process in stage_processes(self.faults) if name == fault.target]
        if not processes:
            return
        process = self.chance.choice(processes)
        with contextlib.suppress(psutil.Error):
            if fault.kind == "pause stage":
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(self.down_seconds)
                process.send_signal(signal.SIGCONT)
            else:
                process.send_signal(signal.SIGKILL if fault.kind == "kill stage" else signal.SIGTERM)

    async def _worker(self, kind: str) -> None:
        if kind == "second worker":
            async with self._second_worker():
                await asyncio.sleep(2 * self.down_seconds)  # it takes its share, or stands by
        elif kind == "kill worker":
            await asyncio.to_thread(self.worker.kill)
            self._start()
        else:
            await _until(lambda: "stage starts" in self.worker.log_lines(), 120)
            await self._stop(self.worker)
            self._start()

    @contextlib.asynccontextmanager
    async def _second_worker(self) -> AsyncIterator[None]:
        other = self._new_worker(f"worker-{len(self.done)}")
        other.start()
        self._extra.append(other)
        await _until(lambda: other.log_lines().count("stage starts") >= len(self.stages), 120)
        try:
            yield
        finally:
            await self._stop(other)

    def _start(self) -> None:
        """A new log each time, so that a start can be found in it."""
        self.worker = self._new_worker(f"worker-{len(self.done)}")
        self.worker.start()

    async def _stop(self, worker: WorkerProcess) -> None:
        started = time.monotonic()
        code = await asyncio.to_thread(worker.stop)
        self.stops.append(time.monotonic() - started)
        if code != 0:
            self.disorderly.append(f"a worker ended with {code} after SIGTERM: {worker.log_lines()[-3000:]}")

    def _snapshots(self, kind: str) -> None:
        change = {
            "damage snapshot": self.backup.damage,
            "drop snapshots": self.backup.drop,
            "older snapshot": self.backup.put_back,
        }[kind]
        change()
        for name, process in stage_processes(self.faults):  # so that it is read
            if name == "assign":
                with contextlib.suppress(psutil.Error):
                    process.kill()

    async def _service(self, kind: str) -> None:
        if kind == "flush redis":
            database = connect(str(self.settings.redis_url), connections=1)
            try:
                await database.call("FLUSHALL")
            finally:
                await database.aclose()
            return
        service = self.broker if kind.endswith("broker") else self.redis
        if service is None:
            raise AssertionError(f"{kind}: this run has no service of its own")
        await asyncio.to_thread(service.kill if kind.startswith("kill") else service.stop)
        self.outages += 1
        await asyncio.sleep(STOPPED_SECONDS.get(kind, self.down_seconds))
        for _ in range(3):  # a busy machine may not start it in time
            with contextlib.suppress(LocalServiceError):
                await asyncio.to_thread(service.start)
                return
        raise AssertionError(f"{kind}: it does not come back")

    async def close(self) -> None:
        """Stop all workers."""
        for worker in [self.worker, *self._extra]:
            await asyncio.to_thread(worker.stop)


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.1)


async def _send(client: AIOKafkaProducer, settings: Settings, records: Sequence[Produced]) -> None:
    confirmations = [
        await client.send(
            settings.prefix + record.topic,
            key=record.key,
            value=record.value,
            timestamp_ms=None if record.time is None else int(record.time.timestamp() * 1000),
        )
        for record in records
    ]
    await asyncio.gather(*confirmations)
