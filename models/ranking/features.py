"""Features of the units of a week, for ranking: each is an array with one number per unit.

Bearers of a unit:

* people: sum over its people; authors of many posts, or of walls of hashtags, count less.
* influence: sum of their influence (`ranking.influence`).
* gain: sum over its people of how far their best post exceeds their usual engagement. A retweet has the numbers of
  its original, compared with the other retweets of the week.
* reach: retweets of its most retweeted post.
* top: largest share of one person.

Content of its posts:

* surprise: the three most unusual words (`ranking.vocabulary`), each times the share of its users in the unit.
* shared: rarity of the words that two of its posts share (`ranking.coherence`); unknown for a single voice.
* agreement: cosine to the nearest post of another person in the unit; for a unit of one person, in the week.
* names, words: number per post. news: share with a verb of news. crowded: share within a day of the middle post.
* wall: share of hashtags. evergreen, greeting, advert: share of posts of that kind (`ranking.junk`).

A person is a publisher (`ranking.publishers`) everywhere: the accounts of one publisher count once.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.ranking.coherence import Coherence
from models.ranking.influence import InfluenceScore, engagement
from models.ranking.junk import ADVERTISEMENT, EVERGREEN, GREETING
from models.ranking.news import tells_news
from models.ranking.vocabulary import Vocabulary
from models.refit.units import Units
from models.refit.voices import voice_of
from models.text import hashtag_wall
from models.week.posts import WeekPosts

Floats = npt.NDArray[np.float64]

WALLS_LEFT = 0.2  # weight of a person whose posts all are walls of hashtags
WALLS = 3.0  # slope of the decrease with the share of hashtags
PRIOR = 3  # weight of the week's median in the usual engagement of a person, in posts
SPREAD = 1.5  # median deviations above the usual engagement that give a gain of 1
WORDS = 3  # number of most unusual words per unit
COMMON = 0.5  # weight of the surprise of a common word, relative to a name's
DAY = 24 * 3600.0  # seconds


class WeekFacts:
    """Measurements that all units of a week share: by person and by post."""

    def __init__(
        self, week: WeekPosts, units: Units, words: Vocabulary, influence: Mapping[str, InfluenceScore]
    ) -> None:
        self.units, self.words = units, words
        posts = week.posts
        self.people = [words.voices[post.author_id] for post in posts]
        walls = [hashtag_wall(post.text) for post in posts]
        self.weight = _weights(self.people, walls)
        self.influence: dict[str, float] = defaultdict(float)
        for author, score in influence.items():
            voice = words.voices[author]
            self.influence[voice] = max(self.influence[voice], score.value)
        self.gain = _gains(posts, self.people)
        self.reach = [float(post.metrics.retweets) for post in posts]
        originals = [posts[index] for index in units.distinct.tolist()]
        self.voices = np.unique([voice_of(post) for post in originals], return_inverse=True)[1]
        self.coherence = Coherence(units, words, self.voices)
        self.wall = np.array([walls[index] for index in units.distinct.tolist()])
        self.time = np.array([post.created_at.timestamp() for post in originals])
        self.by_post = {
            "news": _measured(originals, tells_news),
            "evergreen": _measured(originals, _matches(EVERGREEN)),
            "greeting": _measured(originals, _matches(GREETING)),
            "advert": _measured(originals, _matches(ADVERTISEMENT)),
            "wall": self.wall,
            "names": np.array([float(len(words.names(index))) for index in units.distinct.tolist()]),
            "words": np.array([float(len(words.spoken[index])) for index in units.distinct.tolist()]),
        }

    def of(self, groups: Sequence[npt.NDArray[np.int64]]) -> dict[str, Floats]:
        """Return feature -> float64 (groups,). groups: places in `units.distinct`."""
        rows = [self._row(group) for group in groups]
        return {name: np.array([row[name] for row in rows]) for name in (rows[0] if rows else {})}

    def people_of(self, group: Sequence[int]) -> set[str]:
        """Return the bearers of a group of distinct posts."""
        return {self.people[index] for post in group for index in self.units.bearers[post]}

    def _row(self, group: npt.NDArray[np.int64]) -> dict[str, float]:
        members = [index for post in group.tolist() for index in self.units.bearers[post]]
        counts = Counter(self.people[index] for index in members)
        best: dict[str, float] = defaultdict(float)
        for index in members:
            best[self.people[index]] = max(best[self.people[index]], self.gain[index])
        people = sorted(counts)
        row = {name: float(values[group].mean()) for name, values in self.by_post.items()}
        middle = np.abs(self.time[group] - np.median(self.time[group]))
        return row | {
            "people": sum(self.weight[person] for person in people),
            "influence": sum(self.influence[person] for person in people),
            "gain": sum(best[person] for person in people),
            "reach": max(self.reach[index] for index in members),
            "top": max(counts.values()) / len(members),
            "surprise": self._surprise(members),
            "agreement": self._agreement(group),
            "shared": self.coherence.shared(group.tolist()),
            "crowded": float((middle <= DAY).mean()),
        }

    def _surprise(self, members: Sequence[int]) -> float:
        users: dict[str, set[str]] = defaultdict(set)
        names: set[str] = set()
        for index in members:
            names |= self.words.terms[index]
            for word in self.words.terms[index].union(self.words.spoken[index]):
                users[word].add(self.people[index])
        worth = [
            self.words.surprise[word] * len(people) / self.words.users[word] * (1.0 if word in names else COMMON)
            for word, people in users.items()
        ]
        return sum(sorted(worth, reverse=True)[:WORDS])

    def _agreement(self, group: npt.NDArray[np.int64]) -> float:
        voices = self.voices[group]
        if len(set(voices.tolist())) < 2:
            return float(np.median(self.units.nearest[group]))
        cosine = self.units.own[group] @ self.units.own[group].T
        return float(np.median(np.where(voices[:, None] == voices, -1.0, cosine).max(axis=1)))


def _measured(posts: Sequence[Tweet], measure: Callable[[Tweet], float]) -> Floats:
    """Return float64 (posts,). A missing value (NaN) becomes the week's mean."""
    values = np.array([float(measure(post)) for post in posts])
    unknown = np.isnan(values)
    return np.where(unknown, values[~unknown].mean() if not unknown.all() else 0.0, values)


def _matches(pattern: re.Pattern[str]) -> Callable[[Tweet], float]:
    return lambda post: float(pattern.search(post.text) is not None)


def _weights(people: Sequence[str], walls: Sequence[float]) -> dict[str, float]:
    """Return the weight of each person: lower with walls of hashtags, and with many posts."""
    of: dict[str, list[float]] = defaultdict(list)
    for person, wall in zip(people, walls, strict=True):
        of[person].append(wall)
    usual = float(np.median([len(posts) for posts in of.values()])) if of else 1.0
    return {
        person: (WALLS_LEFT + (1 - WALLS_LEFT) * max(0.0, 1 - WALLS * float(np.mean(posts))))
        / math.sqrt(1 + len(posts) / usual)
        for person, posts in of.items()
    }


def _gains(posts: Sequence[Tweet], people: Sequence[str]) -> list[float]:
    """Return how far each post exceeds its person's usual engagement, at least 0; a retweet: the other retweets."""
    reached = [
        math.log1p(post.metrics.retweets if post.kind == "retweet" else engagement(post.metrics)) for post in posts
    ]
    own: dict[str, list[float]] = defaultdict(list)
    for post, person, value in zip(posts, people, reached, strict=True):
        own["" if post.kind == "retweet" else person].append(value)
    passed_on = own.pop("", [])
    week = _median([value for values in own.values() for value in values])
    middles = {person: _median(values) for person, values in own.items()}
    spread = _median([abs(value - middles[person]) for person, values in own.items() for value in values]) or 1.0
    usual = {person: _median(values + PRIOR * [week]) for person, values in own.items()}
    usual_retweet = _median(passed_on)
    retweet_spread = _median([abs(value - usual_retweet) for value in passed_on]) or 1.0
    return [
        max(0.0, (value - usual_retweet) / (SPREAD * retweet_spread))
        if post.kind == "retweet"
        else max(0.0, (value - usual[person]) / (SPREAD * spread))
        for post, person, value in zip(posts, people, reached, strict=True)
    ]


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0
