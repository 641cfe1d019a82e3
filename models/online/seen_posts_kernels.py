"""The inner loops over posts seen, compiled as in `online.kernels`: a hash table with open addressing over a ring.

keys, origins: uint64 (capacity,), the ring: hashes of ids, already spread evenly, and of what brought them. table:
int32 (a power of two, more than capacity,), the position in the ring of whose key begins its search there, or -1; the
next free place is taken. next_: int64 (2,), where the ring is written next, and how many posts it holds.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.online.kernels import Numbers, Slots, compiled

Hashes = npt.NDArray[np.uint64]


@compiled
def place_of(keys: Hashes, table: Numbers, key: np.uint64) -> Any:
    """Where in the table `key` is or, when it is not in it, would go."""
    mask = len(table) - 1
    place = np.int64(key) & mask
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + 1) & mask
    return place


@compiled
def forget(keys: Hashes, table: Numbers, place: int) -> None:
    """Empty a place. Those behind it, up to the next empty one, move up, or a search for them would end at the gap."""
    mask = len(table) - 1
    other = (place + 1) & mask
    while table[other] >= 0:
        wanted = np.int64(keys[table[other]]) & mask
        if ((other - wanted) & mask) >= ((other - place) & mask):
            table[place] = table[other]
            place = other
        other = (other + 1) & mask
    table[place] = -1


@compiled
def see(keys: Hashes, origins: Hashes, table: Numbers, next_: Slots, key: np.uint64, origin: np.uint64) -> int:
    """0: new, and remembered instead of the oldest when the ring is full; 1: from the same origin; 2: from another."""
    place = place_of(keys, table, key)
    if table[place] >= 0:
        return 1 if origins[table[place]] == origin else 2
    written, held = next_
    if held == len(keys):
        forget(keys, table, place_of(keys, table, keys[written]))
        place = place_of(keys, table, key)
    keys[written], origins[written], table[place] = key, origin, written
    next_[0] = (written + 1) % len(keys)
    next_[1] = min(held + 1, len(keys))
    return 0


@compiled
def see_all(keys: Hashes, origins: Hashes, table: Numbers, next_: Slots, rows: npt.NDArray[Any]) -> None:
    """Each row of (n, 2), key and origin, in turn."""
    for i in range(len(rows)):
        see(keys, origins, table, next_, rows[i, 0], rows[i, 1])
