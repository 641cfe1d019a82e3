"""Where the topics are: one row ("slot") of each array per topic alive.

`centroids` (capacity, dimensions) and `words` (buckets, capacity) are what posts are compared with: integers (see
`online_evidence`). `sums` are the decayed running sums behind the centroids; the words' are in the topics' records.
Both move at the end of a block. `offset` and `inverse` are the centroids' deviation (see `online_background`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from models.online_background import Background, Deviation
from models.online_evidence import SCALE, Floats, Lexicon, WordRow
from models.online_record import TopicRecord

GROWTH = 256
ROWS = ("centroids", "sums", "weights", "updated", "offset", "inverse", "prior")


class TopicTable:
    """Arrays grow in steps of doubling; a freed slot is zero, so that nothing is similar to it."""

    def __init__(self, dimensions: int, buckets: int, capacity: int = GROWTH) -> None:
        self.capacity = capacity
        self.centroids = np.zeros((capacity, dimensions), np.float32)
        self.words = np.zeros((buckets, capacity), np.float32)
        self.sums = np.zeros((capacity, dimensions), np.float32)
        self.weights = np.zeros(capacity, np.float64)  # effective posts in the sums
        self.updated = np.zeros(capacity, np.float64)  # event time to which the sums are decayed
        self.offset = np.zeros(capacity, np.float32)
        self.inverse = np.zeros(capacity, np.float32)
        self.prior = np.zeros(capacity, np.float32)  # what a topic's size adds to its similarity
        self.shown: dict[int, npt.NDArray[np.int64]] = {}  # slot -> its buckets that are not zero in `words`
        self._free = list(range(capacity - 1, -1, -1))

    @property
    def deviation(self) -> Deviation:
        """Of all centroids."""
        return Deviation(self.offset, self.inverse)

    def allocate(self) -> int:
        """The lowest free slot."""
        if not self._free:
            self.grow()
        return self._free.pop()

    def release(self, slots: list[int]) -> None:
        """Empty these slots."""
        for name in ROWS:
            getattr(self, name)[slots] = 0
        for slot in slots:
            self.words[self.shown.pop(slot), slot] = 0
        self._free = sorted({*self._free, *slots}, reverse=True)

    def found(self, slot: int, vector: Floats, words: WordRow, at: float, offset: float, inverse: float) -> None:
        """Start a topic with one post; it is found by the very next one."""
        self.centroids[slot] = self.sums[slot] = vector
        self.words[words[0], slot] = words[1]
        self.shown[slot] = words[0].astype(np.int64)
        self.weights[slot] = 1.0
        self.updated[slot] = at
        self.offset[slot], self.inverse[slot] = offset, inverse

    def add(self, slot: int, vector: Floats, decay: float, limit: float) -> None:
        """Let a post pull on the sums, after `decay` (0–1) of the older ones; `limit`: most effective posts."""
        weight = self.weights[slot] * decay + 1.0
        if weight > limit:
            decay, weight = decay * (limit - 1.0) / (weight - 1.0), limit
        if decay < 1.0:
            self.sums[slot] *= np.float32(decay)
        self.sums[slot] += vector
        self.weights[slot] = weight

    def absorb(self, survivor: int, other: int) -> None:
        """The sums of both; the other slot is to be released."""
        self.sums[survivor] += self.sums[other]
        self.weights[survivor] += self.weights[other]

    def rows_of_words(self, slots: Sequence[int]) -> csr_matrix:
        """The words of these topics, as sparse as those of posts."""
        buckets = [self.shown[slot] for slot in slots]
        indptr = np.cumsum([0, *(len(row) for row in buckets)])
        values = np.concatenate([self.words[row, slot] for row, slot in zip(buckets, slots, strict=True)])
        return csr_matrix((values, np.concatenate(buckets), indptr), shape=(len(slots), len(self.words)))

    def refresh(self, records: Sequence[TopicRecord], lexicon: Lexicon, size_prior: float) -> None:
        """What posts are compared with, from these topics' sums and words."""
        slots = np.array([record.slot for record in records], dtype=np.int64)
        sums = self.sums[slots]
        norms = np.sqrt(np.einsum("ij,ij->i", sums, sums, dtype=np.float64))
        self.centroids[slots] = np.rint(sums * (SCALE / np.maximum(norms, 1e-9))[:, None])
        self.prior[slots] = size_prior * np.log(self.weights[slots])
        for record in records:
            self.words[self.shown[record.slot], record.slot] = 0
        buckets, values, lengths = lexicon.topics(records)
        self.words[buckets, np.repeat(slots, lengths)] = values
        ends = np.cumsum(lengths).tolist()
        for record, end, length in zip(records, ends, lengths.tolist(), strict=True):
            self.shown[record.slot] = buckets[end - length : end]

    def deviate(self, background: Background) -> None:
        """Measure all centroids against a background that has moved."""
        deviation = background.deviation(self.centroids)
        self.offset, self.inverse = deviation.offset, deviation.inverse

    def restored(self, alive: npt.NDArray[np.int64]) -> None:
        """Rebuild the list of free slots: all but `alive`."""
        taken = set(alive.tolist())
        self._free = [slot for slot in range(self.capacity - 1, -1, -1) if slot not in taken]

    def grow(self) -> None:
        """Twice the slots."""
        more = self.capacity
        self._free = list(range(2 * self.capacity - 1, self.capacity - 1, -1))
        self.capacity += more
        for name in ROWS:
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)]))
        self.words = np.concatenate([self.words, np.zeros((len(self.words), more), np.float32)], axis=1)
