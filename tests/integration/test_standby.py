"""Two workers for the stage with one writer: one writes, the other stands by and takes over."""

import asyncio
import time
from pathlib import Path

import pytest

from streams.clock import system_clock
from streams.kafka.topics import ASSIGNMENTS
from streams.settings import Settings
from tests.integration.faults.examine import examine
from tests.integration.faults.nursery import FaultyWorker
from tests.integration.faults.posts import flow
from tests.integration.faults.schedule import Fault
from tests.integration.faults.settling import until_settled
from tests.integration.faults.takeover import members_of
from tests.integration.faults.world import World
from tests.integration.pipeline import pipeline_settings, records_of

pytestmark = pytest.mark.timeout(900)
STAGES = ("embed", "assign")


def _worker(world: World, name: str) -> FaultyWorker:
    """A worker with its own data folder, as on another machine."""
    faults = world.folder / f"{name}-faults"
    faults.mkdir()
    apart = world.settings.model_copy(update={"data_dir": world.folder / name})
    given = {"FAULTS": str(faults), "TOPTOPICS_SNAPSHOT_SECONDS": "0.5"}
    return FaultyWorker(apart, world.folder / f"{name}.log", STAGES, world.nursery, **given)


async def _start(worker: FaultyWorker, settings: Settings, members: int) -> None:
    """Start it, and wait until both its stages have joined groups of this size."""
    worker.start()
    end = time.monotonic() + 240
    while [await members_of(settings, stage) for stage in STAGES] != [members] * len(STAGES):
        assert time.monotonic() < end, worker.log_lines()[-3000:]
        await asyncio.sleep(0.3)


async def test_one_writes_and_whoever_is_left_takes_over(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Both of the first two are killed, so the owner was killed: its successor reads the log without a snapshot."""
    posts = flow(600, seed=9, days=2)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path / "settings") as settings:
        world = World(settings, tmp_path, STAGES, seed=9)  # produces, and remembers what it produced
        first, second, third = (_worker(world, name) for name in ("first", "second", "third"))
        try:
            await _start(first, settings, 1)
            await _start(second, settings, 2)
            await world.produce(posts[:200])
            await until_settled(settings, STAGES, first)
            origins = await records_of(settings, ASSIGNMENTS)
            assert len(origins) == 200, "two writers would have written twice"
            first.kill()
            await world.produce(posts[200:400])
            await until_settled(settings, STAGES, second)
            await _start(third, settings, 2)
            second.kill()
            await world.produce(posts[400:])
            await until_settled(settings, STAGES, third)
            found = await examine(settings, world.sent)
        finally:
            for worker in (first, second, third):
                worker.stop()
            await world.close()
    assert (found.lost, found.twice, found.never_arrived, found.wrong) == ([], [], [], [])
    assert found.produced == 600


@pytest.mark.parametrize("way", ["kill", "terminate", "freeze"])
async def test_a_writer_lost_in_the_middle_of_a_batch_is_succeeded(
    way: str, kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """A frozen writer that continues after another one has written its batch does no harm."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        world = World(settings, tmp_path, STAGES, seed=9)
        world.worker.start()
        try:
            await world.produce(flow(100, seed=9, days=1))
            await until_settled(settings, STAGES, world.worker)
            await world.cause(Fault(0, "take over", way), system_clock())
            await until_settled(settings, STAGES, world.worker)
            found = await examine(settings, world.sent)
        finally:
            await world.close()
    ((_, seconds),) = world.takeovers
    assert seconds is not None, world.worker.log_lines()[-3000:]
    assert (found.lost, found.twice, found.never_arrived, found.wrong) == ([], [], [], [])
    assert found.produced == 140
    assert world.disorderly == [], "also one that thaws and is stopped while it joins its group again"
