"""The refit process on a real broker: used for several weeks, and restarted after it has ended."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from models.events import Digest
from models.events.wire import decode, encode
from models.week.week import Week
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import EMBEDDED
from streams.refit.client import RefitError, RefitProcess
from streams.settings import Settings
from tests.integration.pipeline import pipeline_settings
from tests.support.made_posts import embedded, tweet

WEEK = Week.parse("2021-W18")
pytestmark = pytest.mark.timeout(600)


async def _some_posts(settings: Settings) -> None:
    async with producer(settings) as client:
        for number in range(60):
            post = tweet(number, hours=number * 4.2)
            await client.send(
                topic_name(settings, EMBEDDED),
                value=encode(embedded(post, f"0:{number}")),
                timestamp_ms=int(post.created_at.timestamp() * 1000),
            )


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if _refits(child)]


def _refits(child: psutil.Process) -> bool:
    try:
        return "streams.refit.server" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:  # also a zombie, which has ended and waits for its parent
        return False


async def test_one_process_serves_several_weeks_and_a_killed_one_is_replaced(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The same bytes from a used process and from a new one; no process is left."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        await _some_posts(settings)
        process = RefitProcess(settings)
        try:
            steps: list[str] = []
            first = await process.refit(WEEK, progress=lambda step, share: steps.append(step))
            (child,) = _children()
            assert (await process.refit(WEEK)).value == first.value
            assert _children() == [child]
            assert steps
            assert decode(first.value, Digest).statistics.posts == first.records - len(
                [number for number in range(60) if number * 4.2 >= 7 * 24]
            )

            os.kill(child.pid, signal.SIGKILL)
            await asyncio.sleep(0.2)
            assert (await process.refit(WEEK)).value == first.value
            (other,) = _children()
            assert other.pid != child.pid

            with pytest.raises(RefitError, match="unknown digest setting nonsense"):
                await process.refit(WEEK, overrides={"nonsense": "1"})
        finally:
            await process.aclose()
        assert _children() == []
