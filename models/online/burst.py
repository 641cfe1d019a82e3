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
from typing import Any

import msgspec

DAY = 86_400.0
FADING = 0.3  # weight of the newest day in a topic's past,
DAYS = 28  # which is so long
WEEK = 7
WEEKS = 2  # so often must a day of the week have come by to be an expectation
FLOOR_PEOPLE = 0.5  # expected people are at least so many
FLOOR_SHARE = 0.002  # and at least this share of the stream's
TRENDING = 2.8  # from here on: four people in a day about a new topic, in a stream of up to 250
MAX_VOICES = 50_000  # people of the last 24 hours, anywhere in the stream
CALM = 1.4  # below it a topic may trend again


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


def surprise(people: int, stream_people: int, past: Past, usual: float = 0.0) -> float:
    """Standard deviations by which `people` exceeds what the topic's past share of `stream_people` lets expect.

    usual: people to expect at least, from what else is known.
    """
    floor = max(FLOOR_PEOPLE, FLOOR_SHARE * stream_people, usual)
    expected = max(floor, past.usual() * stream_people)
    spread = past.variance * stream_people * stream_people  # of the share from day to day
    return (people - expected) / math.sqrt(expected + spread + 1.0)


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
