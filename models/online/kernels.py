"""The inner loops of the online topics, compiled by numba: a block of posts is one call each, not one per post.

Sums are of integers, exact in any order, or run in the order that is written here: no fast mathematics, no threads.
So a machine's vector width changes no bit. Compiled once per machine (some seconds) and kept beside this file or,
where that cannot be written, in numba's own cache folder; without any, compiled again by every process.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Function = TypeVar("Function", bound=Callable[..., Any])
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.int8]


def compiled(function: Function) -> Function:
    """The function as machine code, from its first call on."""
    try:
        return cast(Function, numba.njit(cache=True)(function))
    except RuntimeError:  # numba has found no folder that it may write
        return cast(Function, numba.njit(function))


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
    """products (n, m) * inverse (m,) * scale (n,), plus factor times the products of the words, as in two CSR matrices.

    owned, buckets, weights: of the n rows. index, slots, loads: by bucket, of the m columns.
    """
    count, width = products.shape
    fused = np.empty((count, width), np.float32)
    lexical = np.zeros(width, np.float32)
    for i in range(count):
        for j in range(width):
            fused[i, j] = np.float32(products[i, j]) * inverse[j] * scale[i]
        for k in range(owned[i], owned[i + 1]):
            for e in range(index[buckets[k]], index[buckets[k] + 1]):
                lexical[slots[e]] += weights[k] * loads[e]
        for k in range(owned[i], owned[i + 1]):
            for e in range(index[buckets[k]], index[buckets[k] + 1]):
                fused[i, slots[e]] += lexical[slots[e]] * factor
                lexical[slots[e]] = 0.0
    return fused


@compiled
def deviate(rows: Floats, mean: Floats, longest: float, nearest: float) -> tuple[Bytes, Floats]:
    """Rows less the mean as bytes of norm at most `longest`, and one over their length.

    A deviation shorter than `nearest` counts as less than a whole one; a zero row has no direction.
    """
    count, width = rows.shape
    values = np.empty((count, width), np.int8)
    inverse = np.zeros(count, np.float32)
    deviation = np.empty(width, np.float32)
    for i in range(count):
        peak, squares, blank = np.float32(1e-9), 0.0, True
        for j in range(width):
            deviation[j] = rows[i, j] - mean[j]
            peak = max(peak, abs(deviation[j]))
            blank = blank and rows[i, j] == 0.0
        for j in range(width):
            squares += np.float64(deviation[j]) * np.float64(deviation[j])
        length = np.sqrt(squares)
        scale = np.float32(min(np.float64(np.float32(127.0) / peak), longest / max(length, 1e-9)))
        total = 0
        for j in range(width):
            rounded = np.int32(np.rint(deviation[j] * scale))
            values[i, j] = rounded
            total += int(rounded * rounded)
        if not blank:
            inverse[i] = min(1.0, length / nearest) / np.float64(np.sqrt(np.float32(max(total, 1))))
    return values, inverse


@compiled
def weigh(
    buckets: npt.NDArray[np.int64], counts: Doubles, owned: npt.NDArray[np.int64], weights: Doubles, scale: float
) -> tuple[Numbers, Numbers, Floats]:
    """Rows of norm `scale`, rounded, as CSR arrays: each bucket of a row once, by its count times its weight.

    owned: where each row's words begin. counts: of each word, or empty: each bucket counts once.
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
def invert(lengths: Numbers, buckets: Numbers, weights: Floats, total: int) -> tuple[Numbers, Numbers, Floats]:
    """By bucket of `total`, as CSR arrays: the rows that hold it, ascending; row i holds lengths[i] entries."""
    begins = np.zeros(total + 1, np.int32)
    for i in range(len(lengths)):
        for k in range(lengths[i]):
            begins[buckets[i, k] + 1] += 1
    for bucket in range(total):
        begins[bucket + 1] += begins[bucket]
    place = begins[:-1].copy()
    rows = np.empty(begins[-1], np.int32)
    values = np.empty(begins[-1], np.float32)
    for i in range(len(lengths)):
        for k in range(lengths[i]):
            entry = place[buckets[i, k]]
            rows[entry], values[entry] = i, weights[i, k]
            place[buckets[i, k]] += 1
    return begins, rows, values


@compiled
def pull(
    sums: Floats, slots: npt.NDArray[np.int64], shares: Floats, rows: Floats, owner: npt.NDArray[np.int64]
) -> None:
    """Fade the sums of these slots to their shares and add each of `rows` to that of its owner, in place."""
    added = np.zeros((len(slots), rows.shape[1]), np.float32)
    for k in range(len(owner)):
        for j in range(rows.shape[1]):
            added[owner[k], j] += rows[k, j]
    for i in range(len(slots)):
        for j in range(rows.shape[1]):
            sums[slots[i], j] = sums[slots[i], j] * shares[i] + added[i, j]
