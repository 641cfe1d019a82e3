"""The words of posts as evidence: hashed, weighted by their rarity in the stream, compared by cosine.

Weights are scaled to norm `SCALE` and rounded. By Cauchy–Schwarz every partial sum of a product of two such rows stays
below 2^24, up to which float32 represents every integer. So a product is exact, whatever its shape, blocking or number
of threads. A similarity has the same bits in a batch of 1 and of 256, and no decision can change.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.text.live_words import bare

SCALE = 4000.0
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]


class WordRows(NamedTuple):
    """The words of `n` posts or topics as CSR arrays: row i has the entries begins[i] … begins[i + 1]."""

    begins: Numbers  # (n + 1,)
    buckets: Numbers  # each bucket at most once in a row
    weights: Floats  # integers

    def row(self, i: int) -> "WordRows":
        """One of the rows."""
        start, stop = self.begins[i], self.begins[i + 1]
        begins = np.array([0, stop - start], np.int32)
        return WordRows(begins, self.buckets[start:stop], self.weights[start:stop])


class Lexicon:
    """Hashed words with inverse document frequencies of the stream so far.

    A post is weighted with the frequencies at the start of its block (`refresh`), so that they do not depend on the
    division of the stream into batches.
    """

    PRIOR = 200.0  # an empty stream counts as this many posts, each word in one of them

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        self.counts = np.zeros(buckets, dtype=np.float64)  # posts that contain a word of the bucket
        self.posts = 0
        self._words = WordBuckets(buckets)
        self.weights = np.zeros(buckets, dtype=np.float64)
        self.refresh()

    def refresh(self) -> None:
        """Update the weights to the stream so far."""
        self.weights = np.rint(64.0 * np.log1p((self.posts + self.PRIOR) / (self.counts + 1.0)))

    def weights_of(self, words: Sequence[str]) -> list[float]:
        """Inverse document frequency of each word (64 times the natural logarithm)."""
        weights: list[float] = self.weights[self._words.of(words)].tolist()
        return weights

    def rows(self, words: Sequence[Sequence[str]]) -> WordRows:
        """The words of posts: rows of norm about SCALE (0 without words), each bucket once."""
        return self._weighed(words, np.zeros(0))

    def topics(self, counts: Sequence[Mapping[str, int]]) -> WordRows:
        """The words of topics, as in `rows`, weighted by their counts.

        The counts of two words in one bucket are added, as in any hashed bag of words.
        """
        flat = chain.from_iterable(said.values() for said in counts)
        return self._weighed(counts, np.fromiter(flat, np.float64, sum(map(len, counts))))

    def _weighed(self, rows: Sequence[Collection[str]], counts: Doubles) -> WordRows:
        from models.online.word_kernels import weigh

        owned = np.array([0, *accumulate(map(len, rows))], np.int64)
        buckets = self._words.of(list(chain.from_iterable(rows)))
        return WordRows(*weigh(buckets, counts, owned, self.weights, SCALE))

    def count(self, words: WordRows) -> None:
        """Count these posts as seen. The weights follow at the next `refresh`."""
        from models.online.word_kernels import tally

        self.posts += len(words.begins) - 1
        tally(self.counts, words.buckets)


KEPT = 200_000  # words

SMALL = 1 << 15  # places at first; at least half of the places stay free


class WordBuckets:
    """Maps any word to a bucket (0 … `buckets` - 1). A handle ("@name") has the bucket of its name
    (`models.text.live_words`).
    """

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        self._clear()

    def of(self, words: Sequence[str]) -> Numbers:
        """The bucket of each word."""
        from models.online.word_kernels import look_up

        keys = np.fromiter(map(hash, words), np.int64, len(words))
        found = look_up(self._keys, self._values, keys)
        unknown = np.flatnonzero(found < 0)
        if not len(unknown):
            return found
        if self._count + len(unknown) > KEPT:
            self._clear()
            unknown = np.arange(len(words))
        self._learn({words[i] for i in unknown.tolist()})
        return look_up(self._keys, self._values, keys)

    def one(self, word: str) -> int:
        """The bucket of a single word, without remembering it."""
        digest = hashlib.blake2b(bare(word).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "little") % self.buckets

    def _learn(self, words: set[str]) -> None:
        from models.online.word_kernels import remember

        self._count += len(words)
        if 2 * self._count > len(self._keys):
            kept = np.flatnonzero(self._values >= 0)
            keys, values = self._keys[kept], self._values[kept]
            self._make(1 << (4 * self._count).bit_length())
            remember(self._keys, self._values, keys, values)
        values = np.array([self.one(word) for word in words], np.int32)
        remember(self._keys, self._values, np.fromiter(map(hash, words), np.int64, len(words)), values)

    def _clear(self) -> None:
        self._count = 0
        self._make(SMALL)

    def _make(self, size: int) -> None:
        self._keys = np.zeros(size, np.int64)
        self._values = np.full(size, -1, np.int32)  # -1: a free place
