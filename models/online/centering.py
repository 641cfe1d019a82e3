"""Removes the common direction of all posts from their similarity.

Posts of one field resemble each other: in a month of data-science posts the mean vector has norm 0.34, and two
unrelated posts have a cosine of 0.1 to 0.4. Therefore similarity is measured between deviations from the stream's
running mean m: cos(v - m, c - m). The deviations are rounded to bytes, whose products are exact (see
`online.int8_product`); the error of the cosine is about 0.001.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.online.int8_product import LONGEST, Bytes

UNIT = 4096.0  # the integer that represents 1 in `unit_rows`
SMALLEST = 0.22  # a shorter deviation is too near to the mean to have a direction of its own
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Directions:
    """Deviations of `n` vectors."""

    values: Bytes  # (n, dimensions)
    inverse: Floats  # one over their length, (n,); 0 for no direction

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> "Directions":
        return Directions(self.values[rows], self.inverse[rows])


def unit_rows(vectors: npt.NDArray[np.floating]) -> Floats:
    """Scale rows to integers of norm about UNIT, float32 (n, dimensions). A zero row stays zero.

    Raises:
        ValueError: A vector contains NaN or infinity.
    """
    from models.online.kernels import unit

    rows, finite = unit(np.ascontiguousarray(vectors, np.float32), UNIT)
    if not finite:
        raise ValueError("a vector contains NaN or infinity")
    return rows


class Background:
    """The running mean of the stream's posts. The mean in use is updated at the ends of some blocks."""

    PRIOR = 200.0  # an empty stream counts as this many posts without a common direction
    MEMORY = 10_000.0  # posts in the mean, so that it follows a changing stream

    def __init__(self, dimensions: int, share: float) -> None:
        self.share = share  # share of the mean that is removed; 0: plain cosines
        self.total = np.zeros(dimensions, np.float64)
        self.posts = self.PRIOR
        self.mean = np.zeros(dimensions, np.float32)  # integers, as in `unit_rows`

    def directions(self, rows: Floats) -> Directions:
        """The directions of rows with length about UNIT (n, dimensions). A zero row has none."""
        from models.online.kernels import deviate

        return Directions(*deviate(rows, self.mean, LONGEST, SMALLEST * UNIT))

    def learn(self, rows: Floats) -> None:
        """Add posts (n, dimensions) to the mean."""
        self.total += rows.sum(axis=0, dtype=np.float64)  # sums of integers are exact in any order
        self.posts += len(rows)

    def refresh(self) -> None:
        """Use the mean of the posts so far."""
        if self.posts > self.MEMORY:
            self.total = np.rint(self.total * (self.MEMORY / self.posts))  # still integers: the sum stays exact
            self.posts = self.MEMORY
        self.mean = np.rint(self.share * self.total / self.posts).astype(np.float32)
