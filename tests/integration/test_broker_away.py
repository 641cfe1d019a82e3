"""The broker is unreachable when the worker must stop: it ends in order and in time, and nothing is lost."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka_broker import KafkaBroker
from tests.integration.faults.examine import examine
from tests.integration.faults.posts import flow
from tests.integration.faults.settling import until_settled
from tests.integration.faults.world import World
from tests.integration.pipeline import ALL_STAGES, pipeline_settings

pytestmark = pytest.mark.timeout(900)
STAGES = tuple(ALL_STAGES.split(","))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker for this module: other modules' brokers must not be killed."""
    own = KafkaBroker(tmp_path / "own")
    own.start()
    yield own
    own.stop()


async def test_a_stop_without_a_broker_is_orderly_and_loses_nothing(
    broker: KafkaBroker, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """With posts in all stages. A stage that had to be killed would make the exit code 1."""
    posts = flow(400, seed=3, days=1)
    async with pipeline_settings(broker.address, redis_url, fresh_names, tmp_path) as settings:
        world = World(settings, tmp_path, STAGES, seed=3)
        world.worker.start()
        try:
            await world.produce(posts[:100])
            await until_settled(settings, STAGES, world.worker)
            await world.produce(posts[100:])
            await asyncio.to_thread(broker.kill)
            code = await asyncio.to_thread(world.worker.stop)
            log = world.worker.log_lines()
            await asyncio.to_thread(broker.start)
            world.worker.start()
            await until_settled(settings, STAGES, world.worker)
            found = await examine(settings, world.sent)
        finally:
            await world.close()
    assert code == 0, log[-3000:]
    assert "ended without draining" in log
    assert found.sound, found
    assert found.produced == 400
