"""Records that other programs put on `tweets`: odd headers, aborted transactions, marks at the end of the log."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from models.events import EmbeddedTweet, Tweet
from models.events.wire import decode_embedded, decode_post, encode
from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.lag import lagging_partitions
from streams.kafka.log import any_record, end_offsets, group_name, producer, read_topic, topic_name
from streams.kafka.topics import EMBEDDED, TWEETS
from streams.settings import Settings, load_settings
from streams.sources.cursors import Saved
from streams.sources.producer import recall
from streams.sources.sent_posts import SentPosts
from tests.integration.pipeline import WorkerProcess


@pytest.fixture
async def settings(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names, data_dir=tmp_path, encoder="hash")
    await ensure_topics(made)
    return made


def post(post_id: str) -> bytes:
    return encode(
        Tweet(
            id=post_id,
            author_id="k-ada",
            author="kada",
            created_at=system_clock(),
            text=f"Kafka case {post_id}: notes on evaluation of retrieval systems",
        )
    )


HEADERS = [
    [("source", b"\xff\xfe")],
    [("source", b"bluesky"), ("cursor", b"\xff\xfe")],
    [("source", None)],
    [("source", b"rss"), ("cursor", b"\x00" * 5_000)],
    [("source", b""), ("cursor", b"")],
    [("source", b"x"), ("source", b"\xff")],
]


async def test_headers_of_any_bytes_are_read_over(settings: Settings) -> None:
    """A source starts all the same, and its own records count."""
    async with producer(settings) as client:
        topic = topic_name(settings, TWEETS)
        for number, headers in enumerate(HEADERS):
            await client.send_and_wait(topic, post(f"h{number}"), key=b"k-ada", headers=headers)
        await client.send_and_wait(topic, post("own"), key=b"k-ada", headers=[("source", b"rss"), ("cursor", b"7")])
    memory = SentPosts()
    cursors = await recall(settings, memory, {"rss": Saved()})
    assert cursors["rss"] == "7"
    assert "own" in memory


async def transactions(settings: Settings, *ids: str, abort: bool) -> None:
    client = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, transactional_id=f"{settings.prefix}-{ids[0]}"
    )
    await client.start()
    try:
        await client.begin_transaction()
        for post_id in ids:
            await client.send_and_wait(topic_name(settings, TWEETS), post(post_id), key=b"k-ada")
        await (client.abort_transaction() if abort else client.commit_transaction())
    finally:
        await client.stop()


async def test_what_was_aborted_was_never_written(settings: Settings) -> None:
    """Bulk reads and the question whether an offset holds anything agree, and none of them waits for it."""
    await transactions(settings, "tx1", "tx2", abort=False)
    await transactions(settings, "aborted", abort=True)
    found = [record.value async for records in read_topic(settings, TWEETS) for record in records]
    assert sorted(decode_post(value).id for value in found) == ["tx1", "tx2"]
    ends = await end_offsets(settings, TWEETS)
    (partition,) = (number for number, end in ends.items() if end)
    assert await any_record(settings, TWEETS, partition, 0, ends[partition])
    assert not await any_record(settings, TWEETS, partition, 3, ends[partition])


async def test_aborted_posts_are_not_embedded(settings: Settings, redis_url: str, tmp_path: Path) -> None:
    """Nor anything else; and a log that ends with them is read to its end, so that its weeks can close."""
    settings = settings.model_copy(update={"redis_url": redis_url})
    worker = WorkerProcess(settings, tmp_path / "worker.log", "embed,assign")
    await transactions(settings, "tx1", "tx2", abort=False)
    await transactions(settings, "kaborted", abort=True)
    await transactions(settings, "tx3", abort=False)
    await transactions(settings, "last", abort=True)
    worker.start()
    try:
        async with asyncio.timeout(120):
            while len(ids := await embedded_ids(settings)) < 3 or await behind(settings):
                await asyncio.sleep(0.5)
    finally:
        assert worker.stop() == 0
    assert sorted(ids) == ["tx1", "tx2", "tx3"]


async def embedded_ids(settings: Settings) -> list[str]:
    """Of the records of `tweets.embedded`."""
    found = [decode_embedded(record.value) async for batch in read_topic(settings, EMBEDDED) for record in batch]
    return [one.tweet.id for one in found if isinstance(one, EmbeddedTweet)]


async def behind(settings: Settings) -> list[int]:
    """The partitions of `tweets` that embed still has to read."""
    return await lagging_partitions(settings, TWEETS, group=group_name(settings, "embed"))
