"""Weeks on a real broker without running stages: posts on `tweets`, their vectors on `tweets.embedded`.

It uses the demo's invented posts, the embed stage's own function and the hash encoder: seconds instead of minutes.
"""

from collections.abc import Awaitable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import numpy.typing as npt
import orjson
from aiokafka import AIOKafkaProducer

from models.encoding.hash_encoder import HashEncoder
from models.events import Deletion, Tweet
from models.events.wire import encode
from models.week.week import Week
from streams.demo.posts import demo_posts
from streams.kafka.admin import ensure_topics
from streams.kafka.log import producer, read_topic
from streams.kafka.record import Record
from streams.kafka.topics import TWEETS
from streams.ports import Headers, Send
from streams.redis_store.embed_cache import MemoryEmbedCache, cached_encode
from streams.settings import Settings
from streams.sources.files.json_lines import parse_object
from streams.stages.dead_letters import DeadLetterBudget
from streams.stages.embed import embed
from streams.stages.ordered_release import OrderedRelease

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WEEKS = ("2021-W09", "2021-W10", "2021-W11")


def sender(settings: Settings, client: AIOKafkaProducer) -> Send:
    """The stages' port on a plain producer."""

    async def send(
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[object]:
        milliseconds = None if timestamp is None else int(timestamp.timestamp() * 1000)
        sent: Awaitable[object] = await client.send(
            settings.prefix + topic, key=key, value=value, timestamp_ms=milliseconds, headers=list(headers)
        )
        return sent

    return send


def demo_tweets() -> list[Tweet]:
    """The demo's well-formed posts, in order of arrival."""
    parsed = (parse_object(orjson.loads(orjson.dumps(post))) for post in demo_posts())
    return [post for post in parsed if isinstance(post, Tweet)]


def two_weeks_of_tweets() -> list[Tweet]:
    """Those of the demo's first two weeks."""
    return [post for post in demo_tweets() if post.created_at < Week.parse(WEEKS[2]).start]


async def put_posts(settings: Settings, posts: Iterable[Tweet | Deletion]) -> None:
    """Send posts to `tweets`, with their own times."""
    async with producer(settings) as client:
        send = sender(settings, client)
        sent = []
        for post in posts:
            moment = post.deleted_at if isinstance(post, Deletion) else post.created_at
            sent.append(await send(TWEETS.name, key=post.author_id.encode(), value=encode(post), timestamp=moment))
        for confirmation in sent:
            await confirmation


async def embed_all(settings: Settings, *, skip: int = 0) -> int:
    """Do the work of the embed stage for all records of `tweets` after the first `skip`. Returns their number."""
    encoder = HashEncoder()

    async def encode_texts(texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return encoder.encode(texts)

    encode_cached = partial(
        cached_encode,
        encoder=encoder.name,
        dimensions=encoder.dimensions,
        encode=encode_texts,
        cache=MemoryEmbedCache(),
    )
    records = [record async for batch in read_topic(settings, TWEETS) for record in batch]
    async with producer(settings) as client:
        for batch in _batches(records[skip:]):
            await embed(
                batch,
                send=sender(settings, client),
                encode_texts=encode_cached,
                encoder=encoder.name,
                clock=lambda: NOW,
                future_skew=timedelta(minutes=10),
                budget=DeadLetterBudget(1.0),
                release=OrderedRelease(),
            )
    return len(records)


def _batches(items: Sequence[Record]) -> list[Sequence[Record]]:
    return [items[first : first + 500] for first in range(0, len(items), 500)]


async def store_weeks(settings: Settings) -> int:
    """Store three weeks, ready for a replay. Returns the number of posts."""
    await ensure_topics(settings)
    await put_posts(settings, demo_tweets())
    return await embed_all(settings)
