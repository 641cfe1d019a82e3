"""The inner loops of seen posts, compiled as in `online.kernels`: a hash table with open addressing over a ring buffer.

* keys, origins: uint64 (capacity,), the ring: hashes of ids (evenly distributed) and of the records that brought them.
* table: int32 (a power of two above capacity,). Each place has a position in the ring or -1. The search for a key
  starts at its hash and continues to the next free place.
* next_: int64 (2,), the position in the ring that is written next, and the number of posts in the ring.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.online.kernels import Numbers, Slots, compiled

Hashes = npt.NDArray[np.uint64]


@compiled
def place_of(keys: Hashes, table: Numbers, key: np.uint64) -> Any:
    """The place of `key` in the table, or the free place where it belongs."""
    mask = len(table) - 1
    place = np.int64(key) & mask
    while table[place] >= 0 and keys[table[place]] != key:
        place = (place + 1) & mask
    return place


@compiled
def forget(keys: Hashes, table: Numbers, place: int) -> None:
    """Empty a place. Later entries move up to the next free place, because a search would end at the gap."""
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
    """Look up a post and remember it. 0: new (in a full ring it replaces the oldest); 1: same origin; 2: another."""
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
    """Call `see` for each row (key, origin) of (n, 2)."""
    for i in range(len(rows)):
        see(keys, origins, table, next_, rows[i, 0], rows[i, 1])
