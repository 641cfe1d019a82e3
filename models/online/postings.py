"""Which topics hold which words, and how heavily, with an inverted index as in a search engine.

Hardly any topic holds a given word, so posts meet only those that do: a few dozen a post instead of all.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

WIDTH = 64  # words of a slot at first
Numbers = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float32]


class Postings:
    """The words of each slot, each bucket once; the index is put together when it is read after a change."""

    def __init__(self, buckets: int, capacity: int) -> None:
        self.buckets = buckets
        self._lengths = np.zeros(capacity, np.int32)
        self._held = np.zeros((capacity, WIDTH), np.int32)
        self._weights = np.zeros((capacity, WIDTH), np.float32)
        self._index: csr_matrix | None = None

    def put(self, slots: Sequence[int], lengths: Numbers, buckets: Numbers, weights: Floats) -> None:
        """Let slot after slot hold the next `lengths` of these buckets, instead of what it held."""
        longest = int(lengths.max(initial=0)) - self._held.shape[1]
        if longest > 0:
            self._held = np.pad(self._held, ((0, 0), (0, longest)))
            self._weights = np.pad(self._weights, ((0, 0), (0, longest)))
        row = np.repeat(np.asarray(slots, np.int64), lengths)
        column = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        self._held[row, column], self._weights[row, column] = buckets, weights
        self._lengths[slots] = lengths
        self._index = None

    def drop(self, slots: list[int]) -> None:
        """Empty these slots."""
        self._lengths[slots] = 0
        self._index = None

    def of(self, slots: list[int]) -> csr_matrix:
        """The words of these slots, float32 (slots, buckets)."""
        lengths = self._lengths[slots]
        held = np.arange(self._held.shape[1]) < lengths[:, None]
        begins = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        entries = (self._weights[slots][held], self._held[slots][held], begins)
        return csr_matrix(entries, shape=(len(slots), self.buckets))

    def index(self) -> csr_matrix:
        """The slots of each bucket and their weights, float32 (buckets, capacity)."""
        from models.online.kernels import invert

        if self._index is None:
            begins, slots, weights = invert(self._lengths, self._held, self._weights, self.buckets)
            self._index = csr_matrix((weights, slots, begins), shape=(self.buckets, len(self._lengths)))
        return self._index

    def grow(self, more: int) -> None:
        """So many more slots."""
        self._lengths = np.pad(self._lengths, (0, more))
        self._held = np.pad(self._held, ((0, more), (0, 0)))
        self._weights = np.pad(self._weights, ((0, more), (0, 0)))
        self._index = None
