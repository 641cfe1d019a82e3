"""Which bucket a word is counted in: a hash, which is remembered, since a stream says the same words again and again.

A plain dictionary waits for memory at every step of every look-up. Here a block of words is one call over two flat
arrays, and the processor looks up many at a time. Words are told apart by Python's own 64-bit hash, which
nobody outside the process can foresee: the chance that any two of all the words kept share one is 2e-9.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.text.live_words import bare

KEPT = 200_000  # words
SMALL = 1 << 15  # places at first; at least half of them stay free

Numbers = npt.NDArray[np.int32]


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
