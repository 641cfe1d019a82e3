"""Which posts the stream has seen: tells a post sent twice from a record delivered twice. Bounded memory.

Two 64-bit hashes per post (16 bytes of state): of the id, and of the record that first brought it. With a million
posts kept, the chance that any two ids collide is 3e-8.
"""

import hashlib
from typing import Literal

import numpy as np
import numpy.typing as npt

Sight = Literal["new", "redelivered", "duplicate"]
CAPACITY = 1_000_000


class SeenPosts:
    """The last `capacity` posts, oldest forgotten first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self._first: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._first)

    def __contains__(self, post_id: str) -> bool:
        return _hash(post_id) in self._first

    def see(self, post_id: str, origin: str) -> Sight:
        """Remember the post; "redelivered" when the very same record brought it before."""
        key, first = _hash(post_id), _hash(origin)
        known = self._first.get(key)
        if known is None:
            self._first[key] = first
            if len(self._first) > self.capacity:
                del self._first[next(iter(self._first))]
            return "new"
        return "redelivered" if known == first else "duplicate"

    def to_array(self) -> npt.NDArray[np.uint64]:
        """uint64 (n, 2): id and origin hashes, oldest first."""
        flat = np.fromiter((value for pair in self._first.items() for value in pair), np.uint64, 2 * len(self._first))
        return flat.reshape(-1, 2)

    @classmethod
    def from_array(cls, array: npt.NDArray[np.uint64], capacity: int = CAPACITY) -> "SeenPosts":
        """The inverse of `to_array`."""
        seen = cls(capacity)
        seen._first = {int(key): int(first) for key, first in array}
        return seen


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
