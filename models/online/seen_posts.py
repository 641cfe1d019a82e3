"""The posts that the stream has seen: separates a post that was sent twice from a record that was delivered twice.

A post needs two 64-bit hashes: of its id, and of the record that brought it first. With a million posts the chance that
any two ids collide is 3e-8. The hashes are in arrays of a fixed size, 24 bytes a post. A dictionary needs ten times
that, and when it forgets, the search for its oldest entry visits all deleted ones (measured at 200,000 posts: 200 µs a
post instead of 3).
"""

import hashlib
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Sight = Literal["new", "redelivered", "duplicate"]
CAPACITY = 1_000_000
# in the order of the codes that `seen_posts_kernels.see` returns
_SIGHTS: Final[tuple[Sight, Sight, Sight]] = ("new", "redelivered", "duplicate")


class SeenPosts:
    """The last `capacity` posts. The oldest are forgotten first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        if capacity < 1:
            raise ValueError("capacity must be at least 1")
        self.capacity = capacity
        self._keys = np.zeros(capacity, np.uint64)
        self._origins = np.zeros(capacity, np.uint64)
        self._table = np.full(1 << (2 * capacity - 1).bit_length(), -1, np.int32)  # at least half of it is empty
        self._next = np.zeros(2, np.int64)

    def __len__(self) -> int:
        return int(self._next[1])

    def __contains__(self, post_id: str) -> bool:
        from models.online.seen_posts_kernels import place_of

        return bool(self._table[place_of(self._keys, self._table, _hash(post_id))] >= 0)

    def see(self, post_id: str, origin: str) -> Sight:
        """Remember the post. "redelivered" means that the same record brought it before."""
        from models.online.seen_posts_kernels import see

        return _SIGHTS[see(self._keys, self._origins, self._table, self._next, _hash(post_id), _hash(origin))]

    def to_array(self) -> npt.NDArray[np.uint64]:
        """uint64 (n, 2): hashes of id and origin, oldest first."""
        order = (np.arange(-len(self), 0) + self._next[0]) % self.capacity
        return np.stack([self._keys[order], self._origins[order]], axis=1)

    @classmethod
    def from_array(cls, array: npt.NDArray[np.uint64], capacity: int = CAPACITY) -> "SeenPosts":
        """The inverse of `to_array`; keeps the last `capacity` posts.

        Raises:
            ValueError: The array has another shape.
        """
        from models.online.seen_posts_kernels import see_all

        if array.ndim != 2 or array.shape[1] != 2 or array.dtype != np.uint64:
            raise ValueError(f"{array.dtype} {array.shape} instead of uint64 (n, 2)")
        seen = cls(capacity)
        see_all(seen._keys, seen._origins, seen._table, seen._next, array)
        return seen


def _hash(text: str) -> np.uint64:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
