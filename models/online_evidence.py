"""The two kinds of evidence of a post, as integers: its sentence vector and its words.

Unit vectors are scaled to norm `SCALE` and rounded. By Cauchy–Schwarz every partial sum of a dot product of two of
them stays below 2^24, where float32 holds every integer: a matrix product is exact, whatever its shape, blocking or
number of threads. So a similarity has the same bits in a batch of 1 and of 256, and no decision can flip. The price
is a rounding error of about 1e-4 in the cosine.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from models.online_record import TopicRecord

SCALE = 4000.0  # (4000 + sqrt(8192) / 2)^2 < 2^24: exact up to 8,192 dimensions
FINE = 4096.0
Floats = npt.NDArray[np.float32]
WordRow = tuple[npt.NDArray[np.int32], Floats]  # buckets, weights


def quantise(vectors: npt.NDArray[np.floating[Any]]) -> Floats:
    """Integers as float32 (n, dimensions), norm about SCALE; a zero row stays zero. Raises ValueError on NaN."""
    rows = np.asarray(vectors, dtype=np.float64)
    if not np.isfinite(rows).all():
        raise ValueError("a vector holds a number that is not finite")
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    rows = rows / np.where(largest > 0, largest, 1.0)
    squares = np.square(np.rint(rows * FINE)).sum(axis=1, keepdims=True)  # of integers: exact in any order
    rows *= SCALE * FINE / np.sqrt(np.maximum(squares, 1.0))
    return np.rint(rows).astype(np.float32)


class Lexicon:
    """Hashed words with inverse document frequencies of the stream so far.

    The frequencies that weigh a post are those at the start of its block (`refresh`): they do not depend on
    how the stream is cut into batches.
    """

    PRIOR = 200.0  # posts that an empty stream is taken to have seen, each word of them once
    CACHE = 200_000

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        self.counts = np.zeros(buckets, dtype=np.float64)  # posts that hold a word of the bucket
        self.posts = 0
        self._bucket_of: dict[str, int] = {}
        self.weights = np.zeros(buckets, dtype=np.float64)
        self.refresh()

    def refresh(self) -> None:
        """Weigh words by what the stream has shown until now."""
        self.weights = np.rint(64.0 * np.log1p((self.posts + self.PRIOR) / (self.counts + 1.0)))

    def bucket(self, word: str) -> int:
        """Where a word is counted."""
        found = self._bucket_of.get(word)
        if found is None:
            if len(self._bucket_of) >= self.CACHE:
                self._bucket_of.clear()
            digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            found = self._bucket_of[word] = int.from_bytes(digest, "little") % self.buckets
        return found

    def _buckets(self, words: Iterable[str]) -> list[int]:
        """Of several words; those seen before, which are nearly all, at the speed of a look-up."""
        known = self._bucket_of.get
        return [self.bucket(word) if (bucket := known(word)) is None else bucket for word in words]

    def weight(self, word: str) -> float:
        """Inverse document frequency (64 times the natural logarithm)."""
        return float(self.weights[self.bucket(word)])

    def matrix(self, words: Sequence[Sequence[str]]) -> csr_matrix:
        """Integers as float32 (n, buckets), rows of norm about SCALE (0 without words), buckets ascending."""
        rows = [sorted(set(self._buckets(post))) for post in words]
        indptr = np.zeros(len(rows) + 1, dtype=np.int32)
        np.cumsum([len(row) for row in rows], out=indptr[1:])
        indices = np.fromiter(chain.from_iterable(rows), np.int32, int(indptr[-1]))
        weights = self.weights[indices]
        owner = np.repeat(np.arange(len(rows)), np.diff(indptr))
        squares = np.bincount(owner, weights=weights * weights, minlength=len(rows))  # of integers: exact
        data = np.rint(weights * (SCALE / np.sqrt(np.maximum(squares, 1.0)))[owner]).astype(np.float32)
        return csr_matrix((data, indices, indptr), shape=(len(rows), self.buckets))

    def topics(self, records: Sequence[TopicRecord]) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
        """Buckets and integer weights of the words of all these topics, one after the other, and how many each has.

        Two words of a topic in one bucket count as one (the later), so that a bucket appears once per topic.
        """
        counts = [record.words for record in records]
        merged = [dict(zip(self._buckets(row), row.values(), strict=True)) for row in counts]
        lengths = np.array([len(row) for row in merged], dtype=np.int64)
        total = int(lengths.sum())
        buckets = np.fromiter(chain.from_iterable(merged), np.int64, total)
        values = np.fromiter(chain.from_iterable(row.values() for row in merged), np.float64, total)
        values *= self.weights[buckets]
        owner = np.repeat(np.arange(len(records)), lengths)
        norms = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(records)))
        values *= (SCALE / np.maximum(norms, 1e-9))[owner]
        return buckets, np.rint(values).astype(np.float32), lengths

    def count(self, matrix: csr_matrix) -> None:
        """Let the stream have seen these posts; weights follow at the next `refresh`."""
        self.posts += matrix.shape[0]
        self.counts += np.bincount(matrix.indices, minlength=self.buckets)


def word_rows(matrix: csr_matrix) -> list[WordRow]:
    """The rows of a `Lexicon.matrix`, one by one."""
    bounds = matrix.indptr.tolist()
    indices, data = matrix.indices, matrix.data
    return [(indices[a:b], data[a:b]) for a, b in pairwise(bounds)]
