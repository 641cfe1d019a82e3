"""The whole product on real parts: Kafka, Redis, Faust workers, BERTopic. Laws 1, 2 and 3 end to end."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import NewPartitions

from models.events import Deletion, EmbeddedTweet, TopicEvent, Tweet
from models.events.week_topics import WeekTopics
from models.events.wire import decode, decode_embedded, decode_log, encode
from models.week.week import Week
from streams.kafka.admin_client import admin
from streams.kafka.digests import PublishedDigest
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import EMBEDDED, TOPIC_EVENTS, TWEETS
from streams.refit.week_slice import read_week
from streams.settings import Settings
from tests.integration.pipeline import (
    WorkerProcess,
    audit,
    pipeline_settings,
    produce,
    records_of,
    until_accounted,
    until_digests,
)
from tests.support.made_posts import START, embedded, tweet
from tests.support.stored_weeks import two_weeks_of_tweets

pytestmark = pytest.mark.timeout(1200)
POISON: Sequence[bytes | None] = (b"not json", None, b"[]", b'{"id":"x"}', b'{"schema":7,"id":"x"}', b"\xff\xfe")
WEEKS = ("2021-W09", "2021-W10")
GROWN = 6  # partitions of `tweets`


async def test_every_record_is_accounted_for_in_spite_of_kill_9(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Posts, duplicates, tombstones and poison; the worker is killed three times during them, and `tweets` grows.

    After the growth, later posts of an author are on another partition than the earlier ones. Within a partition, the
    order of an author's posts is kept.
    """
    posts = [tweet(number, hours=number / 100) for number in range(3_000)]
    values: list[Tweet | Deletion | bytes | None] = [*posts, *posts[40:60], *POISON]
    values += [
        Deletion(id=post.id, author_id=post.author_id, deleted_at=START + timedelta(days=2)) for post in posts[:5]
    ]
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        worker = WorkerProcess(settings, tmp_path / "worker.log", stages="embed,assign,view")
        try:
            third = len(values) // 3
            for turn in range(3):
                worker.start()
                await produce(settings, values[turn * third : (turn + 1) * third if turn < 2 else None])
                if turn == 0:
                    await _grow(settings, GROWN)
                await _some_progress(settings, turn, worker)
                worker.kill()
            worker.start()
            found = await until_accounted(settings, worker)
        finally:
            code = worker.stop()
    assert code == 0
    assert found.produced == len(values)
    assert found.twice == []
    assert dict(found.outcomes) == {"assigned": 3_000, "duplicate": 20, "dead letter": len(POISON), "deleted": 5}
    log = [decode_log(one.value) for one in await records_of(settings, EMBEDDED)]
    kept = [one for one in log if isinstance(one, EmbeddedTweet)]
    assert len({one.origin.split(":")[0] for one in kept}) > TWEETS.partitions, "nobody's posts moved"
    _in_order(kept)


async def _grow(settings: Settings, partitions: int) -> None:
    """As an operator does for more embed workers, while records arrive."""
    async with admin(settings) as client:
        await client.create_partitions({topic_name(settings, TWEETS): NewPartitions(partitions)})


def _in_order(log: list[EmbeddedTweet]) -> None:
    """A record that is new on the log comes after the earlier ones of its author and partition; a kill repeats some."""
    newest: dict[tuple[str, str], int] = {}
    seen: set[str] = set()
    for one in log:
        partition, offset = one.origin.split(":")
        author = (partition, one.tweet.author_id)
        if one.origin not in seen:
            assert int(offset) > newest.get(author, -1), f"{author}: {one.origin}"
            newest[author] = int(offset)
            seen.add(one.origin)


async def _some_progress(settings: Settings, turn: int, worker: WorkerProcess) -> None:
    """Wait until the stages have done part of their work: a kill before it would show nothing."""
    for _ in range(960):
        if (await audit(settings)).outcomes["assigned"] > 300 * (turn + 1):
            return
        await asyncio.sleep(0.25)
    raise AssertionError("the worker does nothing; its log ends:\n" + worker.log_lines()[-4000:])


async def test_the_same_posts_give_the_same_digest_bytes(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Arrival order, partitions, batch sizes and a killed worker have no effect on a digest (laws 2 and 3)."""
    posts = two_weeks_of_tweets()
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names + "a-", tmp_path / "a") as plain:
        expected = await _digests(plain, tmp_path / "a.log", posts)
        lessons = await _lessons(plain)
        await _learned(plain, tmp_path / "assign.log")
    shuffled = posts[:]
    random.Random(3).shuffle(shuffled)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names + "b-", tmp_path / "b", partitions=3) as other:
        found = await _digests(
            other,
            tmp_path / "b.log",
            shuffled,
            kill_in_refit=True,
            TOPTOPICS_EMBED_BATCH="37",
        )
        assert await _lessons(other) == lessons
    for week in WEEKS:
        assert encode(found[week].digest) == encode(expected[week].digest), week
    assert any(entry.digest.topics for entry in expected.values()), "a digest without topics shows nothing"
    _topics_rest_on_posts(expected, posts)


async def _digests(
    settings: Settings, log: Path, posts: list[Tweet], *, kill_in_refit: bool = False, **environment: str
) -> dict[str, PublishedDigest]:
    settings.data_dir.mkdir()
    worker = WorkerProcess(settings, log, stages="embed,week-close", **environment)
    # all posts are there before the weeks can close: late posts are the subject of another test
    embed = WorkerProcess(settings, log, stages="embed", **environment)
    embed.start()
    try:
        await produce(settings, posts)
        await _all_embedded(settings, len(posts))
    finally:
        embed.stop()
    worker.start()
    try:
        if kill_in_refit:
            await _refit_runs(worker)
            worker.kill()
            worker.start()
        return await until_digests(settings, WEEKS, worker)
    finally:
        worker.stop()


async def _lessons(settings: Settings) -> set[bytes]:
    """The WeekTopics of the refits. After a crash one may be there twice."""
    log = [decode_log(record.value) for record in await records_of(settings, EMBEDDED)]
    taught = [one for one in log if isinstance(one, WeekTopics)]
    assert {one.week for one in taught} >= set(WEEKS)
    return {encode(one) for one in taught}


async def _learned(settings: Settings, log: Path) -> None:
    """The live topics, which read the log only now, know the digests' names for them."""
    worker = WorkerProcess(settings, log, stages="assign")
    worker.start()
    try:
        for _ in range(600):
            events = [decode(record.value, TopicEvent) for record in await records_of(settings, TOPIC_EVENTS)]
            if {event.week for event in events if event.kind == "alias"} >= set(WEEKS):
                return
            await asyncio.sleep(0.5)
    finally:
        worker.stop()
    raise AssertionError("the live topics have learned nothing")


async def _all_embedded(settings: Settings, count: int) -> None:
    for _ in range(600):
        origins = set()
        for record in await records_of(settings, EMBEDDED):
            embedded = decode_embedded(record.value)
            assert isinstance(embedded, EmbeddedTweet)
            origins.add(embedded.origin)
        if len(origins) >= count:
            return
        await asyncio.sleep(0.5)
    raise AssertionError("not all posts were embedded")


async def _refit_runs(worker: WorkerProcess) -> None:
    for _ in range(2_400):
        if '"step": "clustering"' in worker.log_lines():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no refit was seen; the worker's log ends:\n" + worker.log_lines()[-4000:])


def _topics_rest_on_posts(digests: dict[str, PublishedDigest], posts: list[Tweet]) -> None:
    known = {post.id for post in posts}
    for entry in digests.values():
        for topic in entry.digest.topics:
            assert topic.post_ids
            assert set(topic.post_ids) <= known


async def test_a_week_slice_is_exact(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> None:
    """Whatever the arrival order, the bounds by record time miss nothing of a week."""
    week = Week.parse("2021-W18")
    posts = [tweet(number, hours=number * 1.5 - 100) for number in range(300)]
    random.Random(1).shuffle(posts)
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        async with producer(settings) as client:
            for number, post in enumerate(posts):
                await client.send(
                    topic_name(settings, EMBEDDED),
                    value=encode(embedded(post, f"0:{number}")),
                    timestamp_ms=int(post.created_at.timestamp() * 1000),
                )
        piece = await read_week(settings, week)
    inside = {post.id for post in posts if week.contains(post.created_at)}
    assert {record.tweet.id for record in piece.records if isinstance(record, EmbeddedTweet)} == inside
