"""The stream end to end, and replay compared with a bare consumer, on its own broker and Redis.

    python -m tests.benchmarks.bench_stream [--posts 50000] [--encoder hash] [--quick]

* Reading: a week of --posts posts with vectors of 384 numbers, read by a bare aiokafka loop, the same with orjson, by
  `replay` (typed and checked), and up to the refit (canonical form). Each is the best of three processes, on one
  thread, by processor time, because the machine may be busy.
* Throughput: posts are sent to `tweets` at full speed, until the worker's stages have assigned each of them.
* Isolation, in one namespace: a week is published and verified by `toptopics replay`, and topics, groups and Redis are
  compared before and after. Then 50 posts a second of the next week are sent, and the time from `tweets` to
  `assignments` is measured, first alone, then while the same command verifies the past week repeatedly.
* --data is accepted and ignored: the demo's posts are measured.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from models.events import Assignment, Tweet
from models.events.wire import encode
from streams.kafka.admin import ensure_topics
from streams.kafka.log import bounds_of, consumer, producer, topic_name
from streams.kafka.topics import ASSIGNMENTS, TWEETS
from streams.local.services import running_services
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, load_settings
from tests.benchmarks.stream_steps import STEPS, WEEK, many_tweets
from tests.support.footprint import changes, footprint

REPEATS = 3
RATE = 50.0
MOST_TURNS = 4
NAMES = {
    "bare": "bare aiokafka getmany",
    "bare-json": "bare aiokafka + orjson",
    "replay": "replay: read, typed, checked",
    "canonical": "replay: up to the refit",
}


@dataclass(frozen=True)
class Latency:
    """Seconds from `tweets` to `assignments`."""

    sent: int
    arrived: int
    p50: float
    p99: float


@dataclass(frozen=True)
class Untouched:
    """The result of a replay: whether it gave the published bytes, and the names of everything that changed."""

    identical: bool
    changed: list[str]


def step(settings: Settings, *arguments: str) -> dict[str, Any]:
    """Run one step in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.stream_steps", *arguments],
        env=os.environ | environment(settings),
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def environment(settings: Settings) -> dict[str, str]:
    """Environment of child processes."""
    return environment_for(
        str(settings.kafka_bootstrap_servers),
        str(settings.redis_url),
        TOPTOPICS_PREFIX=settings.prefix,
        TOPTOPICS_DATA_DIR=str(settings.data_dir),
        TOPTOPICS_ENCODER=settings.encoder,
        TOPTOPICS_LOG_FORMAT="json",
    )


def reading(settings: Settings, posts: int) -> dict[str, dict[str, Any]]:
    """The best run of every step over the same records."""
    step(settings, "store", str(posts))
    found = {}
    for name in STEPS:
        runs = [step(settings, name) for _ in range(REPEATS)]
        found[name] = min(runs, key=lambda run: float(run["processor"]))
    return found


class Tail:
    """Follows `assignments` and records when each post's assignment arrived."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.arrived: dict[str, float] = {}
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled."""
        async with consumer(self._settings, ASSIGNMENTS) as client:
            for partition, bound in (await bounds_of(client)).items():
                client.seek(partition, bound.end)
            self.ready.set()
            while True:
                for messages in (await client.getmany(timeout_ms=200)).values():
                    now = time.perf_counter()
                    for message in messages:
                        assignment = msgspec.json.decode(message.value, type=Assignment)
                        self.arrived.setdefault(assignment.id, now)


async def play(settings: Settings, tail: Tail, tweets: list[Tweet], rate: float | None) -> dict[str, float]:
    """Send the posts to `tweets` one by one. Returns when each was given to the broker's client."""
    sent: dict[str, float] = {}
    started = time.perf_counter()
    async with producer(settings) as client:
        for number, tweet in enumerate(tweets):
            if rate is not None:
                await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            sent[tweet.id] = time.perf_counter()
            await client.send(
                topic_name(settings, TWEETS),
                key=tweet.author_id.encode(),
                value=encode(tweet),
                timestamp_ms=int(tweet.created_at.timestamp() * 1000),
            )
    waited = time.perf_counter()
    while not set(sent) <= set(tail.arrived) and time.perf_counter() - waited < 120:
        await asyncio.sleep(0.1)
    return sent


def latency(sent: dict[str, float], tail: Tail) -> Latency:
    """The latency of posts that have arrived."""
    seconds = [tail.arrived[post] - at for post, at in sent.items() if post in tail.arrived]
    p50, p99 = np.percentile(seconds, [50, 99])
    return Latency(len(sent), len(seconds), float(p50), float(p99))


def named(tweets: list[Tweet], name: str, weeks: int) -> list[Tweet]:
    """The posts with ids of their own, so many weeks later."""
    later = timedelta(weeks=weeks)
    return [
        msgspec.structs.replace(tweet, id=f"{name}-{tweet.id}", created_at=tweet.created_at + later) for tweet in tweets
    ]


async def replay(settings: Settings, *options: str) -> int:
    """Run the real command on the past week, refit included. Returns its exit code."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "replay", str(WEEK), *options),
        env=os.environ | environment(settings),
        stdout=subprocess.DEVNULL,
    )
    try:
        return await child.wait()
    except asyncio.CancelledError:
        child.terminate()
        await child.wait()
        raise


async def replaying(settings: Settings, ended: list[int]) -> None:
    """Verify the past week repeatedly until cancelled; `ended` receives the exit codes."""
    while True:
        ended.append(await replay(settings, "--verify"))


async def untouched(settings: Settings) -> Untouched:
    """Publish the past week, then record what another replay of it changes while nothing else runs."""
    published = await replay(settings, "--publish")
    await asyncio.sleep(5)  # the view applies the digest
    before = await footprint(settings)
    verified = await replay(settings, "--verify")
    return Untouched(published == 0 and verified == 0, changes(before, await footprint(settings)))


async def live(settings: Settings, burst: int, past: int, seconds: float) -> dict[str, Any]:
    """Throughput, then what a replay changes, then latency alone and during replays of the same log."""
    await ensure_topics(settings)
    pool = many_tweets(max(burst, int(RATE * seconds)))
    tail = Tail(settings)
    with (settings.data_dir / "worker.log").open("wb") as log:
        worker = Worker(["embed", "assign", "view"], environment(settings), log)
        tasks = [asyncio.create_task(worker.supervise()), asyncio.create_task(tail.run())]
        try:
            await tail.ready.wait()
            await play(settings, tail, named(pool[:50], "warm", -1), None)
            started = time.perf_counter()
            sent = await play(settings, tail, named(pool[:burst], "burst", -1), None)
            arrived = [tail.arrived[post] for post in sent if post in tail.arrived]
            rate = len(arrived) / (max(arrived) - started)
            await play(settings, tail, named(pool[:past], "past", 0), None)
            kept = await untouched(settings)
            steady = pool[: int(RATE * seconds)]
            alone = latency(await play(settings, tail, named(steady, "alone", 1), RATE), tail)
            ended: list[int] = []
            replays = asyncio.create_task(replaying(settings, ended))
            sent = {}
            for turn in range(MOST_TURNS):  # until a replay has run from start to end
                sent |= await play(settings, tail, named(steady, f"beside{turn}", 1), RATE)
                if ended:
                    break
            beside = latency(sent, tail)
            replays.cancel()
            await asyncio.gather(replays, return_exceptions=True)
        finally:
            worker.stop()
            tasks[1].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    lost = burst - len(arrived)
    return {"rate": rate, "lost": lost, "alone": alone, "beside": beside, "replays": ended, "untouched": kept}


def report_reading(posts: int, read: dict[str, dict[str, Any]]) -> None:
    """A table, as in tests/benchmarks/README.md."""
    base = read["bare"]["records"] / read["bare"]["processor"]
    sys.stdout.write(f"| reading a week of {posts:,} posts | posts per second of processor time | of the bare loop ")
    sys.stdout.write("| by the clock | peak memory |\n|---|---|---|---|---|\n")
    for name, run in read.items():
        rate, clock = (run["records"] / run[unit] for unit in ("processor", "seconds"))
        sys.stdout.write(
            f"| {NAMES[name]} | {rate:,.0f} | {rate / base:.0%} | {clock:,.0f} | {run['peak']:,.0f} MiB |\n"
        )
    sys.stdout.flush()


def report_live(found: dict[str, Any]) -> None:
    """In words."""
    alone, beside = found["alone"], found["beside"]
    sys.stdout.write(f"\nend to end, as quickly as it goes: {found['rate']:,.0f} posts/s, {found['lost']} lost\n")
    kept: Untouched = found["untouched"]
    said = "topics, groups and Redis as before" if not kept.changed else f"CHANGED: {', '.join(kept.changed)}"
    sys.stdout.write(f"a week replayed: {'identical' if kept.identical else 'NOT identical'}; {said}\n")
    replays = f"beside {len(found['replays'])} finished replays ({found['replays'].count(0)} identical)"
    for name, one in (("alone", alone), (replays, beside)):
        sys.stdout.write(
            f"50 posts/s {name}: p50 {one.p50 * 1000:,.0f} ms, p99 {one.p99 * 1000:,.0f} ms, "
            f"{one.sent - one.arrived} of {one.sent} lost\n"
        )
    sys.stdout.write(f"p99 beside replays: {beside.p99 / alone.p99:.2f} times that of the stream alone (week {WEEK})\n")


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--posts", type=int, default=50_000)
    parser.add_argument("--encoder", default="hash")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data")
    given = parser.parse_args()
    posts, burst, past, seconds = (5_000, 1_000, 500, 10.0) if given.quick else (given.posts, 10_000, 2_500, 50.0)
    with tempfile.TemporaryDirectory(prefix="toptopics-bench-") as folder, running_services(Path(folder)) as services:
        settings = load_settings(
            kafka_bootstrap_servers=services.kafka,
            redis_url=services.redis,
            data_dir=Path(folder),
            encoder=given.encoder,
            prefix="bench-",
        )
        stored = settings.model_copy(update={"prefix": "stored-"})
        read = reading(stored, posts)  # its own table first: the rest takes minutes
        report_reading(posts, read)
        report_live(asyncio.run(live(settings, burst, past, seconds)))


if __name__ == "__main__":
    main()
