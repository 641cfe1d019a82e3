"""How near a post must be to the middle of others to be one of them."""

import numpy as np
import numpy.typing as npt

USUAL, SLACK = 0.25, 0.05  # quantile of the others' closeness to their middle, and what another may lack of it
Vectors = npt.NDArray[np.float64]


def middle_of(members: Vectors) -> Vectors:
    """The mean of unit vectors, float64 (n, d), as one: (d,); zero stays zero."""
    mean = members.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def as_close(members: Vectors, others: Vectors) -> npt.NDArray[np.bool_]:
    """Which of `others` are about as near to the middle of `members` as these are; unit vectors, float64 (n, d)."""
    middle = middle_of(members)
    least = float(np.quantile(np.round(members @ middle, 5), USUAL)) - SLACK
    return np.asarray(np.round(others @ middle, 5) >= least)
