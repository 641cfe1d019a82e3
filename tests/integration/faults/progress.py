"""Measures the time from a fault to the next assignments, and the memory of the stages.

Processes are killed and started all the time, and second workers come and go, so the sum over all processes follows the
schedule of faults. Therefore a stage's memory is that of its largest process at a moment. Its growth is the median of
the slopes between all pairs of moments (Theil and Sen), which a new process does not change.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import scipy.stats
from aiokafka.errors import KafkaError

from models.events import Assignment
from models.events.wire import decode
from streams.kafka.log import consumer
from streams.kafka.topics import ASSIGNMENTS
from streams.settings import Settings


@dataclass
class Progress:
    """Filled by `watched`."""

    reached: dict[int, int] = field(default_factory=dict)  # partition of `tweets` -> newest offset with an outcome
    largest: dict[str, int] = field(default_factory=dict)  # stage -> resident bytes
    # stage -> (seconds, resident bytes of its largest process)
    samples: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))

    def slopes(self) -> dict[str, float]:
        """Growth of each stage in bytes a minute, without the first third, in which caches fill."""
        return {stage: _slope(samples[len(samples) // 3 :]) for stage, samples in sorted(self.samples.items())}

    async def wait_past(self, ends: dict[int, int], seconds: float) -> float | None:
        """Seconds until an outcome at or behind `ends` appears; None after the time limit."""
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            if any(self.reached.get(partition, -1) >= end for partition, end in ends.items()):
                return time.monotonic() - started
            await asyncio.sleep(0.1)
        return None


@contextlib.asynccontextmanager
async def watched(settings: Settings, faults: Path) -> AsyncIterator[Progress]:
    """Follow `assignments` and the memory of the stages until the end of the block."""
    progress = Progress()
    tasks = [asyncio.create_task(_follow(settings, progress)), asyncio.create_task(_measure(faults, progress))]
    try:
        yield progress
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(settings: Settings, progress: Progress) -> None:
    while True:
        try:
            async with consumer(settings, ASSIGNMENTS) as client:
                await client.seek_to_beginning()
                while True:
                    for messages in (await client.getmany(timeout_ms=500)).values():
                        for message in messages:
                            partition, offset = map(int, decode(message.value, Assignment).origin.split(":"))
                            progress.reached[partition] = max(offset, progress.reached.get(partition, -1))
        except (KafkaError, OSError):  # the broker is down, which is part of the test
            await asyncio.sleep(0.5)


async def _measure(faults: Path, progress: Progress) -> None:
    started = time.monotonic()
    while True:
        now: dict[str, int] = {}
        for name, process in stage_processes(faults):
            with contextlib.suppress(psutil.Error):
                now[name] = max(process.memory_info().rss, now.get(name, 0))
        for name, resident in now.items():
            progress.largest[name] = max(resident, progress.largest.get(name, 0))
            progress.samples[name].append((time.monotonic() - started, resident))
        await asyncio.sleep(2.0)


def _slope(samples: list[tuple[float, int]]) -> float:
    if len(samples) < 3:
        return 0.0
    seconds, values = zip(*samples, strict=True)
    return 60 * float(scipy.stats.theilslopes(values, seconds).slope)


def stage_processes(folder: Path) -> list[tuple[str, psutil.Process]]:
    """(stage, process) of this run's stages, by the log lines of their start."""
    found = []
    for path in folder.glob("*.pid"):
        stage, _, number = path.stem.rpartition("-")
        try:
            found.append((stage, psutil.Process(int(number))))
        except psutil.NoSuchProcess:
            path.unlink(missing_ok=True)
    return found
