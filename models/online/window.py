"""Posts of the last day for the regrouping of stories, posts of the days before, and the usage of words.

A post enters when it is placed. It leaves the window after `SPAN` of event time, or if more than `MOST` posts are
younger. When it leaves, its words and word pairs are added to the usage: the expected frequency of a word is its share
of the posts that have left. It stays among the earlier posts, which tell how stories look like by chance
(`online.noise`), within `EARLIER` and `BEFORE`.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

from models.online.lexicon import Floats
from models.text.live_words import tokens_of

SPAN = 86_400.0  # seconds of event time
BEFORE = 28 * SPAN  # age of the oldest earlier post
MOST = 2048  # posts in the window, with repeats
EARLIER = 4096  # earlier posts
BUCKETS = 1 << 17  # number of hashed words and pairs
MEMORY = 20_000  # posts in the usage; it is halved at this number, so that it follows the stream


class WindowPost(msgspec.Struct, array_like=True):
    """One post of the window; plain JSON types, so that a snapshot is exact."""

    id: str
    author: str
    at: float  # event time, seconds since 1970
    tokens: list[int]  # buckets of its words, without marks
    pairs: list[tuple[int, int, int]]  # buckets of each pair of words, and of both words
    names: list[int]  # buckets of the words that it writes as names
    plain: list[int]  # buckets of the words that it writes in lower case
    words: list[str]  # words as the lexicon counts them
    related: str | None  # the post that it retweets, quotes or answers
    repeat: bool  # a retweet: has the words of `related`
    slight: bool  # has no subject of its own
    wall: float  # share of its letters in hashtags, 0–1


class ToldPost(msgspec.Struct, array_like=True):
    """A post of a published story."""

    id: str
    author: str
    at: float  # event time, seconds since 1970


@dataclass(frozen=True)
class Day:
    """Posts to group, in order of time."""

    posts: list[WindowPost]
    rows: Sequence[Floats]  # one per post
    usage: npt.NDArray[np.int32]  # earlier posts with each hashed word or pair
    left: int  # number of the earlier posts

    def usual(self, buckets: npt.NDArray[np.int64], posts: int) -> npt.NDArray[np.float64]:
        """Return the expected number of posts, out of `posts`, with each word or pair."""
        return np.asarray(self.usage[buckets] * (posts / max(self.left, posts, 1)), np.float64)


class Window:
    """Posts in order of arrival, their vectors, and the usage of earlier words."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.posts: deque[WindowPost] = deque()
        self.rows: deque[Floats] = deque()  # one per post, integers as in `centering.unit_rows`
        self.earlier: deque[WindowPost] = deque()
        self.earlier_rows: deque[Floats] = deque()
        self.usage = np.zeros(BUCKETS, np.int32)  # number of posts that have left, by hashed word or pair
        self.left = 0  # number of posts in `usage`
        self.next_look = float("-inf")  # event time of the next run of `regroup`

    def add(self, post: WindowPost, row: Floats) -> None:
        """Add a post; remove the oldest ones if there are too many."""
        self.posts.append(post)
        self.rows.append(row)
        while len(self.posts) > MOST:
            self._leave()

    def trim(self, now: float) -> None:
        """Remove the posts that are older than `SPAN`."""
        while self.posts and self.posts[0].at <= now - SPAN:
            self._leave()
        while self.earlier and (self.earlier[0].at <= now - BEFORE or len(self.earlier) > EARLIER):
            self.earlier.popleft()
            self.earlier_rows.popleft()

    def today(self, now: float) -> Day:
        """Return the posts of the `SPAN` before `now`."""
        pairs = [(post, row) for post, row in zip(self.posts, self.rows, strict=True) if post.at > now - SPAN]
        return Day([post for post, _ in pairs], [row for _, row in pairs], self.usage, self.left)

    def _leave(self) -> None:
        post = self.posts.popleft()
        self.earlier.append(post)
        self.earlier_rows.append(self.rows.popleft())
        if len(self.earlier) > EARLIER:
            self.earlier.popleft()
            self.earlier_rows.popleft()
        for bucket in used(post):
            self.usage[bucket] += 1
        self.left += 1
        if self.left >= MEMORY:
            self.usage //= 2
            self.left //= 2


def used(post: WindowPost) -> set[int]:
    """Return the buckets of the words and pairs of a post."""
    return {*post.tokens, *(pair for pair, _, _ in post.pairs)}


def buckets_of(tokens: Iterable[str]) -> list[int]:
    """Return the bucket of each word or pair."""
    return list(map(_bucket, tokens))


@lru_cache(1 << 16)  # most words of a post were in another one lately
def _bucket(token: str) -> int:
    return crc32(token.encode("utf-8", "surrogatepass")) % BUCKETS


def token_buckets(words: Iterable[str]) -> list[int]:
    """Return the bucket of each word that may name a happening (`models.text.live_words.tokens_of`)."""
    return [bucket for bucket in map(_token_bucket, words) if bucket >= 0]


@lru_cache(1 << 16)
def _token_bucket(word: str) -> int:
    """The bucket of a word; -1 for a word that names no happening."""
    return next(map(_bucket, tokens_of((word,))), -1)


def pairs_of(pairs: Iterable[str]) -> list[tuple[int, int, int]]:
    """Return the buckets of each pair and of its words."""
    found = []
    for pair in pairs:
        first, _, second = pair.partition(" ")
        pair_bucket, *parts = buckets_of((pair, first, second))
        found.append((pair_bucket, parts[0], parts[1]))
    return found
