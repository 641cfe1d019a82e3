"""Scores of a topic in each window, with its badge and section. Pure.

The present is the newest post, not the wall clock. The score is the one of `trending` events (`models.online.burst`):
the people of the window against the usual share of the active people. Only posts of the topic's story count. If no
topic has a story (river's models do not search for them), all posts of a topic count. A window longer than a day counts
every post of a topic that has had a story.

Sections of a window: "rising" has enough people, more than usual, and has not cooled; "also" has enough people; all
other topics are only in searches and under "latest".
"""

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from typing import Final, Literal

from msgspec import Struct

from models.live.limits import BUCKET_SECONDS, WINDOWS, ViewLimits
from models.live.state import StoryPost, TopicState
from models.online.burst import LEVELS, Level, expected_people, fewest_people, in_words, level_of, surprise

HOUR: Final = 3_600 // BUCKET_SECONDS
DAY: Final = 24 * HOUR
KEPT: Final = int(ViewLimits().retention.total_seconds()) // BUCKET_SECONDS
BUCKETS: Final = {name: int(span.total_seconds()) // BUCKET_SECONDS for name, span in WINDOWS.items()}
PARTS: Final = {"1h": 6, "6h": 18, "24h": 24, "7d": 28}  # of a window's spark line: 10 and 20 minutes, 1 and 6 hours
WIDER: Final = {"1h": "6h", "6h": "24h", "24h": "7d"}  # wider windows to try if nothing rises
Section = Literal["", "rising", "also"]
Badge = Literal["", "new", "rising", "hot", "steady", "cooling"]


class WindowStats(Struct, frozen=True, kw_only=True):
    """One window of one topic."""

    posts: int
    originals: int
    people: int
    before: int  # posts in the previous window of the same length
    trend: float  # standard deviations above the usual number (`models.online.burst.surprise`)
    usual: float  # expected people
    level: Level
    section: Section
    badge: Badge  # current state
    reason: str  # the score in words


def bucket_now(newest: datetime) -> int:
    """Return the bucket of the newest post, the last one of every window."""
    return int(newest.timestamp()) // BUCKET_SECONDS


class Counts:
    """A topic's series with prefix sums: a span costs two look-ups, and a summary needs twenty spans."""

    def __init__(self, series: dict[int, tuple[int, int]]) -> None:
        """series: bucket -> (posts, originals)."""
        self._buckets = sorted(series)
        self._posts = [0, *accumulate(series[bucket][0] for bucket in self._buckets)]
        self._originals = [0, *accumulate(series[bucket][1] for bucket in self._buckets)]

    def between(self, after: int, last: int) -> tuple[int, int]:
        """Return posts and originals in the buckets after `after` up to `last`, inclusive."""
        low, high = bisect_right(self._buckets, after), bisect_right(self._buckets, last)
        return self._posts[high] - self._posts[low], self._originals[high] - self._originals[low]


def window_stats(
    state: TopicState,
    window: str,
    last: int,
    active: int,
    counts: Counts | None = None,
    *,
    stories: bool = True,
) -> WindowStats:
    """Return the statistics of the `window` that ends with bucket `last`, inclusive.

    Args:
        state: the topic.
        window: a key of `WINDOWS`.
        last: bucket of the newest post.
        active: people with any post in the window.
        counts: sums of the state's series, if several windows are computed.
        stories: whether topics have stories; otherwise all posts of a topic count.

    Raises:
        KeyError: The window is unknown.
    """
    length = BUCKETS[window]
    counts = counts or Counts(state.series)
    posts, originals = counts.between(last - length, last)
    before, _ = counts.between(last - 2 * length, last - length)
    told = [post for post in state.story if last - length < post.bucket <= last]
    if stories and length <= DAY and told:
        people, posts, originals = len({post.author_id for post in told}), len(told), min(originals, len(told))
    else:
        people = sum(1 for _, newest in state.people.values() if last - length < newest <= last)
    listed = not stories or (bool(told) if length <= DAY else state.told)
    share = state.usual if length <= DAY else 1.0 - (1.0 - state.usual) ** (length / DAY)
    level = level_of(people, active, share, state.spread) if listed else ""
    if stories and length <= DAY:  # no more than its story, which was compared with chance
        level = min(level, state.level, key=LEVELS.index)
    enough = listed and people >= fewest_people(active)
    badge = _badge(state, level, length, last, told) if enough or level else ""
    return WindowStats(
        posts=posts,
        originals=originals,
        people=people,
        before=before,
        trend=round(surprise(people, active, share, state.spread), 2),
        usual=round(expected_people(active, share), 1),
        level=level,
        section="rising" if level and badge != "cooling" else "also" if enough or level else "",
        badge=badge,
        reason=in_words(people, active, share, length // HOUR),
    )


def _badge(state: TopicState, level: Level, length: int, last: int, told: list[StoryPost]) -> Badge:
    """Return the badge from the current numbers, independent of earlier events."""
    newest = [post.bucket for post in told] or [bucket for _, bucket in state.people.values()]
    if max(newest) <= last - max(1, length // 4):
        return "cooling"
    if level == "hot":
        return "hot"
    if bucket_now(state.first_at) > last - DAY:
        return "new"
    return level or "steady"


def parts(state: TopicState, window: str, last: int, counts: Counts | None = None) -> list[int]:
    """Return the posts in `PARTS[window]` equal parts of the window that ends with bucket `last`, oldest first."""
    length, number = BUCKETS[window] // PARTS[window], PARTS[window]
    counts = counts or Counts(state.series)
    ends = [last - length * (number - 1 - i) for i in range(number)]
    return [counts.between(end - length, end)[0] for end in ends]


def hourly(state: TopicState, last: int, hours: int) -> list[int]:
    """Return the posts in each of the last `hours` clock hours (UTC), oldest first; the last one contains bucket
    `last`.
    """
    counts = [0] * hours
    for bucket, (posts, _) in state.series.items():
        age = last // HOUR - bucket // HOUR
        if 0 <= age < hours:
            counts[hours - 1 - age] += posts
    return counts


def hour_starts(last: int, hours: int) -> list[datetime]:
    """Return the start of each of those hours."""
    first = last // HOUR + 1 - hours
    return [datetime.fromtimestamp((first + i) * 3_600, UTC) for i in range(hours)]
