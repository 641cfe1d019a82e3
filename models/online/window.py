"""Posts of the last day for the regrouping of stories, and the usage of words before them.

A post enters when it is placed. It leaves after `SPAN` of event time, or if more than `MOST` posts are younger. When it
leaves, its words and word pairs are added to the usage: the expected frequency of a word is its share of the posts that
have left.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

from models.online.lexicon import Floats

SPAN = 86_400.0  # seconds of event time
MOST = 2048  # posts in the window, with repeats
BUCKETS = 1 << 17  # number of hashed words and pairs
MEMORY = 20_000  # posts in the usage; it is halved at this number, so that it follows the stream


class WindowPost(msgspec.Struct, array_like=True):
    """One post of the window; plain JSON types, so that a snapshot is exact."""

    id: str
    author: str
    at: float  # event time, seconds since 1970
    tokens: list[str]  # words without marks, and pairs of words
    words: list[str]  # words as the lexicon counts them
    related: str | None  # the post that it retweets, quotes or answers
    repeat: bool  # a retweet: has the words of `related`
    slight: bool  # has no subject of its own


class ToldPost(msgspec.Struct, array_like=True):
    """A post of a published story."""

    id: str
    author: str
    at: float  # event time, seconds since 1970


class Window:
    """Posts in order of arrival, their vectors, and the usage of earlier words."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.posts: deque[WindowPost] = deque()
        self.rows: deque[Floats] = deque()  # one per post, integers as in `centering.unit_rows`
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

    def matrix(self, places: Sequence[int]) -> Floats:
        """Return the vectors of the posts at these places, float32 (n, dimensions)."""
        if not places:
            return np.zeros((0, self.dimensions), np.float32)
        rows = list(self.rows)
        return np.stack([rows[place] for place in places])

    def usual(self, tokens: Iterable[str], posts: int) -> npt.NDArray[np.float64]:
        """Return the expected number of posts, out of `posts`, with each token."""
        buckets = np.array([_bucket(token) for token in tokens], np.int64)
        return np.asarray(self.usage[buckets] * (posts / max(self.left, posts, 1)), np.float64)

    def _leave(self) -> None:
        post = self.posts.popleft()
        self.rows.popleft()
        for token in post.tokens:
            self.usage[_bucket(token)] += 1
        self.left += 1
        if self.left >= MEMORY:
            self.usage //= 2
            self.left //= 2


def _bucket(token: str) -> int:
    return crc32(token.encode("utf-8", "surrogatepass")) % BUCKETS
