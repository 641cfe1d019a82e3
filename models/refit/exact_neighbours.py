"""Computes the exact nearest posts of each post. With approximate search, plain BERTopic's result depends on input
order.

Distances are computed in tiles that fit into the processor's cache, and each pair only once. The nearest among some of
the posts give an upper bound for the nearest among all, and few distances are within that bound.
"""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from models.refit.features import LEXICAL_DIMENSIONS, Matrix

TILE = 1024  # rows and columns
SOME = 2048  # posts that give the bound
SLACK = np.float32(1e-5)  # more than the rounding error of a distance

_Indices = npt.NDArray[np.int64]
_Near = tuple[_Indices, _Indices, Matrix]  # rows of a tile, posts, distances


def neighbours(matrix: Matrix, count: int) -> tuple[_Indices, Matrix]:
    """The `count` nearest posts of each row, the row itself first. Ties are broken by index.

    Args:
        matrix: float32 (n, ·), from `features.features`.
        count: Number of neighbours.

    Returns:
        Indices, int64 (n, count), and cosine distances, float32 (n, count).
    """
    indices = np.empty((len(matrix), count), dtype=np.int64)
    distances = np.empty((len(matrix), count), dtype=np.float32)
    bound = _bounds(matrix, count)
    tiles = [np.arange(start, min(start + TILE, len(matrix))) for start in range(0, len(matrix), TILE)]
    posts = [_Posts(matrix[tile]) for tile in tiles]
    near: list[list[_Near]] = [[] for _ in tiles]
    for one, rows in enumerate(tiles):
        for other in range(one, len(tiles)):
            columns = tiles[other]
            distance = posts[one].distances(posts[other])
            if other == one:
                np.fill_diagonal(distance, -1)  # itself first
            else:
                place, post, found = _within(distance, bound[columns])
                near[other].append((post, rows[place], found))
            place, post, found = _within(distance, bound[rows, None])
            near[one].append((place, columns[post], found))
        indices[rows], distances[rows] = _first(near[one], len(rows), count)
        near[one] = []
    np.clip(distances, 0, 2, out=distances)
    return indices, distances


class _Posts:
    """Some rows of the features, with their words also as a sparse matrix: about one entry in sixty is not zero."""

    def __init__(self, rows: Matrix) -> None:
        self._vectors = rows[:, :-LEXICAL_DIMENSIONS]
        self._words = csr_array(rows[:, -LEXICAL_DIMENSIONS:])
        self._words_of_each = np.ascontiguousarray(rows[:, -LEXICAL_DIMENSIONS:].T)

    def distances(self, others: "_Posts") -> Matrix:
        """float32 (rows, rows of `others`)."""
        distance = self._vectors @ others._vectors.T
        np.subtract(1, distance, out=distance)
        distance -= self._words @ others._words_of_each
        return distance


def _bounds(matrix: Matrix, count: int) -> Matrix:
    """float32 (n,): a distance within which each row has at least `count` neighbours."""
    some = _Posts(matrix[:: max(1, len(matrix) // max(SOME, count))])
    bound = [
        np.partition(_Posts(matrix[start : start + TILE]).distances(some), count - 1, axis=1)[:, count - 1]
        for start in range(0, len(matrix), TILE)
    ]
    return np.concatenate(bound) + SLACK


def _within(distance: Matrix, bound: Matrix) -> _Near:
    places = np.flatnonzero(distance <= bound)
    rows, columns = np.divmod(places, distance.shape[1])
    return rows, columns, distance.ravel()[places]


def _first(near: list[_Near], rows: int, count: int) -> tuple[_Indices, Matrix]:
    """Posts and distances of the `count` nearest posts of each of `rows`, in order."""
    places, posts, found = (np.concatenate(part) for part in zip(*near, strict=True))
    # stable, and tiles come in order: of equal distances the first post comes first
    order = np.lexsort((found, places))
    first = np.cumsum(np.bincount(places, minlength=rows)) - np.bincount(places, minlength=rows)
    chosen = order[first[:, None] + np.arange(count)]
    return posts[chosen], found[chosen]
