"""Posts for `embed_backlog`: texts that no cache has, on as many partitions as there are processes."""

import asyncio
import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from models.events import Tweet
from models.events.wire import encode
from streams.kafka.log import connection, producer, topic_name
from streams.kafka.topics import TWEETS
from streams.settings import Settings

FIRST = datetime(2021, 5, 3, tzinfo=UTC)
AUTHORS = 1_000  # their hashes are spread over the partitions


def numbered(text: str, number: int) -> str:
    """`text` in a form that no other post has."""
    return f"{text} {number}"


def posts(texts: Sequence[str], first: int, end: int) -> Iterator[Tweet]:
    """Posts number `first` to `end` of an endless sequence over `texts`."""
    for number in range(first, end):
        again, index = divmod(number, len(texts))
        author = f"a{number % AUTHORS}"
        yield Tweet(
            id=f"b{number}",
            author_id=author,
            author=author,
            created_at=FIRST + timedelta(milliseconds=number),
            text=numbered(texts[index], again + 1),
        )


async def with_partitions(settings: Settings, wanted: int) -> None:
    """Give `tweets` as many partitions if it has fewer."""
    if wanted <= TWEETS.partitions:
        return
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        await admin.create_partitions({topic_name(settings, TWEETS): NewPartitions(total_count=wanted)})
    finally:
        await admin.close()


async def produce(settings: Settings, tweets: Iterable[Tweet]) -> None:
    """Send all of them to `tweets` and wait for the confirmations."""
    async with producer(settings) as client:
        for tweet in tweets:
            await client.send(
                topic_name(settings, TWEETS),
                key=tweet.author_id.encode(),
                value=encode(tweet),
                timestamp_ms=int(tweet.created_at.timestamp() * 1000),
            )


async def produce_many(settings: Settings, texts: Sequence[str], first: int, count: int, *, producers: int) -> None:
    """Posts number `first` to `first + count`, from this many processes at the same time."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(producers, mp_context=get_context("spawn")) as pool:
        bounds = [first + count * i // producers for i in range(producers + 1)]
        parts = itertools.pairwise(bounds)
        await asyncio.gather(*(loop.run_in_executor(pool, _produce, settings, texts, *part) for part in parts))


def _produce(settings: Settings, texts: Sequence[str], first: int, end: int) -> None:
    asyncio.run(produce(settings, posts(texts, first, end)))
