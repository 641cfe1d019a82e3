"""Ranks the stories of a week, and decides how many to publish.

Every feature (`ranking.features`) becomes the percentile of a unit within the week. The score of a unit is the sum of
its percentiles with equal weights: PLUS for it, MINUS against it. No number here was fitted to a set of posts, and
there are no thresholds for features: a penalty lowers a unit relative to the others of its week. Excluded are only
units without value for any reader: without words, giveaways, and walls of hashtags.

The number of published stories is measured on the week itself. If the percentiles of every feature are shuffled among
the units, high scores occur by chance only. The best units are published as long as at most one in ten of them would
occur by chance, or one at all (Benjamini and Hochberg 1995, with the null distribution from permutations).
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

Floats = npt.NDArray[np.float64]

PLUS = ("people", "influence", "gain", "reach", "surprise", "agreement", "shared", "crowded", "names", "words", "news")
MINUS = ("wall", "top", "evergreen", "greeting", "advert")
CHANCE = 0.1  # maximum share of the published units that may occur by chance; among fewer than ten, one may
DRAWS = 200_000  # number of shuffled scores for the null distribution


def percentiles(features: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return feature -> its part of each unit's score, -0.5 to 0.5; 0 where the feature is unknown (NaN)."""
    parts = {}
    for sign, names in ((1.0, PLUS), (-1.0, MINUS)):
        for name in names:
            values = np.round(features[name], 9)
            known = ~np.isnan(values)
            parts[name] = np.zeros(len(values))
            parts[name][known] = sign * ((rankdata(values[known]) - 0.5) / max(1, known.sum()) - 0.5)
    return parts


def scores(parts: Mapping[str, Floats]) -> Floats:
    """Return the score of each unit."""
    return np.asarray(np.round(np.sum([parts[name] for name in (*PLUS, *MINUS)], axis=0), 9))


def in_order(score: Floats) -> list[int]:
    """Return the places of the units, best first; ties go to the earlier unit."""
    return [int(place) for place in np.argsort(-score, kind="stable")]


def worth_telling(parts: Mapping[str, Floats], score: Floats, seed: int) -> int:
    """Return how many of the best units are more than chance."""
    count = len(score)
    if not count:
        return 0
    random = np.random.default_rng(seed)
    times = max(1, DRAWS // count)
    shuffled = np.zeros((times, count))
    for name in (*PLUS, *MINUS):
        shuffled += random.permuted(np.tile(parts[name], (times, 1)), axis=1)
    chance = np.sort(shuffled, axis=None)
    best = np.sort(score)[::-1]
    expected = (len(chance) - np.searchsorted(chance, best - 1e-9)) / times
    enough = np.flatnonzero(expected <= np.maximum(1.0, CHANCE * np.arange(1, count + 1)))
    return int(enough[-1]) + 1 if len(enough) else 0
