"""The words of a post as evidence: hashed, weighted by how rare they are in the stream, and compared by cosine.

Weights are scaled to norm `SCALE` and rounded. By Cauchy–Schwarz every partial sum of a product of two such rows stays
below 2^24, where float32 holds every integer: a product is exact, whatever its shape, blocking or number of
threads. So a similarity has the same bits in a batch of 1 and of 256, and no decision can flip.
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
    """The words of `n` posts or topics as CSR arrays: row i has the entries begins[i] … begins[i + 1].

    begins: (n + 1,). buckets: each once in a row. weights: integers.
    """

    begins: Numbers
    buckets: Numbers
    weights: Floats

    def row(self, i: int) -> "WordRows":
        """One of them."""
        start, stop = self.begins[i], self.begins[i + 1]
        begins = np.array([0, stop - start], np.int32)
        return WordRows(begins, self.buckets[start:stop], self.weights[start:stop])


class Lexicon:
    """Hashed words with inverse document frequencies of the stream so far.

    The frequencies that weigh a post are those at the start of its block (`refresh`): they do not depend on
    how the stream is cut into batches.
    """

    PRIOR = 200.0  # posts that an empty stream is taken to have seen, each word of them once

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        self.counts = np.zeros(buckets, dtype=np.float64)  # posts that hold a word of the bucket
        self.posts = 0
        self._words = WordBuckets(buckets)
        self.weights = np.zeros(buckets, dtype=np.float64)
        self.refresh()

    def refresh(self) -> None:
        """Weigh words by what the stream has shown until now."""
        self.weights = np.rint(64.0 * np.log1p((self.posts + self.PRIOR) / (self.counts + 1.0)))

    def weights_of(self, words: Sequence[str]) -> list[float]:
        """Inverse document frequency of each (64 times the natural logarithm)."""
        weights: list[float] = self.weights[self._words.of(words)].tolist()
        return weights

    def rows(self, words: Sequence[Sequence[str]]) -> WordRows:
        """The words of posts: rows of norm about SCALE (0 without words), each bucket once."""
        return self._weighed(words, np.zeros(0))

    def topics(self, counts: Sequence[Mapping[str, int]]) -> WordRows:
        """The words of topics, as `rows`, by how often each was said.

        Two words in one bucket add up, as in any hashed bag of words.
        """
        flat = chain.from_iterable(said.values() for said in counts)
        return self._weighed(counts, np.fromiter(flat, np.float64, sum(map(len, counts))))

    def _weighed(self, rows: Sequence[Collection[str]], counts: Doubles) -> WordRows:
        from models.online.word_kernels import weigh

        owned = np.array([0, *accumulate(map(len, rows))], np.int64)
        buckets = self._words.of(list(chain.from_iterable(rows)))
        return WordRows(*weigh(buckets, counts, owned, self.weights, SCALE))

    def count(self, words: WordRows) -> None:
        """Let the stream have seen these posts; weights follow at the next `refresh`."""
        from models.online.word_kernels import tally

        self.posts += len(words.begins) - 1
        tally(self.counts, words.buckets)


KEPT = 200_000  # words

SMALL = 1 << 15  # places at first; at least half of them stay free


class WordBuckets:
    """A bucket (0 … `buckets` - 1) for any word; a handle ("@name") has that of its name (`models.text.live_words`)."""

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        self._clear()

    def of(self, words: Sequence[str]) -> Numbers:
        """The bucket of each."""
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
        """The bucket of a word that is asked for now and then; it is not remembered."""
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
