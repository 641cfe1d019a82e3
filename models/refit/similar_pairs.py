"""Pairs of very similar vectors, exactly, without the product of all with all.

By the inequality of Cauchy and Schwarz the cosine of two unit vectors is at most that of their parts in a few
directions plus the product of what is left of their lengths. Along the directions that most of the vectors' length
lies in, hardly a pair comes near a high cosine that does not have it; only those are computed whole.
"""

import numpy as np
import numpy.typing as npt

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
