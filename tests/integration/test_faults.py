"""Law 1 under faults, short enough for every change; `make chaos` is the long version.

One worker, the real broker and Redis, every boundary of every stage once, three stages at a time. Each fault targets a
safety measure, and the test fails without it: a record that never leaves the producer's buffer while the next batch is
confirmed, a stop during a batch, a view that is flushed between a batch and its position.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import pytest

from streams.clock import system_clock
from streams.runtime.batching import LEAST
from streams.views.memory import MemoryViews
from tests.integration.faults.examine import examine, view_differences
from tests.integration.faults.posts import POISON, Produced, flow, poison
from tests.integration.faults.recompute import recomputed_differences
from tests.integration.faults.schedule import BOUNDARIES, WEIGHTS, Fault, schedule
from tests.integration.faults.settling import until_settled
from tests.integration.faults.world import World
from tests.integration.pipeline import pipeline_settings

pytestmark = pytest.mark.timeout(1200)
STAGES = ("embed", "assign", "view")
NOW = system_clock()  # the real clock decides what is in the future
POSTS = 120  # records produced in each round of faults
APART = ("before", "letter")  # `linger` acts for more than its own stage, and the other needs poison to be reached


def _rounds() -> list[list[Fault]]:
    """One fault of each stage in a round; the faults of the services come last."""
    kills = {stage: [place for place in BOUNDARIES[stage] if place not in APART] for stage in STAGES}
    of_stage = [[Fault(0, "kill at", stage, place) for place in kills[stage]] for stage in STAGES]
    for stage, faults in zip(STAGES, of_stage, strict=True):
        faults.append(Fault(0, "drain", stage, "drain"))
    rounds = [[fault for fault in faults if fault is not None] for faults in zip_longest(*of_stage)]
    parts = [Fault(0, "flush redis"), Fault(0, "damage snapshot"), Fault(0, "raise", "embed", "after")]
    return [*rounds, parts, [Fault(0, "older snapshot")]]


def _poison() -> list[Produced]:
    return [poison(kind, number, NOW) for number, kind in enumerate(POISON)]


async def test_nothing_is_lost_or_counted_twice_at_any_boundary(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Killed at every boundary, Redis flushed, a snapshot damaged, poison of every kind among the posts."""
    rounds = _rounds()
    records = flow(POSTS * len(rounds), seed=7, days=4)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        world = World(settings, tmp_path, STAGES, seed=7, environment={"TOPTOPICS_SNAPSHOT_SECONDS": "0.5"})
        world.worker.start()
        try:
            for number, faults in enumerate(rounds):
                if number >= len(rounds) - 2:  # offsets were committed and snapshots saved for what is lost now
                    await until_settled(settings, STAGES, world.worker)
                for fault in faults:
                    await world.cause(fault, NOW)
                await world.produce(records[number * POSTS : (number + 1) * POSTS])
                await _all_fired(world)
                if number == 0:
                    await world.cause(Fault(0, "kill at", "embed", "letter"), NOW)
                    await world.produce(_poison())
                    await _all_fired(world)
            await until_settled(settings, STAGES, world.worker)
            await world.cause(Fault(0, "flush in a batch", "view", "advance"), NOW)
            await _a_batch_overtakes(world)
            await until_settled(settings, STAGES, world.worker)
            found = await examine(settings, world.sent)
            differences = await view_differences(settings, MemoryViews())
            differences += await recomputed_differences(settings, await world.embedded(), tmp_path / "recomputed")
        finally:
            await world.close()
    assert (found.lost, found.twice, found.never_arrived, found.wrong) == ([], [], [], [])
    assert found.outcomes["dead letter"] == sum(record.topic == "tweets" for record in _poison()) - 1  # null key
    assert differences == []
    assert world.backup.take(), "no snapshot was ever put back"
    assert world.drained() == set(STAGES), "a stop did not wait for the batch in flight"
    assert world.disorderly == []


async def test_outputs_that_fail_are_sent_after_the_next_start(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """A stage that ends in order writes a snapshot; posts in it whose assignments failed would be lost."""
    records = flow(2 * POSTS, seed=9, days=2)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        world = World(settings, tmp_path, STAGES, seed=9, environment={"TOPTOPICS_SNAPSHOT_SECONDS": "3600"})
        world.worker.start()
        try:
            await world.produce(records[:POSTS])
            await until_settled(settings, STAGES, world.worker)
            await world.cause(Fault(0, "raise", "assign", "confirm"), NOW)
            await world.produce(records[POSTS:])
            await _all_fired(world)
            await until_settled(settings, STAGES, world.worker)
            found = await examine(settings, world.sent)
        finally:
            await world.close()
    assert (found.lost, found.twice, found.never_arrived, found.wrong) == ([], [], [], [])
    assert "stage crashed" in world.worker.log_lines()


async def test_what_faust_forgets_is_delivered_again(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Records are dropped in each stage, then a rebalance, in which Faust commits past the gap; nothing is lost."""
    records = flow(3 * POSTS, seed=8, days=2)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        world = World(settings, tmp_path, STAGES, seed=8)
        world.worker.start()
        try:
            await world.produce(records[:POSTS])
            await until_settled(settings, STAGES, world.worker)
            for stage in STAGES:
                await world.cause(Fault(0, "forget queue", stage, "queue"), NOW)
            await world.produce(records[POSTS : 2 * POSTS])
            await _all_fired(world)
            await world.produce(records[2 * POSTS :])
            await world.cause(Fault(0, "second worker"), NOW)
            await until_settled(settings, STAGES, world.worker)
            found = await examine(settings, world.sent)
            differences = await view_differences(settings, MemoryViews())
        finally:
            await world.close()
    assert (found.lost, found.twice, found.never_arrived, found.wrong) == ([], [], [], [])
    assert differences == []


async def _a_batch_overtakes(world: World) -> None:
    """One record is never confirmed, the following batch is: nothing may be committed past the gap."""
    await world.cause(Fault(0, "kill at", "embed", "confirm"), NOW)
    await world.produce(world.spare(1))
    while (world.faults / "embed.confirm").exists():
        await asyncio.sleep(0.05)
    await world.produce(world.spare(4 * LEAST))
    await _all_fired(world)


async def _all_fired(world: World) -> None:
    """Wait until every fault has happened: it does when its place is reached."""
    end = time.monotonic() + 240
    while left := world.unfired():
        assert time.monotonic() < end, f"{left} never happened:\n{world.worker.log_lines()[-3000:]}"
        await asyncio.sleep(0.1)


def test_the_schedule_is_a_function_of_its_seed() -> None:
    """It has every kind of fault, of poison and of boundary."""
    faults: Sequence[Fault] = schedule(5, 200, 100_000)
    assert faults == schedule(5, 200, 100_000)
    assert len(faults) >= 200
    assert {fault.kind for fault in faults} == set(WEIGHTS)
    assert {fault.target for fault in faults if fault.kind == "poison"} == set(POISON)
    wanted = {(stage, place) for stage, places in BOUNDARIES.items() for place in places}
    assert {(fault.target, fault.place) for fault in faults if fault.kind == "kill at"} == wanted
    assert [fault.after for fault in faults] == sorted(fault.after for fault in faults)
