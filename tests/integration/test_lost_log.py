"""A real broker deletes the records of published weeks: digests stay, deletions work, and everybody is told."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from msgspec.structs import replace

from models.digest.cited import cited_posts
from models.events import Deletion, EmbeddedTweet
from models.events.wire import decode, encode
from models.week.clock import WeekClock
from models.week.week import Week
from streams.kafka.admin_client import admin
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.log import connection, group_name, producer, topic_name
from streams.kafka.record import Record
from streams.kafka.topics import EMBEDDED
from streams.operations.checks import Finding
from streams.operations.doctor import diagnose_services
from streams.operations.retention import room
from streams.refit.client import MadeDigest
from streams.runtime.pipeline import _read_embedded_since
from streams.settings import Settings
from streams.stages.snapshots import SnapshotStore
from streams.stages.week_close import WeekCloseStage
from tests.integration.pipeline import records_of
from tests.integration.replaying import quick_refit, with_stored_weeks
from tests.support.stored_weeks import WEEKS, sender

LONG_AFTER = datetime(2026, 1, 1, tzinfo=UTC)


class Closing:
    """The stage week-close on a real log, with a refit that is quick and a clock that waits for nothing."""

    def __init__(self, settings: Settings, stage: WeekCloseStage) -> None:
        self.settings = settings
        self.stage = stage
        self.now = LONG_AFTER

    async def until_quiet(self) -> dict[str, PublishedDigest]:
        """Everything that is due is done; the digests then."""
        self.now += timedelta(days=2)
        await self.stage.tick(active=True)
        return await read_digests(self.settings)

    async def put(self, value: EmbeddedTweet | Deletion, moment: datetime) -> None:
        """One more record on the log, handed to the stage."""
        async with producer(self.settings) as client:
            sent = await client.send_and_wait(
                topic_name(self.settings, EMBEDDED), encode(value), timestamp_ms=int(moment.timestamp() * 1000)
            )
        await self.stage.follow([Record(EMBEDDED.name, 0, sent.offset, None, encode(value), sent.timestamp)])


@pytest.fixture
async def closing(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> AsyncIterator[Closing]:
    """Three weeks are published."""
    settings = await with_stored_weeks(kafka_bootstrap, redis_url, fresh_names, tmp_path)
    nothing = tmp_path / "previous.json"
    nothing.touch()

    async def refit(week: Week, chosen: Mapping[str, str]) -> MadeDigest:
        return await quick_refit(
            settings,
            week,
            end=None,
            overrides=chosen,
            source="tweets.embedded",
            previous=nothing,
            progress=lambda step, share: None,
        )

    async def lagging() -> Collection[int]:
        return ()

    async with producer(settings) as client:
        stage = WeekCloseStage(
            clock=lambda: world.now,
            create_week_clock=lambda: WeekClock(
                timezone="UTC", lateness=timedelta(hours=24), idle=timedelta(seconds=60)
            ),
            timezone="UTC",
            refit=refit,
            read_digests=partial(read_digests, settings),
            read_log=partial(_read_embedded_since, settings),
            lagging=lagging,
            send=sender(settings, client),
        )
        world = Closing(settings, stage)
        await stage.tick(active=True)  # finds out where things stand
        assert list(await world.until_quiet()) == list(WEEKS)
        yield world


async def trim(settings: Settings, offset: int) -> None:
    """As retention does: the log begins at `offset`."""
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        partition = TopicPartition(topic_name(settings, EMBEDDED), 0)
        await admin.delete_records({partition: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


def command(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
        "REDIS_URL": str(settings.redis_url),
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
        "TOPTOPICS_ENCODER": "hash",
    }
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments], env=environment, capture_output=True, text=True, timeout=300
    )


async def test_a_digest_stays_when_the_log_has_lost_its_week(closing: Closing) -> None:
    """A late post and then a deletion: the first changes nothing, the second leaves the digest itself."""
    before = await read_digests(closing.settings)
    good, start = before[WEEKS[0]], before[WEEKS[1]].slice_start
    await trim(closing.settings, start)
    moment = good.digest.start + timedelta(days=2)
    any_post = decode(next(one.value for one in await records_of(closing.settings, EMBEDDED)), EmbeddedTweet)
    late = replace(any_post, tweet=replace(any_post.tweet, id="late", created_at=moment), origin="0:90001")
    await closing.put(late, moment)
    stayed = (await closing.until_quiet())[WEEKS[0]]
    assert (stayed.digest, stayed.revision) == (good.digest, 1)

    gone = sorted(cited_posts(good.digest))[0]
    await closing.put(Deletion(id=gone, author_id="a", deleted_at=good.digest.end, origin="0:90002"), good.digest.end)
    redacted = (await closing.until_quiet())[WEEKS[0]]
    assert (redacted.revision, redacted.supersedes) == (2, good.hash)
    assert cited_posts(redacted.digest) == cited_posts(good.digest) - {gone}
    assert [topic.label for topic in redacted.digest.topics] == [topic.label for topic in good.digest.topics]
    others = [(entry.digest.week, entry.revision) for entry in (await read_digests(closing.settings)).values()]
    assert others == [(WEEKS[0], 2), (WEEKS[1], 1), (WEEKS[2], 1)]


async def test_doctor_status_verify_and_check_say_which_weeks_are_lost(closing: Closing) -> None:
    """Nobody has to find out from a digest that did not change."""
    settings = closing.settings
    findings = {one.name: one for one in await diagnose_services(settings, lambda: LONG_AFTER)}
    assert findings["retention"].detail == "the log holds all 3 weeks that are still corrected"
    entries = await read_digests(settings)
    await trim(settings, entries[WEEKS[1]].slice_start + 1)
    (found,) = [one for one in await diagnose_services(settings, lambda: LONG_AFTER) if one.name == "retention"]
    assert not found.ok
    assert f"no longer holds {WEEKS[0]}, {WEEKS[1]}:" in found.detail
    assert "retention.bytes" in found.fix

    (row,) = json.loads(command(settings, "status", "--json").stdout)["digests"]
    assert row == {"newest": WEEKS[2], "corrected from the log": 1}
    assert f"no longer holds {WEEKS[0]}, {WEEKS[1]}:" in command(settings, "status").stdout
    checked = command(settings, "digest", WEEKS[0], "--check")
    assert (checked.returncode, f"no longer holds {WEEKS[0]}" in checked.stderr) == (1, True)


async def test_doctor_sees_a_loss_before_it_happens(closing: Closing) -> None:
    """A topic that keeps less than its weeks take; then a log that begins behind the newest snapshot."""
    settings = closing.settings

    async def retention() -> Finding:
        return next(one for one in await diagnose_services(settings, lambda: LONG_AFTER) if one.name == "retention")

    snapshots = SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}")
    snapshots.save(b"an older one", 3)
    snapshots.save(b"the newest", 7)
    async with admin(settings) as client:
        # one byte too little: with a smaller number the broker deletes the log when it next looks
        changed = EMBEDDED.config | {"retention.bytes": str((await room(settings)).needed - 1)}
        await client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic_name(settings, EMBEDDED), changed)])
    little = await retention()
    assert not little.ok
    assert "keeps 0.0 GiB, and the 8 weeks that are corrected take about" in little.detail
    assert "retention.bytes=-1" in little.fix

    await trim(settings, 9)
    behind = await retention()
    assert not behind.ok
    assert "2 records of tweets.embedded were deleted after the newest snapshot of the live topics" in behind.detail


async def test_records_that_were_deleted_before_they_were_read_are_a_finding(closing: Closing) -> None:
    """A worker that stood still for longer than retention lasts has lost posts."""
    settings = closing.settings
    end = len(await records_of(settings, EMBEDDED))
    client = AIOKafkaConsumer(**connection(settings), group_id=group_name(settings, "assign"), enable_auto_commit=False)
    await client.start()
    try:
        partition = TopicPartition(topic_name(settings, EMBEDDED), 0)
        client.assign([partition])
        await client.commit({partition: 5})
    finally:
        await client.stop()
    await trim(settings, end - 10)
    (found,) = [one for one in await diagnose_services(settings, lambda: LONG_AFTER) if one.name == "retention"]
    assert f"{end - 15:,} records of tweets.embedded/0 were deleted before assign read them" in found.detail
