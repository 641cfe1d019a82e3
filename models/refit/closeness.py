"""How near a post must be to the middle of others to be one of them."""

import numpy as np
import numpy.typing as npt

USUAL, SLACK = 0.25, 0.05  # quantile of the others' closeness to their middle, and what another may lack of it
Vectors = npt.NDArray[np.float64]


def as_close(members: Vectors, others: Vectors) -> npt.NDArray[np.bool_]:
    """Which of `others` are about as near to the middle of `members` as these are; unit vectors, float64 (n, d)."""
    middle = members.mean(axis=0)
    middle /= max(float(np.linalg.norm(middle)), 1e-9)
    least = float(np.quantile(np.round(members @ middle, 5), USUAL)) - SLACK
    return np.asarray(np.round(others @ middle, 5) >= least)
