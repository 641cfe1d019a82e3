"""Which topics hold which words, and how heavily: an inverted index, as in a search engine.

Hardly any topic holds a given word, so posts meet only those that do: a few dozen a post instead of all.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix, csr_matrix

Numbers = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float32]


class Postings:
    """Entries (slot, bucket, weight), each pair once; the index is put together when it is read after a change."""

    def __init__(self, buckets: int) -> None:
        self.buckets = buckets
        none = np.zeros(0, np.int32)
        self._pieces: list[tuple[Numbers, Numbers, Floats]] = [(none, none, np.zeros(0, np.float32))]
        self._index: csr_matrix | None = None

    def add(self, slots: Numbers, buckets: Numbers, weights: Floats) -> None:
        """Entries of slots that have none."""
        self._pieces.append((slots.astype(np.int32), buckets.astype(np.int32), weights))
        self._index = None

    def drop(self, slots: list[int]) -> None:
        """Empty these slots."""
        entries = self._joined()
        kept = ~np.isin(entries[0], np.array(slots, np.int32))
        self._pieces = [(entries[0][kept], entries[1][kept], entries[2][kept])]
        self._index = None

    def of(self, slots: list[int]) -> csr_matrix:
        """The words of these slots, float32 (slots, buckets)."""
        held, buckets, weights = self._joined()
        row = np.full(max([*slots, *held.max(initial=0, keepdims=True)]) + 1, -1, np.int32)
        row[slots] = np.arange(len(slots))
        rows = row[held]
        wanted = rows >= 0
        return _by_row(rows[wanted], buckets[wanted], weights[wanted], (len(slots), self.buckets))

    def index(self, capacity: int) -> csr_matrix:
        """The slots of each bucket and their weights, float32 (buckets, capacity)."""
        if self._index is None or self._index.shape[1] != capacity:
            slots, buckets, weights = self._joined()
            self._index = _by_row(buckets, slots, weights, (self.buckets, capacity))
        return self._index

    def _joined(self) -> tuple[Numbers, Numbers, Floats]:
        if len(self._pieces) > 1:
            slots, buckets, weights = zip(*self._pieces, strict=True)
            self._pieces = [(np.concatenate(slots), np.concatenate(buckets), np.concatenate(weights))]
        return self._pieces[0]


def _by_row(rows: Numbers, columns: Numbers, values: Floats, shape: tuple[int, int]) -> csr_matrix:
    entries: Any = coo_matrix((values, (rows, columns)), shape=shape)
    entries.has_canonical_format = True  # nothing is there twice: it need not be looked for
    return entries.tocsr()
