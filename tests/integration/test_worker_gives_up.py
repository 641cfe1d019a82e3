"""The real worker reports an error that only a person can repair, and ends."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from streams.kafka.admin import WrongTopicsError, ensure_topics
from streams.kafka.topics import EMBEDDED, TWEETS
from streams.stages.dead_letters import LEAST
from tests.integration.pipeline import WorkerProcess, audit, pipeline_settings, produce
from tests.support.made_posts import tweet

pytestmark = pytest.mark.timeout(600)
GOOD = 40


async def test_too_many_dead_letters_stop_the_worker_loudly(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Exit code 3, the remedy in the log, and an outcome for every handled record."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        await produce(settings, [tweet(number) for number in range(GOOD)])
        await produce(settings, [b"not a post %d" % number for number in range(400)])
        worker = WorkerProcess(settings, tmp_path / "worker.log", stages="embed")
        worker.start()
        assert worker.process is not None
        try:
            assert await asyncio.to_thread(worker.process.wait, 240) == 3
        finally:
            worker.stop()
        assert "TOPTOPICS_DEAD_LETTER_BUDGET" in worker.log_lines()
        assert '"dead letter"' in worker.log_lines()
        # partitions come in any order, so the first LEAST records may all be good
        assert (await audit(settings)).outcomes["dead letter"] >= LEAST - GOOD


async def test_wrong_topics_are_reported_and_not_used(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Two partitions would mean two writers; a retention by time would delete a backfill."""
    wrong = replace(EMBEDDED, partitions=2), replace(TWEETS, config={**TWEETS.config, "retention.ms": "86400000"})
    async with pipeline_settings(kafka_bootstrap, redis_url, "other-" + fresh_names, tmp_path) as settings:
        settings = settings.model_copy(update={"prefix": fresh_names})
        await ensure_topics(settings, wrong)
        with pytest.raises(WrongTopicsError, match=r"retention\.ms is 86400000"):
            await ensure_topics(settings)
        worker = WorkerProcess(settings, tmp_path / "worker.log", stages="embed,assign")
        worker.start()
        assert worker.process is not None
        try:
            assert await asyncio.to_thread(worker.process.wait, 240) == 1
        finally:
            worker.stop()
        assert "tweets.embedded: 2 partitions" in worker.log_lines()
        assert "stage starts" not in worker.log_lines()
