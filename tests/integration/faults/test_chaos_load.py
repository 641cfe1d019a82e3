"""The chaos run's load: what ends its production ends the run with that error, instead of a wait for ever."""

import asyncio

import pytest

from tests.integration.faults.chaos import Load, Run
from tests.integration.faults.posts import flow
from tests.integration.faults.world import World, awaited

RUN = Run(
    posts=20,
    faults=1,
    seed=1,
    days=1.0,
    rate=10.0,
    trickle=1.0,
    originals=1.0,
    patience=1.0,
    rest=1.0,
    minutes=0.0,
    stages=(),
    kinds=(),
)


async def test_what_ends_the_production_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else would ever tell that no more posts come."""

    async def refuse(self: World, *_: object) -> None:
        raise ValueError("no such broker")

    monkeypatch.setattr(World, "produce", refuse)
    load = Load(World.__new__(World), flow(20, 1, 1.0), RUN)
    load.start()
    with pytest.raises(ValueError, match="no such broker"):
        await asyncio.wait_for(load.reach(10), 60)


async def test_where_a_task_waits_is_told() -> None:
    """So that a producer that has to be given up names its place."""

    async def inner() -> None:
        await asyncio.Event().wait()

    async def outer() -> None:
        await inner()

    task = asyncio.create_task(outer())
    await asyncio.sleep(0)
    assert "outer > " in awaited(task)
    assert awaited(task).split(" > ")[2] == "Event.wait"
    task.cancel()
