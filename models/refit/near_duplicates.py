"""Finds the posts of a week that repeat another one: retweets, equal texts and near-duplicates.

A repetition supports its topic (it counts as a post and adds its author) but is not separate evidence. Every post gets
the index of the post that it repeats, or its own. Posts are visited originals first, then by time and id. A post
repeats the most similar *distinct* post before it, so chains of small changes do not merge, and the result depends on
the set of posts only.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.text import content_key
from models.week.posts import WeekPosts

WORD_OVERLAP = 0.5  # minimum Jaccard similarity of two near-duplicates' words, unless one contains the other
CONTAINED = 0.8  # share of the shorter post's words that the longer one contains


def fold(week: WeekPosts, words: Sequence[Sequence[str]], similarity: float) -> npt.NDArray[np.int64]:
    """Return the index of the post that each post repeats, int64 (n,); its own index for a distinct post.

    Args:
        week: `n` posts in canonical order, with vectors of unit length.
        words: the words of each post.
        similarity: minimum cosine of two near-duplicates, which also share their words.
    """
    order = _visiting_order(week)
    duplicate_of = np.arange(len(week), dtype=np.int64)
    _fold_exact(week, order, duplicate_of)
    # a bare link or an emoji has no words: two of them look alike only because both are empty
    distinct = np.array([i for i in order if duplicate_of[i] == i and words[i]], dtype=np.int64)
    quoted = [_quoted(post) for post in week.posts]
    _fold_similar(week.vectors, [frozenset(w) for w in words], quoted, distinct, similarity, duplicate_of)
    for _ in range(len(week).bit_length()):  # an exact copy of a post that is a near-duplicate itself
        duplicate_of = duplicate_of[duplicate_of]
    return duplicate_of


def _visiting_order(week: WeekPosts) -> list[int]:
    posts = week.posts
    return sorted(range(len(posts)), key=lambda i: (posts[i].kind == "retweet", posts[i].created_at, posts[i].id))


def _fold_exact(week: WeekPosts, order: Sequence[int], duplicate_of: npt.NDArray[np.int64]) -> None:
    """Fold retweets of one post, and posts with the same text except links, handles and cut ends."""
    by_id = {post.id: i for i, post in enumerate(week.posts)}
    first: dict[tuple[str | None, ...], int] = {}
    for i in order:
        post = week.posts[i]
        keys: list[tuple[str | None, ...]] = []
        if post.kind == "retweet" and post.related_id is not None:
            keys.append(("retweet", post.related_id))
            if post.related_id in by_id:
                duplicate_of[i] = duplicate_of[by_id[post.related_id]]
        text = content_key(post.text)
        if text:
            keys.append(("text", text, _quoted(post)))
        for key in keys:
            if duplicate_of[i] == i and key in first:
                duplicate_of[i] = first[key]
        for key in keys:
            first.setdefault(key, int(duplicate_of[i]))


def _fold_similar(
    vectors: npt.NDArray[np.float32],
    words: Sequence[frozenset[str]],
    quoted: Sequence[str | None],
    distinct: npt.NDArray[np.int64],
    similarity: float,
    duplicate_of: npt.NDArray[np.int64],
) -> None:
    """Fold `distinct` in visiting order: each post is compared with earlier ones that repeat no other."""
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
                and len({quoted[posts[row]], quoted[posts[column]], None}) < 3
            ):
                best[row] = (cosine, column)
        for row, (_, column) in best.items():
            duplicate_of[posts[row]] = posts[column]
        before = np.concatenate([before, visited[~np.isin(visited, list(best))]])


def _quoted(post: Tweet) -> str | None:
    """Return the post that a quote is about: "so true" about two posts is no repetition."""
    return post.related_id if post.kind == "quote" else None


def _share_words(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    smaller = min(len(one), len(other))
    return common / len(one | other) >= WORD_OVERLAP or (smaller >= 4 and common / smaller >= CONTAINED)


Matrix = npt.NDArray[np.float32]

Indices = npt.NDArray[np.int64]

DIRECTIONS = 64

TILE = 1024  # rows per side whose bounds are in memory, and in the processor's cache, at a time

PAIRS = 4096  # rows whose vectors are looked up at a time

SLACK = 1e-5  # more than the rounding error of a bound


class SimilarPairs:
    """Similarity queries on `vectors`, float32 (n, dimensions), unit length."""

    def __init__(self, vectors: Matrix, similarity: float) -> None:
        self._vectors, self._similarity = vectors, similarity
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        turned = vectors @ directions[:, ::-1]
        left = np.linalg.norm(turned[:, DIRECTIONS:], axis=1, keepdims=True)
        self._short = np.hstack([turned[:, :DIRECTIONS], left])

    def between(self, rows: Indices, columns: Indices) -> tuple[Indices, Indices, npt.NDArray[np.float64]]:
        """Return the pairs (one of `rows`, one of `columns`) that reach the similarity, and their cosines.

        Pairs are in the order of the rows, then of the columns. At most `TILE` rows are allowed.
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
