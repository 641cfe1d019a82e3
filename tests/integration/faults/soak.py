"""`make soak`: minutes at a share of the throughput measured before, and whether lag and memory stay flat.

    python -m tests.integration.faults.soak --minutes 10 --share 0.8 --encoder minilm

It runs its own broker, Redis and worker with the default settings and without faults. First a burst is timed until its
last post is assigned. Then posts arrive evenly at `share` of that rate, with five days of event time in all (no week
closes: a refit is another measurement). Slopes are by least squares over the last half, because caches fill at first.
Exit code 1 means that a post was lost or counted twice. People judge the lines of the table, because other programs
share the machine.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from streams.kafka.lag import lag_of
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import TWEETS
from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer
from streams.redis_store.client import connect
from streams.settings import Settings
from tests.integration.faults.examine import Examination, examine
from tests.integration.faults.posts import Produced, flow
from tests.integration.faults.settling import INPUTS, until_settled
from tests.integration.pipeline import ALL_STAGES, WorkerProcess, pipeline_settings

STAGES = tuple(ALL_STAGES.split(","))
SAMPLE_SECONDS = 5.0
STEP_SECONDS = 0.2
DAYS = 5.0
ORIGINALS = 0.6  # the rest repeat one of the last posts, so that, as in a real month, their vectors come from the cache


@dataclass
class Samples:
    """The measurements during the run: name -> (seconds, value)."""

    values: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, seconds: float, value: float) -> None:
        """Add a measurement."""
        self.values[name].append((seconds, value))

    def row(self, name: str, unit: float = 1.0) -> str:
        """First and last value of the last half, the largest of all, and the slope a minute of the last half."""
        later = self.values[name][len(self.values[name]) // 2 :]
        if len(later) < 3:
            return "too short"
        slope = 60 * statistics.linear_regression(*zip(*later, strict=True)).slope / unit
        first, last = later[0][1] / unit, later[-1][1] / unit
        largest = max(value for _, value in self.values[name]) / unit
        return f"{first:,.0f} | {last:,.0f} | {largest:,.0f} | {slope:+,.2f}"


@dataclass
class Run:
    """The results."""

    throughput: float = 0.0  # posts a second at full speed
    produced: int = 0
    seconds: float = 0.0  # duration of the production
    drained: float = 0.0  # seconds from the last post until everything was done
    code: int = -1
    samples: Samples = field(default_factory=Samples)


async def soak(minutes: float, share: float, encoder: str, burst: int, folder: Path) -> bool:
    """Run and print the table on standard output. Returns whether every post has exactly one outcome."""
    broker, redis = KafkaBroker(folder), RedisServer(folder)
    await asyncio.to_thread(broker.start)
    await asyncio.to_thread(redis.start)
    try:
        async with pipeline_settings(broker.address, redis.address, "soak-", folder / "data") as settings:
            settings = settings.model_copy(update={"encoder": encoder})
            worker, run = WorkerProcess(settings, folder / "worker.log"), Run()
            worker.start()
            try:
                sent = await _under_load(settings, worker, run, minutes, share, burst)
            finally:
                run.code = await asyncio.to_thread(worker.stop)
            found = await examine(settings, sent)
    finally:
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(redis.stop)
    _tell(encoder, run, found)
    return found.sound


async def _under_load(
    settings: Settings, worker: WorkerProcess, run: Run, minutes: float, share: float, burst: int
) -> list[Produced]:
    """Measure the throughput, then produce at its share. Returns everything produced."""
    early = flow(burst + 500, seed=1, days=0.5, originals_share=ORIGINALS)
    await _play(settings, early[:500], None)
    await until_settled(settings, STAGES, worker, 300)  # the encoder is loaded and all members have joined
    run.throughput = await _timed(settings, early[500:], worker)
    rate = share * run.throughput
    _say(f"{run.throughput:,.0f} posts/s as quickly as they go; now {rate:,.0f} for {minutes:g} minutes")
    posts = _renamed(flow(int(rate * 60 * minutes), seed=2, days=DAYS, originals_share=ORIGINALS))
    measuring = asyncio.create_task(_measure(settings, worker, run.samples))
    run.produced, run.seconds = len(posts), await _play(settings, posts, rate)
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)
    started = time.monotonic()
    await until_settled(settings, STAGES, worker, 300)
    run.drained = time.monotonic() - started
    return [*early, *posts]


def _tell(encoder: str, run: Run, found: Examination) -> None:
    print(f"{encoder}: {run.throughput:,.0f} posts/s at full speed; then {run.produced:,} posts at")
    print(
        f"{run.produced / run.seconds:,.0f}/s for {run.seconds / 60:.1f} minutes, at rest {run.drained:.1f} s after the"
    )
    print(f"last; SIGTERM ended the worker with {run.code}")
    outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(found.outcomes.items()))
    print(f"{outcomes}; lost {len(found.lost) + len(found.never_arrived)}, twice {len(found.twice)}\n")
    print("| what | first | last | largest | a minute |\n|---|---|---|---|---|")
    for name in run.samples.values:
        print(f"| {name} | {run.samples.row(name, 2**20 if 'MiB' in name else 1.0)} |")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _renamed(records: Sequence[Produced]) -> list[Produced]:
    """Give posts ids of their own: `flow` makes the same ones for every seed."""
    return [
        Produced(record.topic, record.key, (record.value or b"").replace(b'"c0', b'"s0'), record.time)
        for record in records
    ]


async def _play(settings: Settings, records: Sequence[Produced], rate: float | None) -> float:
    """Produce evenly at `rate` a second, or at full speed. Returns the seconds."""
    started = time.monotonic()
    async with producer(settings) as client:
        done = 0
        while done < len(records):
            passed = time.monotonic() - started
            until = len(records) if rate is None else min(len(records), int(rate * (passed + STEP_SECONDS)))
            for record in records[done:until]:
                await client.send(
                    topic_name(settings, TWEETS),
                    key=record.key,
                    value=record.value,
                    timestamp_ms=int(record.time.timestamp() * 1000) if record.time else None,
                )
            done = until
            if done < len(records):
                await asyncio.sleep(STEP_SECONDS)
        await client.flush()
    return time.monotonic() - started


async def _timed(settings: Settings, records: Sequence[Produced], worker: WorkerProcess) -> float:
    """Posts a second from the first one produced until all stages have committed the last one."""
    started = time.monotonic()
    await _play(settings, records, None)
    await until_settled(settings, STAGES, worker, 600)
    return len(records) / (time.monotonic() - started)


async def _measure(settings: Settings, worker: WorkerProcess, samples: Samples) -> None:
    started = time.monotonic()
    database = connect(str(settings.redis_url), connections=1)
    try:
        while True:
            now = time.monotonic() - started
            for stage in STAGES:
                for topic in INPUTS[stage][:1]:
                    lag = await lag_of(settings, topic, group=f"{settings.prefix}toptopics-{stage}")
                    samples.add(f"lag of {stage}, records", now, sum(lag.values()))
            for stage, resident in _memory(worker):
                samples.add(f"memory of {stage}, MiB", now, resident)
            used = (await database.call("INFO", "memory"))["used_memory"]
            samples.add("memory of Redis, MiB", now, int(used))
            await asyncio.sleep(SAMPLE_SECONDS)
    finally:
        await database.aclose()


def _memory(worker: WorkerProcess) -> list[tuple[str, int]]:
    """(stage, resident bytes) of the worker's processes."""
    if worker.process is None:
        return []
    children = psutil.Process(worker.process.pid).children()
    named = [(process.cmdline()[-2:], process.memory_info().rss) for process in children]
    # a command ends with the stage and its parent's pid
    return [(command[0], resident) for command, resident in named if command[0] in STAGES]


def main() -> int:
    """Exit code 1 when a post was lost or counted twice."""
    parser = argparse.ArgumentParser(
        prog="soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=0.8, help="of the throughput that is measured first")
    parser.add_argument("--encoder", default="minilm", help="or hash, which is quick")
    parser.add_argument("--burst", type=int, default=5_000, help="posts that measure the throughput")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        return 0 if asyncio.run(soak(given.minutes, given.share, given.encoder, given.burst, Path(folder))) else 1


if __name__ == "__main__":
    sys.exit(main())
