"""Stage embed: `tweets` -> `tweets.embedded`.

Message in: Tweet or Deletion, JSON, untrusted, keyed by author id. Message out: EmbeddedTweet or Deletion, keyed by
post id, with the post's own time as the record's time, so that a week is a range of record times.
Dropped to `dead-letters`: what cannot be decoded, and posts from further in the future than the allowed skew (they
would close a week early). Nothing else is dropped: a retweet is encoded as the text that it repeats, so it costs a
cache look-up, and a post sent twice is told apart by the assign stage, which sees all partitions.
Stateless: after a crash a batch is done again and produces records with the same origins.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from models.events import DeadLetter, Deletion, EmbeddedTweet, Tweet
from models.text import clean
from models.wire import PoisonError, decode_post, encode, pack_vector
from streams.clock import Clock
from streams.dead_letters import DeadLetterBudget, dead_letter, send_dead_letters
from streams.ports import Send
from streams.records import Record
from streams.topics import EMBEDDED

Encode = Callable[[Sequence[str]], Awaitable[npt.NDArray[np.float32]]]


@dataclass(frozen=True)
class Post:
    """A decoded post and where it came from."""

    tweet: Tweet
    origin: str


async def embed(
    records: Sequence[Record],
    *,
    send: Send,
    encode_texts: Encode,
    encoder: str,
    clock: Clock,
    future_skew: timedelta,
    budget: DeadLetterBudget,
) -> None:
    """Handle one batch; when it returns, every record of it is on `tweets.embedded` or on `dead-letters`.

    encode_texts: texts -> float32 (n, dimensions). Raises DeadLetterBudgetError, and what the encoder or broker raise.
    """
    now = clock()
    posts: list[Post] = []
    deletions: list[Deletion] = []
    letters: list[DeadLetter] = []
    for record in records:
        try:
            usable = _usable(record, now + future_skew)
        except PoisonError as error:
            letters.append(dead_letter("embed", str(error), record, now))
        else:
            if isinstance(usable, Deletion):
                deletions.append(msgspec.structs.replace(usable, origin=record.origin))
            else:
                posts.append(Post(usable, record.origin))
    await send_dead_letters(send, letters)
    texts = [clean(post.tweet.text, kind=post.tweet.kind, links=post.tweet.links) for post in posts]
    vectors = await encode_texts(texts) if texts else np.zeros((0, 1), np.float32)
    if not np.isfinite(vectors).all():
        raise FloatingPointError(f"encoder {encoder} gave a number that is not finite")
    sent = [
        await send(EMBEDDED.name, key=deletion.id.encode(), value=encode(deletion), timestamp=deletion.deleted_at)
        for deletion in deletions
    ]
    for post, text, vector in zip(posts, texts, vectors, strict=True):
        embedded = EmbeddedTweet(
            tweet=post.tweet,
            text=text,
            vector=pack_vector(vector),
            dimensions=len(vector),
            encoder=encoder,
            origin=post.origin,
        )
        tweet = post.tweet
        sent.append(
            await send(EMBEDDED.name, key=tweet.id.encode(), value=encode(embedded), timestamp=tweet.created_at)
        )
    for confirmation in sent:
        await confirmation
    for bad in [True] * len(letters) + [False] * (len(records) - len(letters)):
        budget.count(bad=bad)


def _usable(record: Record, latest: datetime) -> Tweet | Deletion:
    post = decode_post(record.value)
    when = post.deleted_at if isinstance(post, Deletion) else post.created_at
    if when > latest:
        raise PoisonError(f"{when.isoformat()} is in the future")
    return post
