"""Burst score of a topic: compares its people now with its own history and with today's stream.

* Counts: each person counts once in 24 hours, independent of the number of posts, so one account cannot make a trend.
  Counts are divided by all active people of the same 24 hours; this removes the effect of nights, weekends and a
  growing stream.

* History: the daily shares of the last four weeks, as exponentially weighted mean and variance (river's `EWMean`,
  `EWVar`) of the days since the share last changed its level (river's Page–Hinkley test). So a new normal level is no
  trend for long. A topic with a weekly pattern is compared with the same weekday, too.

* Score: SigniTrend's significance (Schubert, Weiler, Kriegel: "SigniTrend", KDD 2014): the distance from the expected
  number of people in standard deviations. Both have a minimum, so a few people about a rare subject are no trend.

* New streams: a topic must have a name, and the use of its name in other topics is expected, too. A young stream, in
  which every topic is new, knows the words of its field before its topics.
"""

import math
from itertools import takewhile
from statistics import pstdev
from typing import Any, Literal

import msgspec

DAY = 86_400.0
Level = Literal["", "rising", "hot"]
LEVELS: tuple[Level, ...] = ("", "rising", "hot")  # ascending
FADING = 0.3  # weight of the newest day in a topic's history
DAYS = 28  # maximum number of days in the history
WEEK = 7
WEEKS = 2  # minimum number of weeks before a weekday is compared with itself
FLOOR_PEOPLE = 0.5  # minimum of the expected people
FLOOR_SHARE = 0.002  # the same as a share of the stream's people
FEWEST, FEW_ACTIVE = 3, 12  # minimum number of people in a story; a quarter of the active people if fewer are active
FEWEST_OF_ALL = 2  # lower limit of that number
RISING = 2.0  # standard deviations: three people in a day about a new topic, in a stream of up to 250
HOT = 4.0  # six people
CALM = 1.0  # a trend ends below this score
MAX_RECENT_AUTHORS = 50_000  # maximum number of people of the last 24 hours, in the whole stream


class Past(msgspec.Struct):
    """Daily shares (0–1) of the last `DAYS`, newest last, and the expectation for the next day."""

    shares: list[float] = []
    mean: float = 0.0
    variance: float = 0.0

    def learn(self, share: float) -> None:
        """Add a day with this share (0–1) of the stream's people."""
        self.shares = [*self.shares, share][-DAYS:]
        if any(self.shares):
            self.mean, self.variance = _weighted(self.shares[_last_change(self.shares) :])
        else:
            self.mean = self.variance = 0.0

    def usual(self) -> float:
        """Return the expected share of the next day: the mean, or the mean of the same weekday if it is higher."""
        if len(self.shares) < WEEKS * WEEK:
            return self.mean
        same = self.shares[-WEEK::-WEEK]
        return max(self.mean, sum(same) / len(same))


def record_author(last: dict[str, float], author: str, at: float, limit: int) -> None:
    """Record a post of `author` in `last`: author -> newest post, ordered by the last call.

    An older post than the known one changes nothing. At most `limit` authors are kept; those without posts for the
    longest time are removed.
    """
    known = last.pop(author, at)
    last[author] = known if known > at else at
    if len(last) > limit:
        del last[next(iter(last))]


def count_recent_authors(last: dict[str, float], now: float) -> int:
    """Return the number of people of the last 24 hours before `now`; removes all others."""
    gone = [author for author, _ in takewhile(lambda heard: heard[1] <= now - DAY, last.items())]
    for author in gone:  # collected first: deleting during the search would visit deleted entries again
        del last[author]
    return len(last)


def expected_people(active: int, share: float) -> float:
    """Return the expected people of a topic among `active` people, if its usual share is `share` (0–1)."""
    return max(FLOOR_PEOPLE, FLOOR_SHARE * active, share * active)


def surprise(people: int, active: int, share: float = 0.0, variance: float = 0.0) -> float:
    """Return the burst score: standard deviations between the topic's people and the expected number.

    The board, its badges, the `trending` events, the alerts and the API all use this score.

    Args:
        people: people in the topic in the window.
        active: people with any post in the window.
        share: usual share (0–1) of the active people.
        variance: variance of that share between days.
    """
    expected = expected_people(active, share)
    return (people - expected) / math.sqrt(expected + variance * active * active + 1.0)


def in_words(people: int, active: int, share: float = 0.0, hours: int = 24) -> str:
    """Return the score for readers: "9 people in 24 h, 1.2 usual"."""
    span = f"{hours} h" if hours <= 48 else f"{hours // 24} days"
    return f"{people} people in {span}, {expected_people(active, share):.1f} usual"


def fewest_people(active: int) -> int:
    """Return the minimum number of people of a story in a stream of `active` people."""
    return min(FEWEST, max(FEWEST_OF_ALL, math.ceil(active * FEWEST / FEW_ACTIVE)))


def level_of(people: int, active: int, share: float = 0.0, variance: float = 0.0) -> Level:
    """Return the level of a topic's score; see `surprise` for the arguments."""
    if people < (fewest := fewest_people(active)):
        return ""
    score = surprise(people, active, share, variance)
    if score >= HOT:
        return "hot"
    enough = RISING if fewest == FEWEST else surprise(fewest, active)
    return "rising" if score >= enough else ""


def _last_change(shares: list[float]) -> int:
    """Return the first day of the current level of the shares; 0 if it never changed."""
    from river.drift import PageHinkley  # imported here: it takes two seconds, once a day of the stream

    # in standard deviations: half of one is tolerated; a sum of four beyond that is a change of level
    spread = max(2 * FLOOR_SHARE, pstdev(shares))
    test: Any = PageHinkley(min_instances=3, delta=0.5, threshold=4.0, alpha=1.0)
    since = 0
    for day, share in enumerate(shares):
        test.update(share / spread)
        if test.drift_detected:
            since = day
    return since


def _weighted(shares: list[float]) -> tuple[float, float]:
    """Return the exponentially weighted mean and variance."""
    from river.stats import EWMean, EWVar

    mean, variance = EWMean(FADING), EWVar(FADING)
    for share in shares:
        mean.update(share)
        variance.update(share)
    return float(mean.get()), max(0.0, float(variance.get()))
