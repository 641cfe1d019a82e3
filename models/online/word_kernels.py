"""The inner loops over words of the online topics, compiled as in `online.kernels`.

Rows of words are CSR arrays: the start of each row, and bucket and weight of its entries. Weights are integers, and so
are the sums of their products: exact in any order (see `online.lexicon`).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.online.kernels import Doubles, Floats, Numbers, Slots, compiled


@compiled
def fuse(
    products: npt.NDArray[Any],
    inverse: Floats,
    scale: Floats,
    owned: Numbers,
    buckets: Numbers,
    weights: Floats,
    index: Numbers,
    slots: Numbers,
    loads: Floats,
    factor: np.float32,
) -> Floats:
    """Fuse both similarities: products * inverse * scale + factor * products of the words.

    Args:
        products: (n, m), integers.
        inverse: (m,).
        scale: (n,).
        owned: Starts of the n rows of words.
        buckets: Their buckets.
        weights: Their weights.
        index: Starts of the buckets of the m columns.
        slots: Columns that contain the bucket.
        loads: Their weights.
        factor: Weight of the words' products.

    Returns:
        float32 (n, m).
    """
    count, width = products.shape
    fused = np.empty((count, width), np.float32)
    lexical = np.zeros(width, np.float32)
    for i in range(count):
        for k in range(owned[i], owned[i + 1]):
            for e in range(index[buckets[k]], index[buckets[k] + 1]):
                lexical[slots[e]] += weights[k] * loads[e]
        for j in range(width):
            fused[i, j] = np.float32(products[i, j]) * inverse[j] * scale[i] + lexical[j] * factor
        lexical[:] = 0.0
    return fused


@compiled
def weigh(
    buckets: Numbers, counts: Doubles, owned: Slots, weights: Doubles, scale: float
) -> tuple[Numbers, Numbers, Floats]:
    """Weight rows of words: each bucket of a row once, by count times weight, scaled to norm `scale` and rounded.

    Args:
        buckets: Bucket of each word.
        counts: Count of each word; empty: each bucket counts once.
        owned: Start of each row.
        weights: Weight of each bucket.
        scale: Norm of a row.
    """
    begins = np.zeros(len(owned), np.int32)
    indices = np.empty(len(buckets), np.int32)
    data = np.empty(len(buckets), np.float32)
    seen = np.zeros(len(weights), np.float64)
    stop = 0
    for i in range(len(owned) - 1):
        start = stop
        for k in range(owned[i], owned[i + 1]):
            bucket = buckets[k]
            if seen[bucket] == 0.0:
                indices[stop] = bucket
                stop += 1
                seen[bucket] = 1.0 if len(counts) == 0 else counts[k]
            elif len(counts) > 0:
                seen[bucket] += counts[k]
        squares = 0.0
        for k in range(start, stop):
            seen[indices[k]] *= weights[indices[k]]
            squares += seen[indices[k]] * seen[indices[k]]
        factor = scale / np.sqrt(max(squares, 1.0))
        for k in range(start, stop):
            data[k] = np.rint(seen[indices[k]] * factor)
            seen[indices[k]] = 0.0
        begins[i + 1] = stop
    return begins, indices[:stop], data[:stop]


@compiled
def invert(
    starts: Slots, lengths: Numbers, buckets: Numbers, weights: Floats, wanted: Numbers, total: int
) -> tuple[Numbers, Numbers, Floats]:
    """For each bucket in `wanted`, the rows that contain it, ascending, with their weights.

    Args:
        starts: First entry of each row.
        lengths: Number of entries of each row.
        buckets: Bucket of each entry.
        weights: Weight of each entry.
        wanted: Buckets to look for.
        total: Number of all buckets.
    """
    sought = np.zeros(total, np.int8)
    for bucket in wanted:
        sought[bucket] = 1
    found, ends = np.empty(lengths.sum() + 1, np.int32), np.empty(len(starts), np.int64)
    count = 0
    for i in range(len(starts)):
        for k in range(starts[i], starts[i] + lengths[i]):
            found[count] = k  # without a branch, which would be mispredicted most of the time
            count += sought[buckets[k]]
        ends[i] = count
    begins = np.zeros(total + 1, np.int32)
    for e in range(count):
        begins[buckets[found[e]] + 1] += 1
    for bucket in range(total):
        begins[bucket + 1] += begins[bucket]
    place = begins[:-1].copy()
    rows, loads = np.empty(count, np.int32), np.empty(count, np.float32)
    entry = 0
    for i in range(len(starts)):
        for e in range(entry, ends[i]):
            bucket = buckets[found[e]]
            rows[place[bucket]], loads[place[bucket]] = i, weights[found[e]]
            place[bucket] += 1
        entry = ends[i]
    return begins, rows, loads


@compiled
def put(
    held: Numbers,
    loads: Floats,
    lengths: Numbers,
    slots: Slots,
    begins: Numbers,
    buckets: Numbers,
    weights: Floats,
) -> None:
    """Copy rows of words into the rows `slots` of `held` and `loads` (capacity, width), in place."""
    for i in range(len(slots)):
        lengths[slots[i]] = begins[i + 1] - begins[i]
        for k in range(begins[i], begins[i + 1]):
            held[slots[i], k - begins[i]], loads[slots[i], k - begins[i]] = buckets[k], weights[k]


@compiled
def take(held: Numbers, loads: Floats, lengths: Numbers, slots: Slots) -> tuple[Numbers, Numbers, Floats]:
    """The inverse of `put`."""
    begins = np.zeros(len(slots) + 1, np.int32)
    for i in range(len(slots)):
        begins[i + 1] = begins[i] + lengths[slots[i]]
    buckets, weights = np.empty(begins[-1], np.int32), np.empty(begins[-1], np.float32)
    for i in range(len(slots)):
        for k in range(begins[i], begins[i + 1]):
            buckets[k], weights[k] = held[slots[i], k - begins[i]], loads[slots[i], k - begins[i]]
    return begins, buckets, weights


@compiled
def tally(counts: Doubles, buckets: Numbers) -> None:
    """Count each bucket, in place."""
    for bucket in buckets:
        counts[bucket] += 1.0


@compiled
def look_up(keys: Slots, values: Numbers, wanted: Slots) -> Numbers:
    """Look keys up in a hash table of 2^k places with open addressing. Returns the values, -1 for a missing key.

    Args:
        keys: Keys of the places.
        values: Values of the places; -1 for a free one, of which there is at least one.
        wanted: Keys to look up.
    """
    last = len(keys) - 1
    found = np.empty(len(wanted), np.int32)
    for i in range(len(wanted)):
        place = wanted[i] & last
        while values[place] >= 0 and keys[place] != wanted[i]:
            place = (place + 1) & last
        found[i] = values[place]
    return found


@compiled
def remember(keys: Slots, values: Numbers, new: Slots, said: Numbers) -> None:
    """Add keys and values to such a table, which must have room for them.

    Args:
        keys: Keys of the places.
        values: Values of the places.
        new: Keys to add.
        said: Their values.
    """
    last = len(keys) - 1
    for i in range(len(new)):
        place = new[i] & last
        while values[place] >= 0 and keys[place] != new[i]:
            place = (place + 1) & last
        keys[place], values[place] = new[i], said[i]
