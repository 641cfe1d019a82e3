"""The posts of a closed week in canonical form, the input of every step of the digest.

They are made from the records of `tweets.embedded` as a set: deletions are applied, each post id has one version, and
posts are sorted by id. So arrival order, partitions and batches have no effect (law 2). The cost of wording is bounded:
beyond a budget in characters, the longest posts are read only in part.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from models.encoding.encoder import space_of
from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import PoisonError, encode, unpack_vector
from models.text.plain import beginning
from models.week.week import Week

ROWS = 4_096
READ_BUDGET = 20_000_000  # characters of all posts that are read for what they say: 100,000 ordinary posts
LEAST_READ = 280  # characters of a post that are read in any case
_Vector = npt.NDArray[np.float32]
_Kept = tuple[EmbeddedTweet, _Vector]  # a record and its vector


@dataclass(frozen=True)
class WeekPosts:
    """`n` posts sorted by id."""

    week: Week
    posts: list[Tweet]  # n posts; texts beyond the budget are cut
    texts: list[str]  # n cleaned texts, as encoded
    vectors: npt.NDArray[np.float32]  # float32 (n, dimensions), unit length
    encoder: str  # name of the encoder
    slice_hash: str  # hex sha256 of the canonical records without `origin`, which depends on arrival
    deleted: int  # posts of the week removed by a tombstone or replaced by an edit, without retweets of deleted posts
    held: int = 0  # distinct post ids of the week in the records, deleted ones included; constant or growing on a log

    def __len__(self) -> int:
        return len(self.posts)


def week_posts(records: Iterable[EmbeddedTweet | Deletion], week: Week) -> WeekPosts:
    """Build the canonical week from a set of records. Records of other weeks are ignored.

    Of several records with one id, the one with the smallest bytes (without origin) is kept, independent of arrival.

    Args:
        records: The records, in any order.
        week: The week.

    Raises:
        ValueError: The records have vectors of several encoders, which cannot be compared.
    """
    kept: dict[str, _Kept] = {}
    records = list(records)
    gone = _gone(records, week)
    for record in records:
        if isinstance(record, Deletion):
            continue
        tweet = record.tweet
        vector = _vector(record) if week.contains(tweet.created_at) else None
        if vector is None:
            continue
        # computed again when needed: the canonical bytes are as large as the records
        if tweet.id not in kept or _canonical(record) < _canonical(kept[tweet.id][0]):
            kept[tweet.id] = (record, vector)
    _drop_odd_dimensions(kept)
    alive = sorted(key for key, (record, _) in kept.items() if gone.leaves(record.tweet))
    embedded = [gone.without_words(kept[post_id][0]) for post_id in alive]
    encoders = sorted({record.encoder for record in embedded})
    if len({space_of(name) for name in encoders}) > 1:
        raise ValueError(f"vectors of several encoders in {week}: {', '.join(encoders)}")
    digest = hashlib.sha256()
    for record in embedded:
        digest.update(_canonical(record) + b"\n")
    return WeekPosts(
        week=week,
        posts=_within_budget([record.tweet for record in embedded]),
        texts=[record.text for record in embedded],
        vectors=_matrix([kept[post_id][1] for post_id in alive]),
        encoder=" + ".join(encoders),
        slice_hash=digest.hexdigest(),
        deleted=sum(post_id in gone.posts for post_id in kept),
        held=held_posts(records, week),
    )


def reading_limit(lengths: Sequence[int]) -> int:
    """The largest number of characters of a post with which all posts together stay within `READ_BUDGET`.

    The cost of wording is counted in characters and never in seconds: a digest must not depend on the machine.

    Args:
        lengths: Characters of each post.

    Returns:
        At least `LEAST_READ`; the longest post's length when all fit.
    """
    left, remaining = READ_BUDGET, len(lengths)
    for length in sorted(lengths):
        if length * remaining > left:
            return max(LEAST_READ, left // remaining)
        left, remaining = left - length, remaining - 1
    return max(lengths, default=0)


def _within_budget(posts: Sequence[Tweet]) -> list[Tweet]:
    limit = reading_limit([len(post.text) for post in posts])
    return [
        post if len(post.text) <= limit else msgspec.structs.replace(post, text=beginning(post.text, limit))
        for post in posts
    ]


def held_posts(records: Iterable[EmbeddedTweet | Deletion], week: Week) -> int:
    """Distinct posts of `week` among `records`, deleted and replaced ones included: how complete a slice is."""
    return len(
        {
            record.tweet.id
            for record in records
            if isinstance(record, EmbeddedTweet) and week.contains(record.tweet.created_at)
        }
    )


def week_tweets(records: Iterable[EmbeddedTweet | Deletion], week: Week) -> dict[str, Tweet]:
    """The posts of `week_posts` by id, whatever their vectors: the posts that a digest of that week may cite."""
    records = list(records)
    gone = _gone(records, week)
    kept: dict[str, EmbeddedTweet] = {}
    for record in records:
        if isinstance(record, EmbeddedTweet) and week.contains(record.tweet.created_at):
            other = kept.get(record.tweet.id)
            if other is None or _canonical(record) < _canonical(other):
                kept[record.tweet.id] = record
    return {key: gone.without_words(kept[key]).tweet for key in sorted(kept) if gone.leaves(kept[key].tweet)}


@dataclass(frozen=True)
class _Gone:
    posts: frozenset[str]  # deleted, or replaced by an edit
    originals: frozenset[str]  # deleted since the week began

    def leaves(self, tweet: Tweet) -> bool:
        """Whether the post remains. A retweet is removed with the post that it repeats."""
        repeats_deleted = tweet.kind == "retweet" and tweet.related_id in self.originals
        return tweet.id not in self.posts and not repeats_deleted

    def without_words(self, record: EmbeddedTweet) -> EmbeddedTweet:
        """Remove the quoted words from a quote of a deleted post. The quote itself stays."""
        tweet = record.tweet
        if tweet.quoted_text is None or tweet.related_id not in self.originals:
            return record
        return msgspec.structs.replace(record, tweet=msgspec.structs.replace(tweet, quoted_text=None))


def _gone(records: Iterable[EmbeddedTweet | Deletion], week: Week) -> _Gone:
    """A tombstone from before the week is among its records only when it came late or was delivered again, which must
    leave no trace in the reposts and quotes of the week.
    """
    tombstones = [record for record in records if isinstance(record, Deletion)]
    edits = (record.tweet.edit_of for record in records if isinstance(record, EmbeddedTweet))
    return _Gone(
        frozenset([record.id for record in tombstones] + [edited for edited in edits if edited is not None]),
        frozenset(record.id for record in tombstones if record.deleted_at >= week.start),
    )


def _vector(record: EmbeddedTweet) -> _Vector | None:
    """None for a vector that the assign stage has sent to `dead-letters`: it must not stop the week's digest either."""
    try:
        return unpack_vector(record.vector, record.dimensions)
    except PoisonError:
        return None


def _drop_odd_dimensions(kept: dict[str, _Kept]) -> None:
    """Keep only the most frequent vector length of each encoder (on a tie the larger): others are damaged."""
    widths = Counter((space_of(record.encoder), record.dimensions) for record, _ in kept.values())
    common: dict[str, int] = {}
    for (space, width), _ in sorted(widths.items(), key=lambda item: (item[1], item[0][1])):
        common[space] = width
    odd = [post_id for post_id, (record, _) in kept.items() if record.dimensions != common[space_of(record.encoder)]]
    for post_id in odd:
        del kept[post_id]


def _canonical(record: EmbeddedTweet) -> bytes:
    without_origin = EmbeddedTweet(
        tweet=record.tweet,
        text=record.text,
        vector=record.vector,
        dimensions=record.dimensions,
        encoder=record.encoder,
        origin="",
    )
    return encode(without_origin)


def _matrix(vectors: list[_Vector]) -> _Vector:
    if not vectors:
        return np.zeros((0, 1), dtype=np.float32)
    matrix = np.stack(vectors)
    for first in range(0, len(matrix), ROWS):  # in pieces: the norm of the whole matrix needs as much memory again
        rows = matrix[first : first + ROWS]
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return matrix
