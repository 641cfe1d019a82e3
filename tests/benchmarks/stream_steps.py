"""The measured steps of `bench_stream`, each in its own process: `python -m tests.benchmarks.stream_steps STEP`.

Every step prints one JSON object: records, seconds by the clock and of processor time, and the peak memory of the
process in MiB.
"""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import numpy as np
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.events import EmbeddedTweet, Tweet
from models.events.wire import encode, pack_vector
from models.week.posts import week_posts
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.log import MAX_MESSAGE_BYTES, connection, producer, topic_name
from streams.kafka.topics import EMBEDDED
from streams.refit.week_slice import read_week
from streams.settings import Settings, load_settings
from tests.benchmarks.bounded import peak_mib
from tests.support.stored_weeks import demo_tweets

WEEK = Week(2021, 10)
DIMENSIONS = 384
SEED = 11


def many_tweets(count: int) -> list[Tweet]:
    """`count` different posts inside WEEK, made from the demo's."""
    rng = random.Random(SEED)
    demo = demo_tweets()
    seconds = int((WEEK.end - WEEK.start).total_seconds())
    return [
        msgspec.structs.replace(
            demo[number % len(demo)],
            id=f"b{number}",
            text=f"{demo[number % len(demo)].text} {number}",
            created_at=WEEK.start + timedelta(seconds=rng.randrange(seconds)),
            edit_of=None,
        )
        for number in range(count)
    ]


async def store(settings: Settings, count: int) -> int:
    """A week of `count` posts on `tweets.embedded`, with vectors of the usual size."""
    await ensure_topics(settings)
    vectors = np.random.default_rng(SEED).normal(size=(count, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    async with producer(settings) as client:
        for number, tweet in enumerate(many_tweets(count)):
            value = encode(
                EmbeddedTweet(
                    tweet=tweet,
                    text=tweet.text,
                    vector=pack_vector(vectors[number]),
                    dimensions=DIMENSIONS,
                    encoder="bench@0/fp32",
                    origin=f"0:{number}",
                )
            )
            await client.send(
                topic_name(settings, EMBEDDED),
                key=tweet.id.encode(),
                value=value,
                timestamp_ms=int(tweet.created_at.timestamp() * 1000),
            )
    return count


async def _bare(settings: Settings) -> AsyncIterator[list[bytes]]:
    partition = TopicPartition(topic_name(settings, EMBEDDED), 0)
    client = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
        fetch_max_bytes=4 * MAX_MESSAGE_BYTES,
        check_crcs=False,
    )
    client.assign([partition])
    await client.start()
    try:
        end = (await client.end_offsets([partition]))[partition]
        while await client.position(partition) < end:
            for messages in (await client.getmany(timeout_ms=1000, max_records=5_000)).values():
                yield [message.value for message in messages]
    finally:
        await client.stop()


async def bare(settings: Settings) -> int:
    """The least possible cost of reading the log."""
    count = 0
    async for values in _bare(settings):
        count += len(values)
    return count


async def bare_json(settings: Settings) -> int:
    """The least possible cost of parsing it."""
    count = 0
    async for values in _bare(settings):
        for value in values:
            orjson.loads(value)
            count += 1
    return count


async def read_and_decode(settings: Settings) -> int:
    """The work of replay: the week's slice, typed and checked."""
    return (await read_week(settings, WEEK)).read


async def up_to_refit(settings: Settings) -> int:
    """Also the canonical form with the matrix of vectors: everything before the refit."""
    piece = await read_week(settings, WEEK)
    return len(week_posts(piece.records, WEEK))


STEPS = {"bare": bare, "bare-json": bare_json, "replay": read_and_decode, "canonical": up_to_refit}


def main() -> None:
    """Entry point; the argument is the step's name, or `store` and a number of posts."""
    settings = load_settings()
    started, worked = time.perf_counter(), time.process_time()
    if sys.argv[1] == "store":
        count = asyncio.run(store(settings, int(sys.argv[2])))
    else:
        count = asyncio.run(STEPS[sys.argv[1]](settings))
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    sys.stdout.write(
        orjson.dumps({"records": count, "seconds": seconds, "processor": processor, "peak": peak_mib()}).decode() + "\n"
    )


if __name__ == "__main__":
    main()
