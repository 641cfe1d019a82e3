"""Broker, Redis and workers of one run, and how each fault is done to them."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.kafka.log import producer
from streams.kafka.record import Record
from streams.kafka.topics import EMBEDDED
from streams.local.errors import LocalServiceError
from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer
from streams.local.service import LocalService
from streams.redis_store.client import connect
from streams.runtime.gap_detection import GapError
from streams.settings import Settings
from tests.integration.faults.kinds import KINDS
from tests.integration.faults.nursery import FaultyWorker, Nursery
from tests.integration.faults.posts import Produced, extra, newest_time, poison
from tests.integration.faults.progress import stage_processes
from tests.integration.faults.schedule import Fault
from tests.integration.faults.snapshots import Backup
from tests.integration.faults.stage_process import DRAINED, FIRED, FOLLOWED, OWNER, SKEW
from tests.integration.faults.takeover import take_over
from tests.integration.pipeline import WorkerProcess, records_of

ARMED = {
    **{"kill at": "kill", "raise": "raise", "hang": "hang", "full disk": "full"},
    **{"drain": "terminate", "flush in a batch": "flush", "forget queue": "forget"},
}
PORTION = 300  # records that one producer sends
PRODUCE_SECONDS = 150.0  # far longer than any outage
FAULT_SECONDS = 600.0  # longer than a fault's own limits together
STOPPED_SECONDS = {"stop broker": 45.0, "stop redis": 15.0}  # others are back after `down_seconds`


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
    trimmed: dict[int, Record] = field(default_factory=dict)  # offset -> what `tweets.embedded` had before it was cut
    commands: list["asyncio.Task[None]"] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)  # where each producer waited that had to be given up
    said: list[str] = field(default_factory=list)  # how each command ended

    def __post_init__(self) -> None:
        self.faults.mkdir(parents=True, exist_ok=True)
        self.chance = random.Random(self.seed)
        self.backup = Backup(self.settings.data_dir / "snapshots")
        self.nursery = Nursery(self.folder / "workers")
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
        return [extra(8_000_000 + len(self.sent) + number, newest_time(self.sent)) for number in range(count)]

    async def embedded(self) -> list[Record]:
        """`tweets.embedded` as it was before any trim."""
        here = {record.offset: record for record in await records_of(self.settings, EMBEDDED)}
        return [record for _, record in sorted((self.trimmed | here).items())]

    def command_environment(self) -> dict[str, str]:
        """For `toptopics` commands of this installation."""
        return os.environ | self.worker.environment | {"FAULTS": ""}

    def strangers(self) -> list[str]:
        """Processes of this installation, besides broker and Redis: after `close` there should be none."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("TOPTOPICS_DATA_DIR") == str(self.settings.data_dir):
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
        return found

    def service(self, kind: str) -> LocalService:
        """The service whose name ends the kind."""
        service = self.broker if kind.endswith("broker") else self.redis
        if service is None:
            raise AssertionError(f"{kind}: this run has no service of its own")
        return service

    def _new_worker(self, name: str) -> FaultyWorker:
        given = self.environment | {"FAULTS": str(self.faults)}
        return FaultyWorker(self.settings, self.folder / f"{name}.log", self.stages, self.nursery, **given)

    async def produce(self, records: Sequence[Produced], pause: float = 0.0) -> None:
        """Produce until the broker has all records, through any fault. Unconfirmed records are sent again.

        Args:
            records: In order.
            pause: Seconds to wait after each portion.
        """
        for start in range(0, len(records), PORTION):
            portion = records[start : start + PORTION]
            while not await self._sent(portion):
                await asyncio.sleep(0.5)
            self.sent += portion
            await asyncio.sleep(pause)

    async def _sent(self, records: Sequence[Produced]) -> bool:
        """Whether the broker has confirmed the records; a producer that waits for ever is given up."""
        sending = asyncio.create_task(self._send(records))
        done, _ = await asyncio.wait({sending}, timeout=PRODUCE_SECONDS)
        if not done:
            self.hung.append(awaited(sending))
            sending.cancel()  # its end may hang as well
            return False
        try:
            sending.result()
        except (KafkaError, OSError):
            return False
        return True

    async def _send(self, records: Sequence[Produced]) -> None:
        async with producer(self.settings) as client:
            await _send(client, self.settings, records)

    async def cause(self, fault: Fault, now: datetime) -> bool:
        """Cause the fault, and wait for its end if it has one. Returns whether it found what it strikes."""
        self.done.append(fault)
        self.backup.take()
        causing = asyncio.create_task(self._cause(fault, now))
        done, _ = await asyncio.wait({causing}, timeout=FAULT_SECONDS)
        if not done:
            self.disorderly.append(f"{fault} did not end in {FAULT_SECONDS:.0f} s: {awaited(causing)}")
            causing.cancel()
            return False
        try:
            return causing.result()
        except (AssertionError, KafkaError, OSError) as error:  # the run goes on to its audit
            self.disorderly.append(f"{fault}: {error!r}")
            return False

    async def _cause(self, fault: Fault, now: datetime) -> bool:
        if fault.kind in KINDS:
            return await KINDS[fault.kind](self, fault)
        if fault.kind == "poison":
            await self.produce([poison(fault.target, len(self.sent), now)])
        elif fault.kind in ARMED:
            armed = self.faults / f"{fault.target}.{fault.place}"
            if armed.exists():
                return False
            armed.write_text(ARMED[fault.kind])
        elif fault.kind == "clock skew":
            (self.faults / SKEW).write_text(fault.target)
        elif fault.kind.endswith(" stage"):
            return await self._signal_stage(fault)
        elif fault.kind.endswith(" worker"):
            await self._worker(fault.kind)
        elif fault.kind == "take over":
            async with self._second_worker():
                self.takeovers.append((fault.target, await take_over(self, fault.target)))
        elif fault.kind.endswith(" snapshot") or fault.kind.endswith(" snapshots"):
            self._snapshots(fault.kind)
        else:
            await self._service(fault.kind)
        return True

    async def _signal_stage(self, fault: Fault) -> bool:
        processes = [process for name, process in stage_processes(self.faults) if name == fault.target]
        if not processes:
            return False
        process = self.chance.choice(processes)
        with contextlib.suppress(psutil.Error):
            if fault.kind == "pause stage":
                process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(self.down_seconds)
                process.send_signal(signal.SIGCONT)
            else:
                process.send_signal(signal.SIGKILL if fault.kind == "kill stage" else signal.SIGTERM)
        return True

    async def _worker(self, kind: str) -> None:
        if kind == "second worker":
            async with self._second_worker():
                await asyncio.sleep(2 * self.down_seconds)  # it takes its share, or stands by
        elif kind == "kill worker":
            await asyncio.to_thread(self.worker.kill)
            self.start()
        else:
            await _until(lambda: "stage starts" in self.worker.log_lines(), 120)
            await self.stop(self.worker)
            self.start()

    @contextlib.asynccontextmanager
    async def _second_worker(self) -> AsyncIterator[None]:
        other = self._new_worker(f"worker-{len(self.done)}")
        other.start()
        self._extra.append(other)
        await _until(lambda: other.log_lines().count("stage starts") >= len(self.stages), 120)
        try:
            yield
        finally:
            await self.stop(other)

    def start(self) -> None:
        """Start a worker, with a new log, so that its start can be found in it."""
        self.worker = self._new_worker(f"worker-{len(self.done)}")
        self.worker.start()

    async def stop(self, worker: WorkerProcess) -> None:
        """Stop a worker in order."""
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
        service = self.service(kind)
        await asyncio.to_thread(service.kill if kind.startswith("kill") else service.stop)
        await asyncio.sleep(STOPPED_SECONDS.get(kind, self.down_seconds))
        await self.bring_back(service, kind)

    async def bring_back(self, service: LocalService, kind: str) -> None:
        """Start a service again."""
        for _ in range(3):  # a busy machine may not start it in time
            with contextlib.suppress(LocalServiceError):
                await asyncio.to_thread(service.start)
                return
        raise AssertionError(f"{kind}: it does not come back")

    async def close(self) -> None:
        """Stop all workers, and wait for the commands."""
        await asyncio.gather(*self.commands)
        for worker in [self.worker, *self._extra]:
            await asyncio.to_thread(worker.stop)
        await asyncio.to_thread(self.nursery.close)


def awaited(task: "asyncio.Task[Any]") -> str:
    """The functions that a task waits in, from the outermost to the innermost."""
    names: list[str] = []
    inner: Any = task.get_coro()
    while inner is not None:
        names.append(getattr(inner, "__qualname__", repr(inner)))
        inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
    return " > ".join(names)


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
