"""From a topic's counts to what is trending. Pure; the present is the newest post, not the wall clock.

The trend of a window is by how much more is said than was to be expected, and by how many people:

    trend = log2(1 + people) * max((n - e) / sqrt(e + 1), sqrt(n) / STANDING)

n: originals plus `SUPPORT_WEIGHT` of each retweet and near-duplicate in the window; people: distinct authors in it;
e: n of a window of the same length, averaged over the three before it, or as many as are kept. The first is the excess
in standard deviations of a Poisson count, so what is said every day, however loud, stays below what happens (on a real
month the product of size and growth put "AI", "data science" and "machine learning" first every day). The second keeps
an order among what is as usual. One account saying a thing ten times stays below three that say it twice.
"""

import math
from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final

from msgspec import Struct

from models.live.limits import BUCKET_SECONDS, WINDOWS, ViewLimits
from models.live.state import TopicState

SUPPORT_WEIGHT: Final = 0.25
STANDING: Final = 20  # far below one more than usual
BASELINE_WINDOWS: Final = 3
HOUR: Final = 3_600 // BUCKET_SECONDS
KEPT: Final = int(ViewLimits().retention.total_seconds()) // BUCKET_SECONDS
BUCKETS: Final = {name: int(span.total_seconds()) // BUCKET_SECONDS for name, span in WINDOWS.items()}
PARTS: Final = {"1h": 6, "6h": 18, "24h": 24, "7d": 28}  # of a window's spark line: 10 and 20 minutes, 1 and 6 hours


class WindowStats(Struct, frozen=True, kw_only=True):
    """One window of one topic. `before`: posts in the window of the same length before it."""

    posts: int
    originals: int
    people: int
    before: int
    trend: float
    trend_before: float  # a sixth of the window ago, with the people of now: the movement of the ranks is read from it


def bucket_now(newest: datetime) -> int:
    """The bucket of the newest post: the last one of every window."""
    return int(newest.timestamp()) // BUCKET_SECONDS


class Counts:
    """A topic's series, to be summed over any span at the cost of two look-ups: a summary asks for twenty."""

    def __init__(self, series: dict[int, tuple[int, int]]) -> None:
        """series: bucket -> (posts, originals)."""
        self._buckets = sorted(series)
        self._posts = [0, *accumulate(series[bucket][0] for bucket in self._buckets)]
        self._originals = [0, *accumulate(series[bucket][1] for bucket in self._buckets)]

    def between(self, after: int, last: int) -> tuple[int, int]:
        """Posts and originals in the buckets after `after` up to `last`, inclusive."""
        low, high = bisect_right(self._buckets, after), bisect_right(self._buckets, last)
        return self._posts[high] - self._posts[low], self._originals[high] - self._originals[low]


def window_stats(state: TopicState, window: str, last: int, counts: Counts | None = None) -> WindowStats:
    """Counts of the `window` that ends with bucket `last`, inclusive. Raises KeyError for an unknown window.

    counts: of the state's series, when several windows are asked for.
    """
    length = BUCKETS[window]
    counts = counts or Counts(state.series)
    posts, originals = counts.between(last - length, last)
    before, _ = counts.between(last - 2 * length, last - length)
    people = sum(1 for _, newest in state.people.values() if last - length < newest <= last)
    shift = max(1, length // 6)
    return WindowStats(
        posts=posts,
        originals=originals,
        people=people,
        before=before,
        trend=round(_trend(counts, last, length, people), 2),
        trend_before=round(_trend(counts, last - shift, length, people), 2),
    )


def parts(state: TopicState, window: str, last: int, counts: Counts | None = None) -> list[int]:
    """Posts in `PARTS[window]` equal parts of the window that ends with bucket `last`, oldest first."""
    length, number = BUCKETS[window] // PARTS[window], PARTS[window]
    counts = counts or Counts(state.series)
    ends = [last - length * (number - 1 - i) for i in range(number)]
    return [counts.between(end - length, end)[0] for end in ends]


def hourly(state: TopicState, last: int, hours: int) -> list[int]:
    """Posts in each of the last `hours` hours of the clock (UTC), oldest first; the last one contains bucket `last`."""
    counts = [0] * hours
    for bucket, (posts, _) in state.series.items():
        age = last // HOUR - bucket // HOUR
        if 0 <= age < hours:
            counts[hours - 1 - age] += posts
    return counts


def hour_starts(last: int, hours: int) -> list[datetime]:
    """The first moment of each of those hours."""
    first = last // HOUR + 1 - hours
    return [datetime.fromtimestamp((first + i) * 3_600, UTC) for i in range(hours)]


def _trend(counts: Counts, last: int, length: int, people: int) -> float:
    windows = min(float(BASELINE_WINDOWS), (KEPT - length) / length)
    span = int(windows * length)
    observed = _weight(counts.between(last - length, last))
    expected = _weight(counts.between(last - length - span, last - length)) / windows
    excess = (observed - expected) / math.sqrt(expected + 1)
    return math.log2(1 + people) * max(excess, math.sqrt(observed) / STANDING)


def _weight(counts: tuple[int, int]) -> float:
    posts, originals = counts
    return originals + SUPPORT_WEIGHT * (posts - originals)
