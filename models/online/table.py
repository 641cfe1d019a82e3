"""The arrays of the live topics: each has one row ("slot") for each topic.

Posts are compared with `centroids`, `inverse` (see `online.centering.Directions`) and `words` (see `Postings`). `sums`
are the decayed running sums behind the centroids; the sums of words are in the topics' records. All rows change at the
end of a block.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.online.centering import UNIT, Background, Directions, Floats
from models.online.config import OnlineConfig
from models.online.lexicon import Lexicon, WordRows
from models.online.record import TopicRecord

SMALL, STEP = 256, 1024  # slots at first; from STEP on, the table grows by STEP
ROWS = ("centroids", "inverse", "sums", "weights", "updated")
Slots = npt.NDArray[np.int64]


class TopicTable:
    """Arrays grow in steps. A free slot is zero, so that nothing is similar to it."""

    def __init__(self, dimensions: int, buckets: int, capacity: int = SMALL) -> None:
        self.capacity = capacity
        self.centroids = np.zeros((capacity, dimensions), np.int8)
        self.inverse = np.zeros(capacity, np.float32)
        self.words = Postings(buckets, capacity)
        self.sums = np.zeros((capacity, dimensions), np.float32)
        self.weights = np.zeros(capacity, np.float64)  # effective posts in the sums
        self.updated = np.zeros(capacity, np.float64)  # event time up to which the sums are decayed
        self._free = list(range(capacity - 1, -1, -1))

    def directions(self, slots: Slots) -> Directions:
        """The directions of some centroids."""
        return Directions(self.centroids[slots], self.inverse[slots])

    def allocate(self) -> int:
        """Take the lowest free slot."""
        if not self._free:
            self.grow()
        return self._free.pop()

    def release(self, slots: list[int]) -> None:
        """Free these slots and set their rows to zero."""
        for name in ROWS:
            getattr(self, name)[slots] = 0
        self.words.drop(slots)
        self._free = sorted({*self._free, *slots}, reverse=True)

    def found(self, slot: int, row: Floats, direction: Directions, words: WordRows, at: float) -> None:
        """Start a topic with one post. The next post can already be compared with it.

        Args:
            slot: The topic's slot.
            row: The post's vector in units of `UNIT`, (dimensions,).
            direction: Its direction, one row.
            words: Its words, one row.
            at: Its time in seconds.
        """
        self.sums[slot] = row
        self.centroids[slot], self.inverse[slot] = direction.values[0], direction.inverse[0]
        self.words.put([slot], words)
        self.weights[slot] = 1.0
        self.updated[slot] = at

    def begin(self, slot: int, total: Floats, weight: float, at: float) -> None:
        """Start a topic with a sum of posts. It can be compared after `move` and `update_words`.

        Args:
            slot: The topic's slot.
            total: Sum of the posts' vectors in units of `UNIT`, (dimensions,).
            weight: Effective posts in the sum.
            at: Event time up to which the sum is decayed, in seconds.
        """
        self.sums[slot], self.weights[slot], self.updated[slot] = total, weight, at

    def pull(self, slots: Sequence[int], rows: Floats, at: Sequence[float], config: OnlineConfig) -> Slots:
        """Decay the sums of some topics and add posts to them.

        Args:
            slots: The topic of each of n posts.
            rows: The posts' vectors in units of `UNIT`, float32 (n, dimensions).
            at: Their times in seconds.
            config: Half-life and memory.

        Returns:
            The changed slots, ascending.
        """
        from models.online.kernels import pull

        where, times = np.array(slots, dtype=np.int64), np.array(at, dtype=np.float64)
        order = np.argsort(where, kind="stable")
        starts = np.flatnonzero(np.diff(where[order], prepend=-1))
        moved, counts = where[order][starts], np.diff(starts, append=len(where))
        newest = np.maximum(self.updated[moved], np.maximum.reduceat(times[order], starts))
        faded = self.weights[moved] * 0.5 ** ((newest - self.updated[moved]) / config.half_life)
        # no more than this many effective posts are kept
        kept = np.minimum(faded, np.maximum(config.memory_posts - counts, 0.0))
        share = (kept / np.maximum(self.weights[moved], 1e-9)).astype(np.float32)
        owner = np.empty(len(where), np.int64)
        owner[order] = np.repeat(np.arange(len(moved)), counts)
        pull(self.sums, moved, share, rows, owner)
        self.weights[moved] = kept + counts
        self.updated[moved] = newest
        return moved

    def absorb(self, survivor: int, other: int) -> None:
        """Add the sums of another slot, which the caller then releases."""
        self.sums[survivor] += self.sums[other]
        self.weights[survivor] += self.weights[other]

    def move(self, slots: Slots, background: Background) -> None:
        """Compute the centroids of these slots from their sums and the background."""
        from models.online.kernels import scaled

        if not len(slots):
            return
        directions = background.directions(scaled(self.sums, slots, UNIT))
        self.centroids[slots], self.inverse[slots] = directions.values, directions.inverse

    def update_words(self, records: Sequence[TopicRecord], lexicon: Lexicon) -> None:
        """Compute the words of these topics from their counts."""
        if not records:
            return
        words = lexicon.topics([record.words for record in records])
        self.words.put([record.slot for record in records], words)

    def restored(self, alive: Slots) -> None:
        """Rebuild the list of free slots: all except `alive`."""
        taken = set(alive.tolist())
        self._free = [slot for slot in range(self.capacity - 1, -1, -1) if slot not in taken]

    def grow(self) -> None:
        """Add slots."""
        more = min(self.capacity, STEP)
        self._free = list(range(self.capacity + more - 1, self.capacity - 1, -1))
        self.capacity += more
        self.words.grow(more)
        for name in ROWS:
            array = getattr(self, name)
            setattr(self, name, np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)]))


WIDTH = 64  # words of a slot at first


class Postings:
    """The words of each slot, each bucket once."""

    def __init__(self, buckets: int, capacity: int) -> None:
        self.buckets = buckets
        self._lengths = np.zeros(capacity, np.int32)
        self._held = np.zeros((capacity, WIDTH), np.int32)
        self._weights = np.zeros((capacity, WIDTH), np.float32)

    def put(self, slots: Sequence[int], words: WordRows) -> None:
        """Replace the words of these slots by the rows of `words`, in order."""
        from models.online.word_kernels import put

        longest = int(np.diff(words.begins).max(initial=0)) - self._held.shape[1]
        if longest > 0:
            self._held = np.pad(self._held, ((0, 0), (0, longest)))
            self._weights = np.pad(self._weights, ((0, 0), (0, longest)))
        put(self._held, self._weights, self._lengths, np.array(slots, np.int64), *words)

    def drop(self, slots: list[int]) -> None:
        """Delete the words of these slots."""
        self._lengths[slots] = 0

    def of(self, slots: Sequence[int]) -> WordRows:
        """The words of these slots."""
        from models.online.word_kernels import take

        return WordRows(*take(self._held, self._weights, self._lengths, np.array(slots, np.int64)))

    def holders(self, words: WordRows) -> WordRows:
        """For each bucket of `words`, the slots that contain it; empty for other buckets."""
        from models.online.word_kernels import invert

        capacity, width = self._held.shape
        starts = np.arange(0, capacity * width, width)
        held, weights = self._held.reshape(-1), self._weights.reshape(-1)
        return WordRows(*invert(starts, self._lengths, held, weights, words.buckets, self.buckets))

    def grow(self, more: int) -> None:
        """Add `more` slots."""
        self._lengths = np.pad(self._lengths, (0, more))
        self._held = np.pad(self._held, ((0, more), (0, 0)))
        self._weights = np.pad(self._weights, ((0, more), (0, 0)))
