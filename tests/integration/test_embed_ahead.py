"""The embed stage with batches ahead: nothing is lost or reordered when workers end or join."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import decode_embedded
from streams.kafka.log import bounds_of, consumer
from streams.kafka.topics import EMBEDDED, TWEETS
from streams.settings import Settings
from tests.integration.pipeline import WorkerProcess, pipeline_settings, produce, records_of
from tests.support.made_posts import START, tweet

pytestmark = pytest.mark.timeout(900)
POSTS = 6_000


async def _end(settings: Settings) -> int:
    async with consumer(settings, EMBEDDED) as client:
        return next(iter((await bounds_of(client)).values())).end


async def _until(settings: Settings, wanted: int, worker: WorkerProcess) -> None:
    for _ in range(2_400):
        if await _end(settings) >= wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("not in time; the log ends:\n" + worker.log_lines()[-3000:])


async def test_kills_stops_and_rebalances_lose_nothing_and_reorder_nothing(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """SIGKILL and SIGTERM during a backlog, then a second worker that takes half of the partitions."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        posts = [msgspec.structs.replace(tweet(number), text=f"Post number {number}") for number in range(POSTS)]
        values: list[Tweet | Deletion | bytes | None] = []
        for number, post in enumerate(posts):
            values.append(post)
            if number % 2:
                values.append(Deletion(id=post.id, author_id=post.author_id, deleted_at=START))
        await produce(settings, values)
        first, second = (WorkerProcess(settings, tmp_path / f"{name}.log", stages="embed") for name in "ab")
        first.start()
        await _until(settings, 500, first)
        first.kill()
        first.start()
        await _until(settings, 2_000, first)
        assert first.stop() == 0
        first.start()
        await _until(settings, 3_000, first)
        second.start()
        try:
            await _until(settings, len(values), first)
            origins = {record.origin for record in await records_of(settings, TWEETS)}
            for _ in range(1_200):
                found = [decode_embedded(record.value) for record in await records_of(settings, EMBEDDED)]
                if {one.origin for one in found} >= origins:
                    break
                await asyncio.sleep(0.2)
        finally:
            codes = first.stop(), second.stop()
    assert {one.origin for one in found} == origins
    assert codes == (0, 0)
    first_seen: dict[str, int] = {}
    for position, one in enumerate(found):
        if isinstance(one, EmbeddedTweet):
            first_seen.setdefault(one.tweet.id, position)
        else:
            assert first_seen[one.id] < position
