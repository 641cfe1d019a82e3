"""A past week played in a namespace of its own: its input, the order, and that nothing of it remains."""

import asyncio
import fcntl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import pytest
from aiokafka.admin import AIOKafkaAdminClient

import streams.replay.live
from models.events import Influencer
from models.events.wire import encode
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.influencers import put_influencers, read_influencers
from streams.kafka.log import connection, producer, read_topic, topic_name
from streams.kafka.topics import DIGESTS, EMBEDDED, TOPICS
from streams.replay.live import LOCK, LiveReplay, LiveReplayError, namespace, play, week_records
from streams.settings import Settings, load_settings
from tests.support.stored_weeks import WEEKS, store_weeks
from tests.support.view_examples import digest

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
WEEK = Week.parse(WEEKS[1])


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(
        kafka_bootstrap_servers=kafka_bootstrap, redis_url=redis_url, prefix=fresh_names, data_dir=tmp_path
    )
    await store_weeks(made)
    await put_digest(made, WEEKS[0])
    await put_influencers(made, [Influencer(id="p1", name="Somebody")], at=NOW)
    return made


async def put_digest(settings: Settings, week: str) -> None:
    entry = PublishedDigest(digest=digest(week), revision=1, slice_start=0, slice_end=9)
    async with producer(settings) as client:
        await client.send_and_wait(
            topic_name(settings, DIGESTS), key=week.encode(), value=encode(entry.digest), headers=list(entry.headers())
        )


async def topics_of(settings: Settings) -> set[str]:
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if name.startswith(settings.prefix)}
    finally:
        await admin.close()


class QuickStages:
    """Replaces the worker: waits for the whole week, then publishes a digest of it."""

    apart: Settings
    expected: int
    seen: list[int]
    exit_code = 0

    def __init__(self, stages: Sequence[str], environment: Mapping[str, str], log_file: IO[bytes] | None) -> None:
        assert environment["TOPTOPICS_PREFIX"] == self.apart.prefix
        assert "embed" not in stages

    async def supervise(self) -> None:
        """Run until stopped, or until the digest is published."""
        times: list[int] = []
        while len(times) < self.expected:
            await asyncio.sleep(0.2)
            times = [record.timestamp async for batch in read_topic(self.apart, EMBEDDED) for record in batch]
        self.seen.extend(times)
        assert [person.id for person in await read_influencers(self.apart)] == ["p1"]
        assert list(await read_digests(self.apart)) == [WEEKS[0]]
        await put_digest(self.apart, str(WEEK))

    def stop(self) -> None:
        """Does nothing: it ends by itself."""


async def test_a_week_is_played_in_its_order_and_leaves_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent by event time, after the previous digest and the influencers. Afterwards topics and files are as before."""
    live = LiveReplay(WEEK, "ab12", 1e9, say=lambda line: None)
    before, records = await topics_of(settings), await week_records(settings, live)
    assert len(records) > 500
    monkeypatch.setattr(QuickStages, "apart", namespace(settings, live), raising=False)
    monkeypatch.setattr(QuickStages, "expected", len(records), raising=False)
    monkeypatch.setattr(QuickStages, "seen", [], raising=False)
    monkeypatch.setattr(streams.replay.live, "Worker", QuickStages)
    entry = await play(settings, live)
    assert entry.digest.week == str(WEEK)
    assert QuickStages.seen == sorted(record.timestamp for record in records)
    assert await topics_of(settings) == before
    assert list(await read_digests(settings)) == [WEEKS[0]]
    assert list((settings.data_dir / "replay").iterdir()) == []


async def test_what_a_killed_replay_left_is_deleted_by_the_next(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A namespace in use is left alone."""
    before = await topics_of(settings)
    killed, played = (namespace(settings, LiveReplay(WEEK, token, 1e9)) for token in ("dead", "beef"))
    for apart in (killed, played):
        await ensure_topics(apart)
        apart.data_dir.mkdir(parents=True)
    (killed.data_dir / LOCK).touch()
    live = LiveReplay(WEEK, "ab12", 1e9, say=lambda line: None)
    records = await week_records(settings, live)
    monkeypatch.setattr(QuickStages, "apart", namespace(settings, live), raising=False)
    monkeypatch.setattr(QuickStages, "expected", len(records), raising=False)
    monkeypatch.setattr(QuickStages, "seen", [], raising=False)
    monkeypatch.setattr(streams.replay.live, "Worker", QuickStages)
    with (played.data_dir / LOCK).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        await play(settings, live)
    left = await topics_of(settings) - before
    assert left == {topic_name(played, topic) for topic in TOPICS}
    assert not killed.data_dir.exists()


async def test_a_week_without_posts_is_told(settings: Settings) -> None:
    """Before anything is created."""
    before = await topics_of(settings)
    with pytest.raises(LiveReplayError, match="2020-W30"):
        await play(settings, LiveReplay(Week.parse("2020-W30"), "ab12", 60.0))
    assert await topics_of(settings) == before


def test_a_namespace_is_another_prefix_that_fits(tmp_path: Path) -> None:
    """A name that the settings would refuse is refused here."""
    live = LiveReplay(WEEK, "ab12", 60.0)
    assert namespace(load_settings(prefix="x-", data_dir=tmp_path), live).prefix == "x-replay-2021-W10-ab12-"
    with pytest.raises(LiveReplayError, match="longer"):
        namespace(load_settings(prefix="x" * 30, data_dir=tmp_path), live)
