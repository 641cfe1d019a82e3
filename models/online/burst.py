"""How unusual a topic is now: against its own past, and against the stream as it is today.

Only people count, each once in 24 hours, however many posts they send: one loud account cannot make a trend. Counts
are taken as a share of all people active in the same 24 hours: nights, weekends and a growing stream move both, and
cancel out. A topic's past is its daily share of the last four weeks: the exponentially weighted mean and variance
(river's `EWMean`, `EWVar`) of the days since the share last moved to another level (river's Page–Hinkley test), so
that what has become usual is no trend for long. A topic with a day of the week is measured against that day, too.
The score is SigniTrend's significance (Schubert, Weiler, Kriegel: "SigniTrend", KDD 2014): the distance from the
expected number in standard deviations, both with a floor, so that a handful of people about a rare subject are no
trend merely because they were nobody yesterday. A topic must have a name, and what the other topics say of it is
expected, too: a young stream, in which every topic is new, knows the words of the field before it knows its topics.
"""

import math
from itertools import takewhile
from statistics import pstdev
from typing import Any, Literal

import msgspec

DAY = 86_400.0
Level = Literal["", "rising", "hot"]
LEVELS: tuple[Level, ...] = ("", "rising", "hot")  # ascending
FADING = 0.3  # weight of the newest day in a topic's past,
DAYS = 28  # which is so long
WEEK = 7
WEEKS = 2  # so often must a day of the week have come by to be an expectation
FLOOR_PEOPLE = 0.5  # expected people are at least so many
FLOOR_SHARE = 0.002  # and at least this share of the stream's
FEWEST, FEW_ACTIVE = 3, 12  # people who make a story; in a circle of fewer active people a quarter of them,
FEWEST_OF_ALL = 2  # but at least so many
RISING = 2.0  # standard deviations: three people in a day about a new topic, in a stream of up to 250
HOT = 4.0  # six people
CALM = 1.0  # below it a trend has ended
MAX_VOICES = 50_000  # people of the last 24 hours, anywhere in the stream


class Past(msgspec.Struct):
    """The daily shares (0–1) of the last `DAYS`, the newest last, and what they let expect of the next day."""

    shares: list[float] = []
    mean: float = 0.0
    variance: float = 0.0

    def learn(self, share: float) -> None:
        """One more day with this share (0–1) of the stream's people."""
        self.shares = [*self.shares, share][-DAYS:]
        if any(self.shares):
            self.mean, self.variance = _weighted(self.shares[_last_change(self.shares) :])
        else:
            self.mean = self.variance = 0.0

    def usual(self) -> float:
        """The share to expect of the next day: the mean, or that of the same day of the weeks before if it is more."""
        if len(self.shares) < WEEKS * WEEK:
            return self.mean
        same = self.shares[-WEEK::-WEEK]
        return max(self.mean, sum(same) / len(same))


def hear(last: dict[str, float], author: str, at: float, limit: int) -> None:
    """A post by `author`. last: author -> newest post, in the order in which they were heard last.

    A post older than what is known of its author changes nothing. At most `limit` authors are kept, the longest
    silent are forgotten.
    """
    known = last.pop(author, at)
    last[author] = known if known > at else at
    if len(last) > limit:
        del last[next(iter(last))]


def count_voices(last: dict[str, float], now: float) -> int:
    """People of the last 24 hours before `now`; forgets the others."""
    gone = [author for author, _ in takewhile(lambda heard: heard[1] <= now - DAY, last.items())]
    for author in gone:  # one search for the oldest: each would walk over all that have gone before
        del last[author]
    return len(last)


def expected_people(active: int, share: float) -> float:
    """People to expect of a topic among `active` people, when `share` (0–1) of them is usual."""
    return max(FLOOR_PEOPLE, FLOOR_SHARE * active, share * active)


def surprise(people: int, active: int, share: float = 0.0, variance: float = 0.0) -> float:
    """Standard deviations by which a topic has more people than expected: the one measure of a trend.

    The board, its badges, the `trending` events, the alerts and the API all use it.

    Args:
        people: People who speak of the topic in the window.
        active: People who post anything in the window.
        share: Share (0–1) of the active people that is usual for the topic.
        variance: Variance of that share from day to day.
    """
    expected = expected_people(active, share)
    return (people - expected) / math.sqrt(expected + variance * active * active + 1.0)


def in_words(people: int, active: int, share: float = 0.0, hours: int = 24) -> str:
    """The measure as readers see it: "9 people in 24 h, 1.2 usual"."""
    return f"{people} people in {hours} h, {expected_people(active, share):.1f} usual"


def fewest_people(active: int) -> int:
    """People who make a story in a stream of `active` people."""
    return min(FEWEST, max(FEWEST_OF_ALL, math.ceil(active * FEWEST / FEW_ACTIVE)))


def level_of(people: int, active: int, share: float = 0.0, variance: float = 0.0) -> Level:
    """How far a topic is above what is usual; see `surprise` for the arguments."""
    if people < (fewest := fewest_people(active)):
        return ""
    score = surprise(people, active, share, variance)
    if score >= HOT:
        return "hot"
    enough = RISING if fewest == FEWEST else surprise(fewest, active)
    return "rising" if score >= enough else ""


def _last_change(shares: list[float]) -> int:
    """The first day of the level that the shares have now: 0 if it never changed."""
    from river.drift import PageHinkley  # two seconds to import, and only needed once a day of the stream

    # in standard deviations: half of one is tolerated; what exceeds that comes to four before it is another level
    spread = max(2 * FLOOR_SHARE, pstdev(shares))
    test: Any = PageHinkley(min_instances=3, delta=0.5, threshold=4.0, alpha=1.0)
    since = 0
    for day, share in enumerate(shares):
        test.update(share / spread)
        if test.drift_detected:
            since = day
    return since


def _weighted(shares: list[float]) -> tuple[float, float]:
    """Exponentially weighted mean and variance."""
    from river.stats import EWMean, EWVar

    mean, variance = EWMean(FADING), EWVar(FADING)
    for share in shares:
        mean.update(share)
        variance.update(share)
    return float(mean.get()), max(0.0, float(variance.get()))
