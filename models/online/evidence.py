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
Doubles = npt.NDArray[np.float64]
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
        return self._weighed([self.buckets_of(post) for post in words], np.zeros(0))

    def topics(self, buckets: Sequence[Sequence[int]], counts: Sequence[Iterable[int]]) -> csr_matrix:
        """The words of topics, as `matrix`: the integer weight of each bucket.

        buckets, counts: of each topic's words. Two words in one bucket add up, as in any hashed bag of words.
        """
        return self._weighed(buckets, np.fromiter(chain.from_iterable(counts), np.float64))

    def _weighed(self, rows: Sequence[Sequence[int]], counts: Doubles) -> csr_matrix:
        from models.online.kernels import weigh

        owned = np.cumsum([0, *map(len, rows)])
        flat = np.fromiter(chain.from_iterable(rows), np.int64, owned[-1])
        begins, indices, data = weigh(flat, counts, owned, self.weights, SCALE)
        return csr_matrix((data, indices, begins), shape=(len(rows), self.buckets))

    def count(self, matrix: csr_matrix) -> None:
        """Let the stream have seen these posts; weights follow at the next `refresh`."""
        self.posts += matrix.shape[0]
        self.counts += np.bincount(matrix.indices, minlength=self.buckets)
