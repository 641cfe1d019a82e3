"""Compares the embed stage on a backlog with the bare encoder: a real broker, a real `worker --stages embed`, its
output.

After the stage has warmed up, single posts are sent one by one. Then a backlog is put onto `tweets`. The stage and the
bare encoder take turns on the same texts, so that other programs affect both; the stage is stopped with SIGSTOP during
the encoder's turns. The texts are numbered, so that the cache does not know them. The stage's rate is the growth of
`tweets.embedded`, by the broker's end offset. The backlog is longer than the turns, and its rest is left. For more
processes than `tweets` has partitions, partitions are added, and the backlog comes from several producers.
"""

import asyncio
import itertools
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from models.encoding.encoder import Encoder
from models.encoding.loading import load_encoder
from models.events import Tweet
from streams.kafka.admin import ensure_topics
from streams.kafka.lag import member_counts
from streams.kafka.log import bounds_of, consumer, group_name
from streams.kafka.topics import EMBEDDED
from streams.local.services import running_services
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, load_settings
from tests.benchmarks.embed_load import numbered, posts, produce, produce_many, with_partitions

TURNS = 4
TURN_SECONDS = 25.0  # many batches, so that the partial ones at both ends matter little
BARE_SECONDS = 7.0  # far below the session time-out: the stopped stage stays in its group
WARM = 500
PROBE = 1_000  # posts for each process, to find out how many a turn needs
MARGIN = 2.0  # batches still grow during these
CHUNK = 1_024  # texts in a call of the bare encoder
SETTLE_SECONDS = 10.0  # after a stop: batches were late because of it, and grow again
LONE = 20
LONGEST_SECONDS = 120.0

Turn = tuple[int, float, float]  # posts, seconds, seconds of processor time


@dataclass
class Measured:
    """Posts and seconds of both, seconds of processor time, and the GPU's share of busy time if there is one."""

    stage: list[Turn] = field(default_factory=list)
    bare: list[Turn] = field(default_factory=list)
    busy: list[int] = field(default_factory=list)  # per cent, second by second
    lone: list[float] = field(default_factory=list)  # seconds from `tweets` to `tweets.embedded`

    def table(self) -> dict[str, Any]:
        """The result in the benchmark's form."""
        (stage, stage_cpu), (bare, bare_cpu) = _rates(self.stage), _rates(self.bare)
        return {
            "stage posts/s": round(stage),
            "bare encoder posts/s": round(bare),
            "stage / bare": round(stage / bare, 3),
            "stage / bare, per CPU second": round(stage_cpu / bare_cpu, 3),
            "GPU busy": round(statistics.mean(self.busy) / 100, 3) if self.busy else None,
            "lone post, median ms": round(1000 * statistics.median(self.lone)),
        }


def _rates(turns: Sequence[Turn]) -> tuple[float, float]:
    posts, seconds, cpu = (sum(column) for column in zip(*turns, strict=True))
    return posts / seconds, posts / cpu


def embed_backlog(
    texts: Sequence[str], spec: str, device: str, workers: int = 1, *, turns: int = TURNS, seconds: float = TURN_SECONDS
) -> Measured:
    """Measure `workers` processes of the stage and the bare encoder over `texts`, which are numbered when repeated.

    `turns` is the number of the stage's turns of `seconds` each, with the bare encoder's turns between them.
    """
    encoder = load_encoder(spec, device=device)
    texts = [text for text in dict.fromkeys(texts) if text]
    with tempfile.TemporaryDirectory(prefix="toptopics-bench-") as folder, running_services(Path(folder)) as services:
        settings = load_settings(
            kafka_bootstrap_servers=services.kafka,
            redis_url=services.redis,
            data_dir=Path(folder),
            encoder=spec,
            device=device,
        )
        return asyncio.run(_measure(settings, encoder, texts, workers, [seconds] * turns))


async def _measure(
    settings: Settings, encoder: Encoder, texts: Sequence[str], workers: int, turns: Sequence[float]
) -> Measured:
    await ensure_topics(settings)
    await with_partitions(settings, workers)
    encode_some = _endless(encoder, [numbered(text, 1) for text in texts])
    probe = PROBE * workers
    found = Measured()
    async with _stages(settings, workers) as processes, consumer(settings, EMBEDDED) as client:
        await produce(settings, posts(texts, 0, WARM))
        await _until(client, WARM)
        await _until_joined(settings, workers)
        for number in range(WARM, WARM + LONE):
            found.lone.append(await _lone(settings, client, next(posts(texts, number, number + 1))))
        started, before = time.perf_counter(), await _end(client)
        await produce(settings, posts(texts, WARM + LONE, WARM + LONE + probe))
        rate = probe / (await _until(client, before + probe) - started)
        backlog = int(MARGIN * rate * (sum(turns) + SETTLE_SECONDS * len(turns)))
        end = await _end(client) + backlog
        await produce_many(settings, texts, WARM + LONE + probe, backlog, producers=max(1, workers // 2))
        for turn_seconds in turns:
            turn = await _turn(processes, client, found.busy, turn_seconds)
            if await _end(client) >= end:
                raise RuntimeError(f"{backlog:,} posts were too few: the stage grew quicker than its first {probe:,}")
            found.stage.append(turn)
            for process in processes:
                process.suspend()
            found.bare.append(encode_some(BARE_SECONDS))
            for process in processes:
                process.resume()
            await asyncio.sleep(SETTLE_SECONDS)
    return found


async def _until_joined(settings: Settings, workers: int) -> None:
    """Wait until all processes are members of the group and have their partitions."""
    group = group_name(settings, "embed")
    async with asyncio.timeout(LONGEST_SECONDS):
        while (await member_counts(settings, [group]))[group] < workers:
            await asyncio.sleep(0.5)
    await asyncio.sleep(SETTLE_SECONDS)


async def _lone(settings: Settings, client: Any, post: Tweet) -> float:
    """Seconds from `tweets` to `tweets.embedded` of a single post."""
    await asyncio.sleep(0.2)
    before, sent = await _end(client), time.perf_counter()
    await produce(settings, [post])
    return await _until(client, before + 1) - sent


async def _turn(processes: Sequence[psutil.Process], client: Any, busy: list[int], least: float) -> Turn:
    """From the end of one batch to the end of another; otherwise the count would be off by a batch at both ends."""
    before, started = await _batch_end(client)
    cpu = _cpu(processes)
    with _gpu_busy(busy):
        await asyncio.sleep(least)
        after, ended = await _batch_end(client)
    return after - before, ended - started, _cpu(processes) - cpu


async def _batch_end(client: Any) -> tuple[int, float]:
    """Wait until a batch has arrived. Returns the end offset and the time."""
    before = await _end(client)
    ended = await _until(client, before + 1)
    while (now := await _end(client)) != before:  # a batch is many records, which do not arrive in one request
        before = now
        await asyncio.sleep(0.1)
    return now, ended


def _endless(encoder: Encoder, texts: Sequence[str]) -> Callable[[float], Turn]:
    chunks = itertools.cycle([texts[start : start + CHUNK] for start in range(0, len(texts), CHUNK)])

    def encode_some(least: float) -> Turn:
        started, cpu, done = time.perf_counter(), time.process_time(), 0
        while time.perf_counter() - started < least:
            chunk = next(chunks)
            encoder.encode(chunk)
            done += len(chunk)
        return done, time.perf_counter() - started, time.process_time() - cpu

    return encode_some


@asynccontextmanager
async def _stages(settings: Settings, workers: int) -> AsyncIterator[list[psutil.Process]]:
    """Run the embed processes of this many workers."""
    environment = environment_for(
        str(settings.kafka_bootstrap_servers),
        str(settings.redis_url),
        TOPTOPICS_PREFIX=settings.prefix,
        TOPTOPICS_DATA_DIR=str(settings.data_dir),
        TOPTOPICS_ENCODER=settings.encoder,
        TOPTOPICS_DEVICE=settings.device,
        TOPTOPICS_LOG_FORMAT="json",
        TOPTOPICS_LOG_LEVEL="warning",
    )
    before = set(psutil.Process().children())
    running = [Worker(["embed"], environment) for _ in range(workers)]
    tasks = [asyncio.create_task(worker.supervise()) for worker in running]
    try:
        while len(started := [p for p in psutil.Process().children() if p not in before]) < workers:
            await asyncio.sleep(0.1)
        yield started
    finally:
        for worker in running:
            worker.stop()
        await asyncio.gather(*tasks)


async def _end(client: Any) -> int:
    return next(iter((await bounds_of(client)).values())).end


async def _until(client: Any, wanted: int) -> float:
    """Wait until the end offset of `tweets.embedded` has reached `wanted`. Returns the time."""
    started = time.perf_counter()
    while (end := await _end(client)) < wanted:
        if time.perf_counter() - started > LONGEST_SECONDS:
            raise TimeoutError(f"{end} of {wanted} posts came through in {LONGEST_SECONDS:.0f} s")
        await asyncio.sleep(0.005)
    return time.perf_counter()


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


@contextmanager
def _gpu_busy(samples: list[int]) -> Iterator[None]:
    """Adds the per cent of each second in which the first GPU ran a kernel, by nvidia-smi."""
    command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "500", "-i", "0"]
    try:
        asking = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    except OSError:  # no such command, no such GPU
        yield
        return
    try:
        yield
    finally:
        asking.terminate()
        lines = asking.communicate()[0].split()
        samples += [int(line) for line in lines[1:] if line.isdecimal()]  # the first value is of the time before
