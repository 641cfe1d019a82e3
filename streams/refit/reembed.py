"""Reads a week from `tweets` and embeds it again, for `replay --source tweets`.

It reads the same records as the week's slice of `tweets.embedded`: those whose origins are in that slice up to the
given end. Without a slice or an end, it reads all records that `tweets` has now. Vectors come from the content-hash
cache, so a week that was embedded with the same encoder gets the same bytes. Vectors that are missing in the cache are
computed; their last bits may differ from the stored ones, and a log line says so. Redeliveries that are twice on
`tweets.embedded` are read once, which makes no difference to the canonical week.
"""

from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from models.encoding.encoder import Encoder
from models.encoding.loading import load_encoder
from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import PoisonError, decode_post, pack_vector
from models.text import clean
from models.week.week import Week
from streams.kafka.log import bounds_of, consumer, read
from streams.kafka.record import Record
from streams.kafka.topics import EMBEDDED, TWEETS
from streams.redis_store.embed_cache import EmbedCache, cached_encode
from streams.redis_store.redis_embed_cache import create_embed_cache
from streams.refit.week_slice import WeekSlice, read_week
from streams.settings import Settings, encoders_folder, of_installation
from streams.system.logs import get_logger

log = get_logger(__name__)
BATCH = 512
RecordProgress = Callable[[int, int], None]  # records done, records in total


async def read_week_again(
    settings: Settings, week: Week, *, end: int | None = None, progress: RecordProgress | None = None
) -> WeekSlice:
    """Read a week as `read_week` does, with new vectors.

    Args:
        settings: Brokers, Redis and encoder.
        week: The week.
        end: Offset of `tweets.embedded` at which to stop (exclusive); None for everything on `tweets`.
        progress: Called with the number of embedded posts and of all posts.

    Returns:
        The slice; `start` and `end` are offsets of `tweets.embedded`.
    """
    stored = await read_week(settings, week, end=end)
    origins = {record.origin for record in stored.records} if end is not None else set()
    posts, seen = await _read_posts(settings, week, origins)
    encoder = load_encoder(settings.encoder, device=settings.device, cache_dir=encoders_folder(settings))
    cache = create_embed_cache(str(settings.redis_url), prefix=of_installation(settings).prefix)
    records: list[EmbeddedTweet | Deletion] = []
    try:
        for first in range(0, len(posts), BATCH):
            records += await _embedded(posts[first : first + BATCH], encoder, cache)
            if progress is not None:
                progress(len(records), len(posts))
    finally:
        await cache.aclose()
    different = _different(stored.records, records)
    if different:
        log.warning(
            "posts differ from the stored ones; the digest may differ",
            week=str(week),
            different=different,
            of=len(records),
        )
    start, slice_end = (stored.start, stored.end) if origins else await _embedded_bounds(settings, week)
    # 0: what counts is what `tweets` has, whatever `tweets.embedded` has lost
    return WeekSlice(records, start, slice_end, seen, log_start=0)


def _different(stored: Sequence[EmbeddedTweet | Deletion], made: Sequence[EmbeddedTweet | Deletion]) -> int:
    """The number of posts whose text or vector differs from the stored one of the same encoder."""
    known: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for one in stored:
        if isinstance(one, EmbeddedTweet):
            known.setdefault((one.tweet.id, one.encoder), set()).add((one.text, one.vector))
    count = 0
    for one in made:
        if isinstance(one, EmbeddedTweet):
            there = known.get((one.tweet.id, one.encoder))
            count += there is not None and (one.text, one.vector) not in there
    return count


async def _read_posts(settings: Settings, week: Week, origins: set[str]) -> tuple[list[Tweet | Deletion], int]:
    posts: list[Tweet | Deletion] = []
    seen = 0
    async with consumer(settings, TWEETS) as client:
        bounds = await bounds_of(client, since=week.start)
        async for records in read(client, bounds):
            seen += len(records)
            posts += [post for record in records if (post := _wanted(record, week, origins)) is not None]
    return posts, seen


def _wanted(record: Record, week: Week, origins: set[str]) -> Tweet | Deletion | None:
    if origins and record.origin not in origins:
        return None
    try:
        post = decode_post(record.value)
    except PoisonError:
        return None  # the embed stage has put it on `dead-letters`
    if isinstance(post, Deletion):
        return msgspec.structs.replace(post, origin=record.origin)
    return post if post.edit_of or week.contains(post.created_at) else None


async def _embedded(
    posts: list[Tweet | Deletion], encoder: Encoder, cache: EmbedCache
) -> list[EmbeddedTweet | Deletion]:
    tweets = [post for post in posts if isinstance(post, Tweet)]
    texts = [clean(tweet.text, kind=tweet.kind, links=tweet.links) for tweet in tweets]

    async def encode(missing: Sequence[str]) -> npt.NDArray[np.float32]:
        return encoder.encode(missing)

    vectors = await cached_encode(
        texts, encoder=encoder.name, dimensions=encoder.dimensions, encode=encode, cache=cache
    )
    done: list[EmbeddedTweet | Deletion] = [post for post in posts if isinstance(post, Deletion)]
    for tweet, text, vector in zip(tweets, texts, vectors, strict=True):
        done.append(
            EmbeddedTweet(
                tweet=tweet,
                text=text,
                vector=pack_vector(vector),
                dimensions=encoder.dimensions,
                encoder=encoder.name,
                origin="",
            )
        )
    return done


async def _embedded_bounds(settings: Settings, week: Week) -> tuple[int, int]:
    async with consumer(settings, EMBEDDED) as client:
        ((_partition, bound),) = (await bounds_of(client, since=week.start)).items()
    return bound.start, bound.end
