"""Stage embed: `tweets` -> `tweets.embedded`.

Message in: Tweet or Deletion, JSON, untrusted, keyed by author id. Message out: EmbeddedTweet or Deletion, keyed by
post id. The record's time is the post's own time, so that a week is a range of record times.

Dropped to `dead-letters`: records that cannot be decoded, and posts further in the future than the allowed skew, which
would close a week early. Nothing else is dropped. A retweet is encoded as the text that it repeats, which costs one
cache look-up. Duplicates are left to the assign stage, which sees all partitions.

Stateless: a batch that is repeated after a crash produces records with the same origins. Several batches may run at the
same time. Their outputs are sent in the order in which the batches started, so a tombstone never overtakes its post.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import decode_post, encode, pack_vector
from models.text import clean
from streams.clock import Clock
from streams.kafka.record import Record
from streams.kafka.topics import EMBEDDED
from streams.ports import Send
from streams.stages.dead_letters import DeadLetterBudget, decode_records, send_dead_letters
from streams.stages.ordered_release import OrderedRelease
from streams.stages.post_time import check_not_future, time_of

Encode = Callable[[Sequence[str]], Awaitable[npt.NDArray[np.float32]]]


async def embed(
    records: Sequence[Record],
    *,
    send: Send,
    encode_texts: Encode,
    encoder: str,
    clock: Clock,
    future_skew: timedelta,
    budget: DeadLetterBudget,
    release: OrderedRelease,
) -> None:
    """Handle one batch. On return, every record of it is on `tweets.embedded` or on `dead-letters`.

    Args:
        records: The batch.
        send: Produces a record.
        encode_texts: texts -> float32 (n, dimensions).
        encoder: Name of the encoder.
        clock: The present time.
        future_skew: How far in the future a post may be.
        budget: Counts the dead letters.
        release: Shared by the batches that run at the same time.

    Raises:
        DeadLetterBudgetError: Too many of the last records were dead letters.
        FloatingPointError: The encoder returned NaN or infinity.
        Exception: What the encoder or the broker raise.
    """
    now, slot = clock(), release.slot()
    posts, letters = decode_records(records, lambda record: _usable(record, now, future_skew), stage="embed", at=now)
    await send_dead_letters(send, letters)
    tweets = [post for _, post in posts if isinstance(post, Tweet)]
    texts = [clean(tweet.text, kind=tweet.kind, links=tweet.links) for tweet in tweets]
    vectors = await encode_texts(texts) if texts else np.zeros((0, 1), np.float32)
    if not np.isfinite(vectors).all():
        raise FloatingPointError(f"encoder {encoder} returned NaN or infinity; restarting the stage")
    encoded = zip(texts, vectors, strict=True)
    async with slot:
        sent = []
        for record, post in posts:
            out: Deletion | EmbeddedTweet
            if isinstance(post, Deletion):
                out, when = msgspec.structs.replace(post, origin=record.origin), post.deleted_at
            else:
                out, when = _embedded(post, record.origin, *next(encoded), encoder), post.created_at
            sent.append(await send(EMBEDDED.name, key=post.id.encode(), value=encode(out), timestamp=when))
    for confirmation in sent:
        await confirmation
    for bad in [True] * len(letters) + [False] * (len(records) - len(letters)):
        budget.count(bad=bad)


def _embedded(tweet: Tweet, origin: str, text: str, vector: npt.NDArray[np.float32], encoder: str) -> EmbeddedTweet:
    return EmbeddedTweet(
        tweet=tweet, text=text, vector=pack_vector(vector), dimensions=len(vector), encoder=encoder, origin=origin
    )


def _usable(record: Record, now: datetime, future_skew: timedelta) -> Tweet | Deletion:
    post = decode_post(record.value)
    check_not_future(time_of(post), now, future_skew)
    return post
