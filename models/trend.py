"""How unusual a topic is now: against its own past, and against the stream as it is today.

Only people count, each once in 24 hours, however many posts they send: one loud account cannot make a trend. Counts
are taken as a share of all people active in the same 24 hours: nights, weekends and a growing stream move both, and
cancel out. A topic's past is the exponentially weighted mean and variance of its daily share (river's `EWMean`).
The score is SigniTrend's significance (Schubert, Weiler, Kriegel: "SigniTrend", KDD 2014): the distance from the
expected number in standard deviations, both with a floor, so that a handful of people about a rare subject are no
trend merely because they were nobody yesterday.
"""

import math
from collections import OrderedDict

import msgspec

DAY = 86_400.0
FADING = 0.3  # weight of the newest day in a topic's past
FLOOR_PEOPLE = 0.5  # expected people are at least so many
FLOOR_SHARE = 0.002  # and at least this share of the stream's
TRENDING = 2.8  # from here on: four people in a day about a new topic, in a stream of up to 250
CALM = 1.4  # below it a topic may trend again


class Past(msgspec.Struct):
    """Exponentially weighted mean of the daily share and of its square; `days` seen."""

    mean: float = 0.0
    square: float = 0.0
    days: int = 0

    def learn(self, share: float) -> None:
        """One more day with this share (0–1) of the stream's people."""
        self.mean = _moved(self.mean, share, self.days)
        self.square = _moved(self.square, share * share, self.days)
        self.days += 1

    @property
    def variance(self) -> float:
        """Of the daily share."""
        return max(0.0, self.square - self.mean * self.mean)


class Voices:
    """Who spoke in the last 24 hours of event time; at most `limit` people, the longest silent are forgotten."""

    def __init__(self, last: dict[str, float] | None = None, limit: int = 50_000) -> None:
        # author -> newest post, oldest first; a plain dict that loses its first entries is slow to find the next
        self.last = last if last is not None else OrderedDict[str, float]()
        self.limit = limit

    def hear(self, author: str, at: float) -> None:
        """A post by `author`; one that is older than what is known of them changes nothing."""
        known = self.last.pop(author, at)
        self.last[author] = max(known, at)
        if len(self.last) > self.limit:
            del self.last[next(iter(self.last))]

    def count(self, now: float) -> int:
        """People of the last 24 hours before `now`; forgets the others."""
        last = self.last
        while last:
            oldest = next(iter(last))
            if last[oldest] > now - DAY:
                break
            del last[oldest]
        return len(last)


def surprise(people: int, stream_people: int, past: Past) -> float:
    """Standard deviations by which `people` exceeds what the topic's past share of `stream_people` lets expect."""
    floor = max(FLOOR_PEOPLE, FLOOR_SHARE * stream_people)
    expected = max(floor, past.mean * stream_people)
    spread = past.variance * stream_people * stream_people  # of the share from day to day
    return (people - expected) / math.sqrt(expected + spread + 1.0)


def _moved(value: float, new: float, days: int) -> float:
    from river.stats import EWMean  # two seconds to import, and only needed once a day of the stream

    mean = EWMean(FADING)
    if days:
        mean.update(value)  # the first value is taken as it is: so a stored mean goes on
    mean.update(new)
    return float(mean.get())
