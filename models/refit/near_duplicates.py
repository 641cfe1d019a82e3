"""Which posts of a week repeat another one: retweets, the same text again, near-duplicates.

A repetition supports its topic (it counts among the posts and brings its author) but is not separate evidence. Every
post is given the index of the post that it repeats, or its own. Posts are visited originals first, then by time and
id; a post repeats the most similar *distinct* post before it, so that chains of small changes do not run together
and the outcome depends on the set of posts only.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.text import content_key
from models.week.posts import WeekPosts

WORD_OVERLAP = 0.5  # of two near-duplicates' words (Jaccard), or one holds the other
CONTAINED = 0.8  # share of the shorter one's words found in the longer one


def fold(week: WeekPosts, words: Sequence[Sequence[str]], similarity: float) -> npt.NDArray[np.int64]:
    """Index of the post that each of the `n` posts repeats, int64 (n,), itself for a distinct one.

    `words`: the lexical evidence of each post. `similarity`: the cosine from which two posts that also share their
    words are near-duplicates.
    """
    order = _visiting_order(week)
    duplicate_of = np.arange(len(week), dtype=np.int64)
    _fold_exact(week, order, duplicate_of)
    # a bare link or an emoji has no words to repeat: two of them are alike only because nothing is said
    distinct = np.array([i for i in order if duplicate_of[i] == i and words[i]], dtype=np.int64)
    _fold_similar(week.vectors, [frozenset(w) for w in words], distinct, similarity, duplicate_of)
    for _ in range(len(week).bit_length()):  # an exact copy of a post that turned out to be a near-duplicate
        duplicate_of = duplicate_of[duplicate_of]
    return duplicate_of


def _visiting_order(week: WeekPosts) -> list[int]:
    posts = week.posts
    return sorted(range(len(posts)), key=lambda i: (posts[i].kind == "retweet", posts[i].created_at, posts[i].id))


def _fold_exact(week: WeekPosts, order: Sequence[int], duplicate_of: npt.NDArray[np.int64]) -> None:
    """Retweets of one post, and posts with the same text but for links, handles and what the platform cut off."""
    by_id = {post.id: i for i, post in enumerate(week.posts)}
    first: dict[tuple[str, str], int] = {}
    for i in order:
        post = week.posts[i]
        keys = []
        if post.kind == "retweet" and post.related_id is not None:
            keys.append(("retweet", post.related_id))
            if post.related_id in by_id:
                duplicate_of[i] = duplicate_of[by_id[post.related_id]]
        text = content_key(post.text)
        if text:
            keys.append(("text", text))
        for key in keys:
            if duplicate_of[i] == i and key in first:
                duplicate_of[i] = first[key]
        for key in keys:
            first.setdefault(key, int(duplicate_of[i]))


def _fold_similar(
    vectors: npt.NDArray[np.float32],
    words: Sequence[frozenset[str]],
    distinct: npt.NDArray[np.int64],
    similarity: float,
    duplicate_of: npt.NDArray[np.int64],
) -> None:
    """`distinct` in visiting order: each against those before it that repeat no other."""
    if not len(distinct):
        return
    pairs = SimilarPairs(vectors[distinct], similarity)
    posts, before = distinct.tolist(), np.empty(0, dtype=np.int64)
    for start in range(0, len(posts), TILE):
        visited = np.arange(start, min(start + TILE, len(posts)))
        best: dict[int, tuple[float, int]] = {}
        found = pairs.between(visited, np.concatenate([before, visited]))
        for row, column, cosine in zip(*(part.tolist() for part in found), strict=True):  # rows ascending
            if (
                column < row
                and column not in best
                and (row not in best or cosine > best[row][0])
                and _share_words(words[posts[row]], words[posts[column]])
            ):
                best[row] = (cosine, column)
        for row, (_, column) in best.items():
            duplicate_of[posts[row]] = posts[column]
        before = np.concatenate([before, visited[~np.isin(visited, list(best))]])


def _share_words(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    smaller = min(len(one), len(other))
    return common / len(one | other) >= WORD_OVERLAP or (smaller >= 4 and common / smaller >= CONTAINED)


Matrix = npt.NDArray[np.float32]

Indices = npt.NDArray[np.int64]

DIRECTIONS = 64

TILE = 1024  # rows of each side whose bounds are in memory, and in the processor's cache, at a time

PAIRS = 4096  # whose vectors are looked up at a time

SLACK = 1e-5  # more than rounding takes from a bound


class SimilarPairs:
    """Answers for `vectors`, float32 (n, dimensions), unit length."""

    def __init__(self, vectors: Matrix, similarity: float) -> None:
        self._vectors, self._similarity = vectors, similarity
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        turned = vectors @ directions[:, ::-1]
        left = np.linalg.norm(turned[:, DIRECTIONS:], axis=1, keepdims=True)
        self._short = np.hstack([turned[:, :DIRECTIONS], left])

    def between(self, rows: Indices, columns: Indices) -> tuple[Indices, Indices, npt.NDArray[np.float64]]:
        """Those pairs of one of `rows` and one of `columns` that reach the similarity, in the order of the rows, then
        of the columns, and their cosines.

        At most `TILE` rows.
        """
        short = self._short[rows]
        near = []
        for start in range(0, len(columns), TILE):
            tile = columns[start : start + TILE]
            row, column = np.divmod(
                np.flatnonzero(short @ self._short[tile].T >= self._similarity - SLACK), max(1, len(tile))
            )
            near.append((row, column + start))
        row, column = (np.concatenate(part) for part in zip(*near, strict=True))
        order = np.lexsort((column, row))
        one, other = rows[row[order]], columns[column[order]]
        cosine = self._cosine(one, other)
        similar = cosine >= self._similarity
        return one[similar], other[similar], cosine[similar]

    def _cosine(self, one: Indices, other: Indices) -> npt.NDArray[np.float64]:
        result = np.empty(len(one))
        for start in range(0, len(one), PAIRS):
            pairs = slice(start, start + PAIRS)
            np.einsum(
                "ij,ij->i", self._vectors[one[pairs]], self._vectors[other[pairs]], dtype=np.float64, out=result[pairs]
            )
        return result
