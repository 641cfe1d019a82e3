"""When to try a delivery again: soon at first, then ever more rarely, for a day."""

import random
from typing import Final

# 13 attempts over 24 hours; after the last the delivery is dead
DELAYS: Final = (5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 25_645)
JITTER = 0.1  # so that endpoints that failed together do not come back together


def next_attempt(
    attempts: int, now: float, *, retry_after: float | None = None, jitter: float | None = None
) -> float | None:
    """When to try again after `attempts` failures before this one; None: never.

    retry_after: seconds that the receiver asked for; it may lengthen a wait, up to the longest of our own.
    """
    if attempts >= len(DELAYS):
        return None
    share = random.uniform(-JITTER, JITTER) if jitter is None else jitter
    wait = DELAYS[attempts] * (1 + share)
    return now + max(wait, min(retry_after or 0.0, float(DELAYS[-1])))
