"""The words of a post as evidence: hashed, weighted by how rare they are in the stream, and compared by cosine.

Weights are scaled to norm `SCALE` and rounded. By Cauchy–Schwarz every partial sum of a product of two such rows stays
below 2^24, where float32 holds every integer: a product is exact, whatever its shape, blocking or number of
threads. So a similarity has the same bits in a batch of 1 and of 256, and no decision can flip.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

SCALE = 4000.0
Floats = npt.NDArray[np.float32]
WordRow = tuple[npt.NDArray[np.int32], Floats]  # buckets, weights


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

    def buckets_of(self, words: Iterable[str]) -> list[int]:
        """Of several words; those seen before, which are nearly all, at the speed of a look-up."""
        known = self._bucket_of.get
        return [self.bucket(word) if (bucket := known(word)) is None else bucket for word in words]

    def weight(self, word: str) -> float:
        """Inverse document frequency (64 times the natural logarithm)."""
        return float(self.weights[self.bucket(word)])

    def counted(self, word: str) -> float:
        """Posts of the stream that had the word (or another of its bucket)."""
        return float(self.counts[self.bucket(word)])

    def matrix(self, words: Sequence[Sequence[str]]) -> csr_matrix:
        """Integers as float32 (n, buckets), rows of norm about SCALE (0 without words), each bucket once."""
        lengths = [len(post) for post in words]
        flat = np.array(self.buckets_of(chain.from_iterable(words)), np.int64)
        cells = np.unique(np.repeat(np.arange(len(lengths)), lengths) * self.buckets + flat)
        owner, indices = np.divmod(cells, self.buckets)
        indptr = np.searchsorted(owner, np.arange(len(lengths) + 1)).astype(np.int32)
        weights = self.weights[indices]
        squares = np.bincount(owner, weights=weights * weights, minlength=len(lengths))  # of integers: exact
        data = np.rint(weights * (SCALE / np.sqrt(np.maximum(squares, 1.0)))[owner]).astype(np.float32)
        return csr_matrix((data, indices.astype(np.int32), indptr), shape=(len(lengths), self.buckets))

    def topics(
        self, buckets: Sequence[Sequence[int]], counts: Sequence[Iterable[int]]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
        """Number of the topic, bucket and integer weight of the words of topics, by topic, then bucket.

        buckets, counts: of each topic's words. Two words in one bucket add up, as in any hashed bag of words.
        """
        lengths = [len(row) for row in buckets]
        flat = np.fromiter(chain.from_iterable(buckets), np.int64, sum(lengths))
        times = np.fromiter(chain.from_iterable(counts), np.float64, len(flat))
        cells, place = np.unique(np.repeat(np.arange(len(lengths)), lengths) * self.buckets + flat, return_inverse=True)
        owner, bucket = np.divmod(cells, self.buckets)
        values = np.bincount(place, weights=times, minlength=len(cells)) * self.weights[bucket]
        norms = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(lengths)))
        values *= (SCALE / np.maximum(norms, 1e-9))[owner]
        return owner, bucket, np.rint(values).astype(np.float32)

    def count(self, matrix: csr_matrix) -> None:
        """Let the stream have seen these posts; weights follow at the next `refresh`."""
        self.posts += matrix.shape[0]
        self.counts += np.bincount(matrix.indices, minlength=self.buckets)
