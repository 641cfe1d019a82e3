"""The inner loops of the online topics, compiled by numba: one call for a block of posts instead of one for each post.

Sums are of integers, exact in any order, or are added in the order written here: no fast mathematics, no threads. So
the vector width of a machine does not change a bit. The code is compiled once on each machine (some seconds) and stored
beside this file, else in numba's cache folder. When neither can be written, every process compiles it.
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
Slots = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]


def compiled(function: Function) -> Function:
    """Compile the function at its first call."""
    try:
        return cast(Function, numba.njit(cache=True)(function))
    except RuntimeError:  # numba has found no writable folder
        return cast(Function, numba.njit(function))


@compiled
def largest(row: Floats, box: Numbers) -> Any:
    """The largest absolute value, or a non-finite one if there is any. `box` is scratch space for one number."""
    peak = np.int32(0)
    for bits in row.view(np.int32):  # without the sign, bits sort like the numbers, with infinity and NaN above all
        peak = max(peak, bits & np.int32(0x7FFFFFFF))
    box[0] = peak
    return box.view(np.float32)[0]


@compiled
def squared(row: Floats) -> float:
    """The sum of squares, in four parts that a processor adds in parallel."""
    a = b = c = d = 0.0
    even = len(row) - len(row) % 4
    for j in range(0, even, 4):
        a += np.float64(row[j]) * np.float64(row[j])
        b += np.float64(row[j + 1]) * np.float64(row[j + 1])
        c += np.float64(row[j + 2]) * np.float64(row[j + 2])
        d += np.float64(row[j + 3]) * np.float64(row[j + 3])
    for j in range(even, len(row)):
        a += np.float64(row[j]) * np.float64(row[j])
    return (a + b) + (c + d)


@compiled
def unit(vectors: Floats, length: float) -> tuple[Floats, bool]:
    """Scale rows to integers (n, dimensions) of norm about `length`. Also returns whether all numbers were finite.

    A zero row stays zero. Rounded twice, so that the norm is that of integers, whose sum is exact in any order.
    """
    count, width = vectors.shape
    rows = np.empty((count, width), np.float32)
    whole, box = np.empty(width, np.float64), np.empty(1, np.int32)
    for i in range(count):
        peak = np.float64(largest(vectors[i], box))
        if not np.isfinite(peak):
            return rows, False
        scale, squares = length / (peak if peak > 0.0 else 1.0), np.int64(0)
        for j in range(width):
            whole[j] = np.rint(np.float64(vectors[i, j]) * scale)
            squares += np.int64(whole[j]) * np.int64(whole[j])
        scale = length / np.sqrt(max(np.float64(squares), 1.0))
        for j in range(width):
            rows[i, j] = np.float32(np.rint(whole[j] * scale))
    return rows, True


@compiled
def deviate(rows: Floats, mean: Floats, longest: float, nearest: float) -> tuple[Bytes, Floats]:
    """Subtract the mean from rows. Returns bytes of norm at most `longest`, and one over their length.

    A deviation shorter than `nearest` gets a smaller similarity. A zero row has no direction.

    Args:
        rows: float32 (n, dimensions).
        mean: float32 (dimensions,).
        longest: Largest norm of a result.
        nearest: Length below which a deviation counts less.
    """
    count, width = rows.shape
    values = np.empty((count, width), np.int8)
    inverse = np.zeros(count, np.float32)
    deviation, box = np.empty(width, np.float32), np.empty(1, np.int32)
    for i in range(count):
        for j in range(width):
            deviation[j] = rows[i, j] - mean[j]
        peak = max(largest(deviation, box), np.float32(1e-9))
        length = np.sqrt(squared(deviation))
        scale = np.float32(min(np.float64(np.float32(127.0) / peak), longest / max(length, 1e-9)))
        for j in range(width):
            values[i, j] = np.int32(np.rint(deviation[j] * scale))
        total = np.int32(0)
        for j in range(width):
            total += np.int32(values[i, j]) * np.int32(values[i, j])
        if largest(rows[i], box) > 0.0:
            inverse[i] = min(1.0, length / nearest) / np.float64(np.sqrt(np.float32(max(total, np.int32(1)))))
    return values, inverse


@compiled
def pull(sums: Floats, slots: Slots, shares: Floats, rows: Floats, owner: Slots) -> None:
    """Decay the sums of these slots to their shares and add each row to its owner's sum, in place.

    Args:
        sums: float32 (capacity, dimensions).
        slots: Slots to change.
        shares: What remains of each of their sums, 0–1.
        rows: float32 (n, dimensions).
        owner: Position in `slots` for each row.
    """
    added = np.zeros((len(slots), rows.shape[1]), np.float32)
    for k in range(len(owner)):
        for j in range(rows.shape[1]):
            added[owner[k], j] += rows[k, j]
    for i in range(len(slots)):
        for j in range(rows.shape[1]):
            sums[slots[i], j] = sums[slots[i], j] * shares[i] + added[i, j]


@compiled
def scaled(sums: Floats, slots: Slots, length: float) -> Floats:
    """The sums of these slots, scaled to a norm of about `length`. A zero row stays zero."""
    rows = np.empty((len(slots), sums.shape[1]), np.float32)
    for i in range(len(slots)):
        scale = np.float32(length / max(np.sqrt(squared(sums[slots[i]])), 1e-9))
        for j in range(sums.shape[1]):
            rows[i, j] = sums[slots[i], j] * scale
    return rows
