"""What all posts of the stream have in common, so that it can be taken out of their similarity.

Posts of one field resemble each other: in a month of data-science posts the mean vector has norm 0.34, and two posts
about nothing in common have cosine 0.1 to 0.4. Similarity is therefore measured between deviations from the
stream's running mean m: cos(v - m, c - m). The deviations are rounded to bytes, whose products are exact (see
`online.product`); the price is an error of about 0.001 in the cosine.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.online.int8_product import LONGEST, Bytes

UNIT = 4096.0  # integers that stand for 1 in `unit_rows`
SMALLEST = 0.22  # of a deviation: what is nearer to the mean than that has no direction of its own
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Directions:
    """Deviations of `n` vectors: bytes (n, dimensions), and one over their length (n,), 0 for no direction."""

    values: Bytes
    inverse: Floats

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> "Directions":
        return Directions(self.values[rows], self.inverse[rows])


def unit_rows(vectors: npt.NDArray[np.floating]) -> Floats:
    """Integers as float32 (n, dimensions), norm about UNIT; a zero row stays zero. Raises ValueError on NaN."""
    from models.online.kernels import unit

    rows, finite = unit(np.ascontiguousarray(vectors, np.float32), UNIT)
    if not finite:
        raise ValueError("a vector holds a number that is not finite")
    return rows


class Background:
    """The running mean of the stream's posts. The mean in use moves now and then, at the end of a block."""

    PRIOR = 200.0  # posts without a common direction that an empty stream is taken to have seen
    MEMORY = 10_000.0  # posts in the mean: it follows a stream that changes

    def __init__(self, dimensions: int, share: float) -> None:
        self.share = share  # 0: plain cosines
        self.total = np.zeros(dimensions, np.float64)
        self.posts = self.PRIOR
        self.mean = np.zeros(dimensions, np.float32)  # integers, as in `unit_rows`

    def directions(self, rows: Floats) -> Directions:
        """Of rows whose length is about UNIT (n, dimensions); a zero row has none."""
        from models.online.kernels import deviate

        return Directions(*deviate(rows, self.mean, LONGEST, SMALLEST * UNIT))

    def learn(self, rows: Floats) -> None:
        """Add posts (n, dimensions) to the mean."""
        self.total += rows.sum(axis=0, dtype=np.float64)  # of integers: exact in any order
        self.posts += len(rows)

    def refresh(self) -> None:
        """Put the mean of the posts so far in use."""
        if self.posts > self.MEMORY:
            self.total = np.rint(self.total * (self.MEMORY / self.posts))  # integers still: the sum stays exact
            self.posts = self.MEMORY
        self.mean = np.rint(self.share * self.total / self.posts).astype(np.float32)
