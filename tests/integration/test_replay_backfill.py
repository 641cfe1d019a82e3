"""Archives put onto the log piece by piece, and waited for, on a real broker."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

import streams.replay.backfill
from models.events.wire import encode
from models.week.clock import CORRECTED_WEEKS
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.lag import idle_groups, lag_of
from streams.kafka.log import connection, producer, topic_name
from streams.kafka.topics import DIGESTS, TWEETS
from streams.refit.client import MadeDigest
from streams.replay.backfill import Backfill, ingest_all, last_offsets, wait_for_digests
from streams.settings import Settings, load_settings
from tests.support.stored_weeks import WEEKS, demo_tweets, embed_all
from tests.support.view_examples import digest

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALL = [Week.parse(week) for week in WEEKS]


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(
        kafka_bootstrap_servers=kafka_bootstrap, redis_url=redis_url, prefix=fresh_names, data_dir=tmp_path / "data"
    )
    await ensure_topics(made)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The demo's posts with a broken line in the middle."""
    lines = [encode(tweet) for tweet in demo_tweets()]
    path = tmp_path / "archive.jsonl"
    path.write_bytes(b"\n".join([*lines[:700], b"no post", *lines[700:]]) + b"\n")
    return path


@pytest.fixture
def small_pieces() -> Iterator[None]:
    """Notes of how far a file is in, every 500 lines."""
    before, streams.replay.backfill.PIECE = streams.replay.backfill.PIECE, 500
    yield
    streams.replay.backfill.PIECE = before


def job(*files: Path, **more: Any) -> Backfill:
    return replace(Backfill(list(files), lambda: NOW), **more)


async def on_tweets(settings: Settings) -> int:
    return sum((await lag_of(settings, TWEETS, group=f"{settings.prefix}nobody")).values())


@pytest.mark.usefixtures("small_pieces")
async def test_an_interrupted_archive_goes_on_where_it_was(settings: Settings, archive: Path) -> None:
    """At most one piece goes in twice, and what is in stays in; a finished file is not read again."""
    posts = len(demo_tweets())

    def interrupt(file: Path, position: int) -> None:
        if position > archive.stat().st_size * 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await ingest_all(settings, job(archive, advance=interrupt))
    await asyncio.sleep(0.5)
    assert 500 < await on_tweets(settings) < posts
    counts, weeks = await ingest_all(settings, job(archive))
    assert weeks == ALL
    assert posts - counts.sent >= 500
    assert posts <= await on_tweets(settings) <= posts + 500
    again, weeks = await ingest_all(settings, job(archive))
    assert (again.sent, weeks) == (0, ALL)


async def test_a_bad_line_is_told_with_its_number_and_stops_nothing(settings: Settings, archive: Path) -> None:
    """As `toptopics ingest` does."""
    told: list[tuple[str, int]] = []
    counts, _ = await ingest_all(
        settings, job(archive, report=lambda name, line, reason: told.append((name, line.number)))
    )
    assert (counts.sent, counts.bad) == (len(demo_tweets()), 1)
    assert told == [("archive.jsonl", 701)]


async def test_another_file_under_the_same_name_begins_anew(settings: Settings, archive: Path) -> None:
    """Its size tells."""
    await ingest_all(settings, job(archive))
    archive.write_bytes(encode(demo_tweets()[0]) + b"\n")
    counts, weeks = await ingest_all(settings, job(archive))
    assert (counts.sent, weeks) == (1, ALL[:1])


async def embedded(settings: Settings) -> None:
    """What the embed stage leaves behind: its records, and its committed offsets."""
    await embed_all(settings)
    client = AIOKafkaConsumer(
        **connection(settings), group_id=f"{settings.prefix}toptopics-embed", enable_auto_commit=False
    )
    partitions = [TopicPartition(topic_name(settings, TWEETS), number) for number in range(TWEETS.partitions)]
    client.assign(partitions)
    await client.start()
    try:
        await client.commit(await client.end_offsets(partitions))
    finally:
        await client.stop()


async def put_digest(settings: Settings, week: str, slice_end: int) -> None:
    entry = PublishedDigest(digest=digest(week), revision=1, slice_start=0, slice_end=slice_end)
    async with producer(settings) as client:
        await client.send_and_wait(
            topic_name(settings, DIGESTS), key=week.encode(), value=encode(entry.digest), headers=list(entry.headers())
        )


async def test_it_waits_for_digests_that_hold_every_post(settings: Settings, archive: Path) -> None:
    """A digest made before the week was complete does not count; a week that is not over is left to the stream."""
    await ingest_all(settings, job(archive))
    await embedded(settings)
    last = await last_offsets(settings, ALL)
    assert set(last) == set(WEEKS)
    told: list[str] = []
    still: list[str] = []
    running = asyncio.create_task(
        wait_for_digests(
            settings,
            job(
                archive,
                clock=lambda: datetime(2021, 3, 20, tzinfo=UTC),
                digest=lambda entry: told.append(entry.digest.week),
                waiting=lambda what, share: still.append(what),
            ),
            ALL,
        )
    )
    for week in WEEKS[:2]:
        await put_digest(settings, week, last[week])  # one record short
    while not still:
        await asyncio.sleep(0.1)
    assert told == []
    for week in WEEKS[:2]:
        await put_digest(settings, week, last[week] + 1)
    assert await asyncio.wait_for(running, 180) == [ALL[2]]
    assert told == list(WEEKS[:2])
    assert orjson.dumps(still)


async def test_a_week_that_was_closed_long_ago_is_corrected_from_here(settings: Settings, archive: Path) -> None:
    """The live stage corrects the newest digests alone; without this, backfill would wait for ever."""
    await ingest_all(settings, job(archive))
    await embedded(settings)
    last = await last_offsets(settings, ALL)
    await put_digest(settings, WEEKS[0], last[WEEKS[0]])  # one record short
    for number in range(12, 12 + CORRECTED_WEEKS):
        await put_digest(settings, f"2021-W{number}", 1)
    built: list[tuple[str, int | None]] = []

    async def refit(week: Week, *, end: int | None, **_: Any) -> MadeDigest:
        built.append((str(week), end))
        return MadeDigest(encode(digest(str(week), headline="With all posts")), 0, last[str(week)] + 1, 9, held=9)

    assert await asyncio.wait_for(wait_for_digests(settings, job(archive, refit=refit), ALL[:1]), 180) == []
    assert built == [(WEEKS[0], None)]
    corrected = (await read_digests(settings))[WEEKS[0]]
    assert (corrected.revision, corrected.slice_end) == (2, last[WEEKS[0]] + 1)


async def test_stages_that_nobody_runs_are_told(settings: Settings) -> None:
    """A group with a member is not idle."""
    name = f"{settings.prefix}toptopics-embed"
    client = AIOKafkaConsumer(topic_name(settings, TWEETS), **connection(settings), group_id=name)
    await client.start()
    try:
        while not client.assignment():
            await asyncio.sleep(0.1)
        assert await idle_groups(settings, [name, f"{settings.prefix}other"]) == [f"{settings.prefix}other"]
    finally:
        await client.stop()
    assert await idle_groups(settings, [name]) == [name]
