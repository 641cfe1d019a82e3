"""The knee of each part: the load at which its queue begins to grow, with one process of it on this machine.

    python -m tests.benchmarks.bench_knee [--posts 20000] [--encoder minilm]

* embed, assign, view: a backlog of a week's posts is put onto `tweets`, and one stage after the other works it off
  alone, on its own broker and Redis. A stage that works without a pause is at its knee. The rate is that of the middle
  of the backlog: by the clock, and by the processor time of the stage's process, which a busy machine does not distort.
  No text is repeated, so the cache has none of them.
* API: readers ask for the ranking as fast as it answers, twice as many at each step, until a step brings less than a
  tenth more answers.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil

from models.events.wire import encode
from streams.kafka.admin import ensure_topics
from streams.kafka.lag import lag_of
from streams.kafka.log import group_name, producer, topic_name
from streams.kafka.topics import TWEETS
from streams.local.services import running_services
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, load_settings
from streams.stages.table import STAGE_INPUTS
from tests.benchmarks.live_service import service_process
from tests.benchmarks.stream_steps import many_tweets

DAY = 86_400
STAGES = ("embed", "assign", "view")
LOOK_SECONDS = 0.5
STEP_SECONDS = 4.0
MOST_READERS = 64
GAIN = 1.1


@dataclass(frozen=True)
class Look:
    """How far a stage is."""

    at: float
    processor: float  # seconds
    waiting: int


async def work_off(settings: Settings, stage: str, environment: dict[str, str], log: Path) -> list[Look]:
    """Run the stage alone until nothing waits."""
    with log.open("ab") as file:
        worker = Worker([stage], environment, file)
        running = asyncio.create_task(worker.supervise())
        looks: list[Look] = []
        try:
            while not looks or looks[-1].waiting:
                await asyncio.sleep(LOOK_SECONDS)
                waiting = sum((await lag_of(settings, STAGE_INPUTS[stage], group=group_name(settings, stage))).values())
                looks.append(Look(time.monotonic(), _processor(stage), waiting))
                if running.done():
                    raise RuntimeError(f"{stage} ended; see {log}")
        finally:
            worker.stop()
            await running
    return looks


def _processor(stage: str) -> float:
    """Seconds of processor time of the stage's process."""
    for child in psutil.Process().children(recursive=True):
        try:
            if "streams.runtime.stage_process" in (command := child.cmdline()) and stage in command:
                times = child.cpu_times()
                return float(times.user + times.system)
        except psutil.NoSuchProcess:
            continue
    return 0.0


def rates(looks: list[Look], total: int) -> tuple[float, float]:
    """Posts a second by the clock and by processor time, over the middle of the backlog."""
    middle = [look for look in looks if 0.1 * total < look.waiting < 0.8 * total]
    if len(middle) < 2:
        raise RuntimeError("too few posts to see a rate; take more with --posts")
    first, last = middle[0], middle[-1]
    done = first.waiting - last.waiting
    return done / (last.at - first.at), done / max(last.processor - first.processor, 1e-9)


async def stages(settings: Settings, count: int, folder: Path) -> None:
    """Print the knee of each stage."""
    await ensure_topics(settings)
    async with producer(settings) as client:
        for tweet in sorted(many_tweets(count), key=lambda tweet: tweet.created_at):
            await client.send(
                topic_name(settings, TWEETS),
                key=tweet.author_id.encode(),
                value=encode(tweet),
                timestamp_ms=int(tweet.created_at.timestamp() * 1000),
            )
    environment = environment_for(
        str(settings.kafka_bootstrap_servers),
        str(settings.redis_url),
        TOPTOPICS_DATA_DIR=str(settings.data_dir),
        TOPTOPICS_ENCODER=settings.encoder,
        TOPTOPICS_LOG_FORMAT="json",
        TOPTOPICS_PREFIX="",
    )
    print(
        "| stage, one process | posts/s by the clock | posts/s of processor time | milliseconds a post | posts a day |"
    )
    print("|---|---|---|---|---|")
    for stage in STAGES:
        looks = await work_off(settings, stage, environment, folder / "worker.log")
        clock, processor = rates(looks, count)
        print(
            f"| {stage} | {clock:,.0f} | {processor:,.0f} | {1000 / processor:.2f} | {DAY * processor:,.0f} |",
            flush=True,
        )


async def readers(port: int) -> None:
    """Print the knee of the API: answers a second and their 99th percentile for each number of readers."""
    print("\n| readers of the ranking | answers/s | p50, ms | p99, ms |\n|---|---|---|---|")
    before, number = 0.0, 1
    while number <= MOST_READERS:
        taken: list[float] = []
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
            end = time.monotonic() + STEP_SECONDS

            async def read(client: httpx.AsyncClient = client, end: float = end, taken: list[float] = taken) -> None:
                while (start := time.monotonic()) < end:
                    (await client.get("/api/topics?window=7d&limit=50")).raise_for_status()
                    taken.append(time.monotonic() - start)

            await asyncio.gather(*(read() for _ in range(number)))
        rate = len(taken) / STEP_SECONDS
        p50, p99 = (1000 * float(value) for value in np.percentile(taken, [50, 99]))
        print(f"| {number} | {rate:,.0f} | {p50:.1f} | {p99:.1f} |", flush=True)
        if rate < GAIN * before:
            print(f"\nthe knee is at {number // 2} readers")
            return
        before, number = rate, 2 * number


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--encoder", default="minilm")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_services(folder) as found:
            settings = load_settings(
                kafka_bootstrap_servers=found.kafka,
                redis_url=found.redis,
                data_dir=folder,
                encoder=options.encoder,
                prefix="",
            )
            asyncio.run(stages(settings, options.posts, folder))
            with service_process(found.redis) as (_, port):
                asyncio.run(readers(port))


if __name__ == "__main__":
    main()
