"""What all posts of the stream have in common, so that it can be taken out of their similarity.

Posts of one field resemble each other: in a month of data-science posts the mean vector has norm 0.34, and two posts
about nothing in common have cosine 0.1 to 0.4. Similarity is therefore measured between deviations from the
stream's running mean m: cos(v - m, c - m), from exact integer products and elementwise arithmetic only.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.online_evidence import SCALE, Floats


@dataclass(frozen=True)
class Deviation:
    """Of `n` vectors: their product with the mean, and one over their distance to it (0 for an empty slot)."""

    offset: Floats
    inverse: Floats


class Background:
    """The running mean of the stream's posts; the mean in use moves at the end of a block."""

    PRIOR = 200.0  # posts without a common direction that an empty stream is taken to have seen
    MEMORY = 10_000.0  # posts in the mean: it follows a stream that changes

    def __init__(self, dimensions: int, share: float) -> None:
        self.share = share  # 0: plain cosines
        self.total = np.zeros(dimensions, np.float64)
        self.posts = self.PRIOR
        self.mean = np.zeros(dimensions, np.float32)  # integers, norm up to SCALE

    @property
    def square(self) -> np.float32:
        """Squared length of the mean, 0–1."""
        return np.float32(float(self.mean @ self.mean) / SCALE**2)

    def deviation(self, vectors: Floats) -> Deviation:
        """Of quantised unit vectors (n, dimensions)."""
        offset = (vectors @ self.mean) * np.float32(1.0 / SCALE**2)
        distance = np.maximum(np.float32(1.0) - 2 * offset + self.square, np.float32(0.05))
        inverse = 1 / np.sqrt(distance)
        inverse[~vectors.any(axis=1)] = 0.0
        return Deviation(offset, inverse)

    def learn(self, vectors: npt.NDArray[np.float32]) -> None:
        """Add the posts of a block (n, dimensions) to the mean."""
        self.total += vectors.sum(axis=0, dtype=np.float64)  # of integers: exact in any order
        self.posts += len(vectors)

    def refresh(self) -> None:
        """Put the mean of the posts so far in use."""
        if self.posts > self.MEMORY:
            self.total *= self.MEMORY / self.posts
            self.posts = self.MEMORY
        self.mean = np.rint(self.share * self.total / self.posts).astype(np.float32)

    def cosine(self, products: Floats, rows: Deviation, columns: Deviation) -> Floats:
        """Cosines of deviations, float32 (n, m), from integer products; overwrites `products`. Elementwise only."""
        products *= np.float32(1.0 / SCALE**2)
        products -= (rows.offset - self.square)[:, None]
        products -= columns.offset
        products *= rows.inverse[:, None]
        products *= columns.inverse
        return products


def fuse(cosine: Floats, lexical: Floats, weight: float) -> Floats:
    """Weighted sum of both similarities, elementwise; `lexical` as integer products. Overwrites both."""
    cosine *= np.float32(1.0 - weight)
    lexical *= np.float32(weight / SCALE**2)
    cosine += lexical
    return cosine
