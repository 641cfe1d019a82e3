"""The single writer is lost during a batch while another worker stands by: the time until that one writes."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.kafka.log import connection
from streams.settings import Settings
from tests.integration.faults.stage_process import OWNER

if TYPE_CHECKING:
    from tests.integration.faults.world import World

STAGE = "assign"
POSTS = 20
SECONDS = 180.0


async def members_of(settings: Settings, stage: str) -> int:
    """Members that have their partitions from the broker; 0 during a rebalance."""
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        (answer,) = await admin.describe_consumer_groups([f"{settings.prefix}toptopics-{stage}"])
    except KafkaError:  # a fresh broker has no coordinator before the first member joins
        return 0
    finally:
        await admin.close()
    ((_, _, state, _, _, members, *_),) = answer.groups
    return len(members) if state == "Stable" else 0


async def take_over(world: "World", way: str) -> float | None:
    """Seconds from the loss until another process has written a batch; None after the time limit.

    `way` is kill, terminate or freeze. A frozen writer continues afterwards and still believes that it is the writer.
    """

    async def both_are_there() -> bool:
        return await members_of(world.settings, STAGE) >= 2

    if not await _until(both_are_there):
        return None
    place = world.faults / f"{STAGE}.produce"
    place.write_text(way)
    await world.produce(world.spare(POSTS))

    async def is_lost() -> bool:
        return not place.exists() and bool(world.fired())

    if not await _until(is_lost):
        return None
    moment, *_, process = world.fired()[-1].split()
    await world.produce(world.spare(POSTS))

    async def another_writes() -> bool:
        writer, when = owner(world)
        return writer != process and when > float(moment)

    try:
        return owner(world)[1] - float(moment) if await _until(another_writes) else None
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGCONT)


def owner(world: "World") -> tuple[str, float]:
    """The process that wrote the newest batch, and when."""
    with suppress(FileNotFoundError, ValueError):  # being written
        process, when = (world.faults / f"{STAGE}{OWNER}").read_text().split()
        return process, float(when)
    return "", 0.0


async def _until(condition: Callable[[], Awaitable[bool]]) -> bool:
    end = time.monotonic() + SECONDS
    while not await condition():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.1)
    return True
