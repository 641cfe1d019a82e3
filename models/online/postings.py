"""Which topics hold which words, and how heavily.

Hardly any topic holds a given word, so posts meet only those that do: a few dozen a post instead of all.
"""

from collections.abc import Sequence

import numpy as np

from models.online.evidence import WordRows

WIDTH = 64  # words of a slot at first


class Postings:
    """The words of each slot, each bucket once."""

    def __init__(self, buckets: int, capacity: int) -> None:
        self.buckets = buckets
        self._lengths = np.zeros(capacity, np.int32)
        self._held = np.zeros((capacity, WIDTH), np.int32)
        self._weights = np.zeros((capacity, WIDTH), np.float32)

    def put(self, slots: Sequence[int], words: WordRows) -> None:
        """Let slot after slot hold the next row of words, instead of what it held."""
        from models.online.word_kernels import put

        longest = int(np.diff(words.begins).max(initial=0)) - self._held.shape[1]
        if longest > 0:
            self._held = np.pad(self._held, ((0, 0), (0, longest)))
            self._weights = np.pad(self._weights, ((0, 0), (0, longest)))
        put(self._held, self._weights, self._lengths, np.array(slots, np.int64), *words)

    def drop(self, slots: list[int]) -> None:
        """Empty these slots."""
        self._lengths[slots] = 0

    def of(self, slots: Sequence[int]) -> WordRows:
        """The words of these slots."""
        from models.online.word_kernels import take

        return WordRows(*take(self._held, self._weights, self._lengths, np.array(slots, np.int64)))

    def holders(self, words: WordRows) -> WordRows:
        """By bucket, a row each: the slots (instead of buckets) that hold it; empty for buckets not among `words`."""
        from models.online.word_kernels import invert

        capacity, width = self._held.shape
        starts = np.arange(0, capacity * width, width)
        held, weights = self._held.reshape(-1), self._weights.reshape(-1)
        return WordRows(*invert(starts, self._lengths, held, weights, words.buckets, self.buckets))

    def grow(self, more: int) -> None:
        """So many more slots."""
        self._lengths = np.pad(self._lengths, (0, more))
        self._held = np.pad(self._held, ((0, more), (0, 0)))
        self._weights = np.pad(self._weights, ((0, more), (0, 0)))
