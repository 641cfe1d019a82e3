"""`make chaos`: hundreds of faults while posts flow, and the audit's table.

    python -m tests.integration.faults.chaos --posts 16000 --faults 200 --seed 1

It runs its own broker, Redis and workers, with the hash encoder; everything else is real. Exit code 1 means that
records were lost or counted twice, or that results differ from those of an undisturbed run. The same seed gives the
same posts and the same schedule; the exact moments depend on the machine.
"""

import argparse
import asyncio
import logging
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka.errors import KafkaError

from streams.clock import system_clock
from streams.kafka.log import end_offsets
from streams.kafka.topics import TWEETS
from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer
from streams.redis_store.client import open_views
from streams.stages.table import STAGE_NAMES
from tests.integration.faults.digests import digest_differences
from tests.integration.faults.examine import Examination, examine, view_differences
from tests.integration.faults.posts import Produced, flow
from tests.integration.faults.progress import Progress, watched
from tests.integration.faults.recompute import recomputed_differences
from tests.integration.faults.schedule import WEIGHTS, schedule
from tests.integration.faults.settling import until_settled
from tests.integration.faults.world import World
from tests.integration.pipeline import pipeline_settings

RECOVERY_SECONDS = 120.0
STEP_SECONDS = 1.0  # between two portions of the load


@dataclass(frozen=True)
class Run:
    """Options of a run."""

    posts: int
    faults: int
    seed: int
    days: float
    rate: float
    trickle: float
    patience: float
    rest: float
    minutes: float
    originals: float
    stages: tuple[str, ...]
    kinds: tuple[str, ...]


def _arguments() -> Run:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--posts", type=int, default=16_000)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=float, default=110.0, help="event time that the posts span")
    parser.add_argument("--rate", type=float, default=300.0, help="posts a second until the next fault's place")
    parser.add_argument("--trickle", type=float, default=6.0, help="posts a second while it is awaited or lasts")
    parser.add_argument("--patience", type=float, default=1.0, help="seconds until the next fault may come on top")
    parser.add_argument("--rest", type=float, default=25.0, help="the same for every second fault, by chance")
    parser.add_argument("--minutes", type=float, default=0.0, help="cause no more faults after this time")
    parser.add_argument("--originals", type=float, default=0.2, help="share of originals")
    parser.add_argument("--stages", default=",".join(STAGE_NAMES))
    parser.add_argument("--kinds", default="", help="only these kinds of faults, with commas between them")
    given = parser.parse_args()
    kinds = tuple(filter(None, given.kinds.split(",")))
    if unknown := set(kinds) - set(WEIGHTS):
        parser.error(f"unknown kinds: {', '.join(sorted(unknown))}; known: {', '.join(WEIGHTS)}")
    return Run(**{**vars(given), "stages": tuple(given.stages.split(",")), "kinds": kinds})


async def chaos(run: Run, folder: Path) -> bool:
    """Run, print the table on standard output, and return whether all is well."""
    broker, redis = KafkaBroker(folder), RedisServer(folder)
    await asyncio.to_thread(broker.start)
    await asyncio.to_thread(redis.start)
    started = time.monotonic()
    try:
        async with pipeline_settings(broker.address, redis.address, "chaos-", folder) as settings:
            settings = settings.model_copy(update={"week_idle_seconds": 20.0})
            environment = {"TOPTOPICS_SNAPSHOT_SECONDS": "3", "TOPTOPICS_ENCODER_SECONDS": "10", "OMP_NUM_THREADS": "1"}
            world = World(settings, folder, run.stages, run.seed, broker, redis, environment=environment)
            async with watched(settings, world.faults) as progress:
                world.worker.start()
                try:
                    told = await _disturb(run, world, progress)
                    await until_settled(settings, run.stages, world.worker, 900)
                    digests = await digest_differences(settings, world, run.stages)
                finally:
                    await world.close()
            strangers = await _strangers(world)
            found = await examine(settings, world.sent)
            async with open_views(redis.address, "recount-") as recount:
                differences = await view_differences(settings, recount)
            recomputed = await recomputed_differences(settings, await world.embedded(), folder / "recomputed")
            _tell(run, world, found, progress, told, time.monotonic() - started)
            for name, problems in (
                ("live view against a recount", differences),
                ("assignments against one reading of the log", recomputed),
                ("digests against an undisturbed run", digests),
                ("every record against its outcome", _problems(found)),
                ("SIGTERM drains and ends with 0; commands end in order", world.disorderly),
                ("no strangers", strangers),
            ):
                print(f"| {name} | {'yes' if not problems else f'{len(problems)} PROBLEMS'} |")
                for problem in problems[:20]:
                    print(f"  {name}: {problem}"[:600])
            return found.sound and not (differences or recomputed or digests or world.disorderly or strangers)
    finally:
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(redis.stop)


@dataclass
class Told:
    """What happened to each fault."""

    recoveries: list[float | None] = field(default_factory=list)  # seconds until the next outcome
    struck: Counter[str] = field(default_factory=Counter)  # kind -> how often it found what it strikes
    under_load: Counter[str] = field(default_factory=Counter)  # the same, while posts flowed


class Load:
    """Produces the posts beside the faults: fast up to the next fault's place, and a trickle beyond it."""

    def __init__(self, world: World, records: Sequence[Produced], run: Run) -> None:
        self._world = world
        self._records = records
        self._run = run
        self._place = 0
        self._producing: asyncio.Task[None] | None = None
        self._ended = False
        self.done = 0

    @property
    def flows(self) -> bool:
        """Whether posts are left."""
        return self.done < len(self._records)

    async def reach(self, place: int) -> None:
        """Return when that many posts are produced. Raises what ended the production."""
        self._place = place
        while self.done < place:
            if self._producing is not None and self._producing.done():
                self._producing.result()
            await asyncio.sleep(0.05)

    def start(self) -> None:
        """Produce everything beside the caller."""
        self._producing = asyncio.create_task(self._produce())

    async def end(self) -> None:
        """Produce no more."""
        self._ended = True
        if self._producing is not None:
            await self._producing

    async def _produce(self) -> None:
        while self.flows and not self._ended:
            missing = self._place - self.done
            count = int(
                min(missing, self._run.rate * STEP_SECONDS) if missing > 0 else self._run.trickle * STEP_SECONDS
            )
            await self._world.produce(self._records[self.done : self.done + count], STEP_SECONDS)
            self.done += count


async def _disturb(run: Run, world: World, progress: Progress) -> Told:
    """Cause faults without waiting for their end: after `patience` or `rest` seconds the next one may overlap.

    The rests let something get far enough to be struck: a refit of a week takes longer than `patience`.
    """
    records, told, chance = flow(run.posts, run.seed, run.days, run.originals), Told(), random.Random(run.seed)
    started, load = time.monotonic(), Load(world, records, run)
    load.start()
    recoveries = []
    for number, fault in enumerate(schedule(run.seed, run.faults, len(records), run.stages, run.kinds)):
        if run.minutes and time.monotonic() - started > run.minutes * 60:
            break
        await load.reach(fault.after)
        begun, ends, flows = time.monotonic(), await _ends(world), load.flows
        struck = await world.cause(fault, system_clock())
        told.struck[fault.kind] += struck
        told.under_load[fault.kind] += struck and flows
        name = (
            f"{number + 1:>4} {fault!s:<34} {'' if struck else 'struck nothing, '}took {time.monotonic() - begun:.1f} s"
        )
        recovery = asyncio.create_task(_recovery(name, ends, progress))
        recoveries.append(recovery)
        await asyncio.wait({recovery}, timeout=chance.choice((run.patience, run.rest)))
    else:
        await load.reach(len(records))
    await load.end()
    told.recoveries = list(await asyncio.gather(*recoveries))
    return told


async def _strangers(world: World) -> list[str]:
    """Processes that a worker left behind, ten seconds after all have been stopped."""
    end = time.monotonic() + 10
    while (found := await asyncio.to_thread(world.strangers)) and time.monotonic() < end:
        await asyncio.sleep(0.5)
    return found


async def _ends(world: World) -> dict[int, int]:
    """End offsets of `tweets`, as soon as the broker answers."""
    while True:
        try:
            return await asyncio.wait_for(end_offsets(world.settings, TWEETS), RECOVERY_SECONDS)
        except (KafkaError, OSError, TimeoutError):
            await asyncio.sleep(0.5)


async def _recovery(name: str, ends: dict[int, int], progress: Progress) -> float | None:
    took = await progress.wait_past(ends, RECOVERY_SECONDS)
    print(f"{name}, next outcome after {'never' if took is None else f'{took:.1f} s'}", file=sys.stderr, flush=True)
    return took


def _problems(found: Examination) -> list[str]:
    return [*found.lost, *found.twice, *found.never_arrived, *found.wrong]


def _tell(
    run: Run,
    world: World,
    found: Examination,
    progress: Progress,
    told: Told,
    seconds: float,
) -> None:
    times = [took for took in told.recoveries if took is not None]
    made = Counter(fault.kind for fault in world.done)
    rows = {
        "records produced to tweets": f"{found.produced:,}",
        **{name: f"{count:,}" for name, count in sorted(found.outcomes.items())},
        "lost": str(len(found.lost) + len(found.never_arrived)),
        "twice": str(len(found.twice)),
        "otherwise wrong": str(len(found.wrong)),
        "faults": f"{len(world.done)} (seed {run.seed}), {len(world.fired())} of them at a named place",
        "producers that had to be given up": "; ".join([str(len(world.hung)), *world.hung]),
        "armed and never reached": ", ".join(world.unfired()) or "-",
        "records trimmed from tweets.embedded": f"{len(world.trimmed):,}",
        "largest memory, MiB": ", ".join(f"{n} {size // 2**20}" for n, size in sorted(progress.largest.items())),
        "memory, MiB a minute": ", ".join(f"{n} {slope / 2**20:+.1f}" for n, slope in progress.slopes().items()),
        "next outcome after a fault, s": (
            f"median {statistics.median(times):.1f}, 95 % {statistics.quantiles(times, n=20)[-1]:.1f}, "
            f"largest {max(times):.1f}, never {len(told.recoveries) - len(times)}"
            if len(times) > 1
            else "-"
        ),
        "single writer lost to another one writing, s": _takeovers(world.takeovers),
        "SIGTERM to exit, s": f"largest {max(world.stops, default=0):.1f} of {len(world.stops)}",
        "holes found": (
            f"{world.holes()} of {world.followed()} with a record behind them before the process ended otherwise "
            f"({sum(f.kind == 'forget queue' for f in world.done)} were made)"
        ),
        "minutes": f"{seconds / 60:.1f}",
    }
    print("| what | result |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    print("\n| kind | made | struck | while load flowed |\n|---|---|---|---|")
    for kind, count in sorted(made.items()):
        print(f"| {kind} | {count} | {told.struck[kind]} | {told.under_load[kind]} |")
    print("\n".join(["", *world.said, "", "| law | holds |", "|---|---|"]))


def _takeovers(found: list[tuple[str, float | None]]) -> str:
    """By the way in which the writer was lost."""
    told = []
    for way in sorted({way for way, _ in found}):
        times = [took for kind, took in found if kind == way]
        seconds = [took for took in times if took is not None]
        missed = f", never {len(times) - len(seconds)}" if len(seconds) < len(times) else ""
        told.append(f"{way} {', '.join(f'{took:.1f}' for took in seconds)}{missed}")
    return "; ".join(told) or "-"


def main() -> int:
    """Exit code 1 when a law was broken."""
    run = _arguments()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # an unreachable broker is part of the test
    folder, sound = Path(tempfile.mkdtemp(prefix="chaos-")), False
    try:
        sound = asyncio.run(chaos(run, folder))
    finally:
        if sound:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"logs, topics and snapshots are kept in {folder}", file=sys.stderr)
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
