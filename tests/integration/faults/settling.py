"""Waits until a run is finished: every stage has committed everything, and the view has it."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from aiokafka.errors import KafkaError

from streams.kafka.admin import cluster_id
from streams.kafka.lag import lag_of
from streams.kafka.log import end_offsets
from streams.kafka.topics import ASSIGNMENTS, DIGESTS, EMBEDDED, TOPIC_EVENTS, TWEETS, Topic
from streams.redis_store.client import connect
from streams.redis_store.view_positions import ViewPositions
from streams.settings import Settings
from streams.views.port import ViewUnavailableError
from tests.integration.pipeline import WorkerProcess

INPUTS = {"embed": (TWEETS,), "assign": (EMBEDDED,), "view": (ASSIGNMENTS, TOPIC_EVENTS), "week-close": ()}


async def until_settled(
    settings: Settings, stages: Sequence[str], worker: WorkerProcess, seconds: float = 240.0
) -> None:
    """Return when nothing is in progress. Fails with the worker's last log lines."""
    end = time.monotonic() + seconds
    while not await _settled(settings, stages):
        if time.monotonic() > end:
            raise AssertionError(f"not at rest within {seconds:.0f} s; the log ends:\n{worker.log_lines()[-6000:]}")
        await asyncio.sleep(0.5)


async def _settled(settings: Settings, stages: Sequence[str]) -> bool:
    try:
        for stage in stages:
            for topic in INPUTS[stage]:
                if any((await lag_of(settings, topic, group=f"{settings.prefix}toptopics-{stage}")).values()):
                    return False
        return "view" not in stages or all(
            [await _view_is_whole(settings, topic) for topic in (ASSIGNMENTS, TOPIC_EVENTS, DIGESTS)]
        )
    except (KafkaError, OSError, ViewUnavailableError):
        return False


async def _view_is_whole(settings: Settings, topic: Topic) -> bool:
    database = connect(str(settings.redis_url), connections=1)
    positions = ViewPositions(database, settings.prefix, partial(cluster_id, settings))
    try:
        ends = await end_offsets(settings, topic)
        return all([(await positions.position(topic.name, partition)).offset >= end for partition, end in ends.items()])
    finally:
        await database.aclose()
