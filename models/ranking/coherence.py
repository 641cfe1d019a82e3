"""Measures whether the posts of a group speak of one thing, and divides groups that do not.

By vectors alone, three universities in the news are one group. Posts on one story also share unusual words. How much
two posts share is the rarity of their common words, in nats. A word is rare when few people use it for something else:
people outside the group now, or people of earlier weeks. So a story of many people counts as much as one of two people,
and a company, a venue or a language that is named every week counts little.

How near two posts are, and how much they share, by chance is measured on the week itself: between each post and its
nearest post of another unit, which is about something else. Two posts belong together when at most one in five of
those pairs share as much, and when likeness and words together are as unlikely (Fisher's method for two tests). They
also belong together by evidence (`Units.evidence`), and by a name that bursts in the week and that most of its users
would not have said without the burst.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.ranking.vocabulary import Vocabulary
from models.refit.units import Units

EVIDENCE = 2.0  # times what posts share by chance: worth of a common original, quoted post, thread or link
CHANCE = 0.2  # maximum share of pairs of posts on different things that are as near and share as much

Group = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Words:
    """The words that the posts of a group use: a row for each use."""

    posts: Group  # places in the group, ascending
    words: Group  # numbers from 0
    rarity: Floats  # of each word, in nats
    size: int  # posts in the group

    def shared(self, place: int) -> Floats:
        """Return what the post at `place` shares with each of the group, float64 (size,)."""
        own = np.zeros(len(self.rarity))
        its = self.words[self.posts == place]
        own[its] = self.rarity[its]
        return np.asarray(np.bincount(self.posts, own[self.words], self.size).round(9), dtype=np.float64)


class Coherence:
    """What the posts of one week have in common."""

    def __init__(self, units: Units, words: Vocabulary, voices: npt.NDArray[np.int64]) -> None:
        """Measure the week. voices: int64 (n,), a number per author of the words."""
        self._units, self._words, self._voices = units, words, voices
        self._everybody, self._evidence = 1 + words.people, units.evidence
        names = [words.terms[index] for index in units.distinct.tolist()]
        every = frozenset[str]().union(*names)
        self._burst = math.log(max(1, len(every)))  # the surprise that one name of the week has by chance
        near = every if words.comparable else names_of_one_thing(units, words, units.unusual)
        self.own_names = frozenset(name for name in near if self._is_own(name))
        # without earlier weeks a name alone holds nothing: it may be one of every week
        known = self.own_names if words.comparable else frozenset[str]()
        self._names = [its & known for its in names]
        spoken = [
            sorted({*words.spoken[index], *(name for name in its if " " in name)})
            for index, its in zip(units.distinct.tolist(), names, strict=True)
        ]
        number = {word: place for place, word in enumerate(sorted({word for its in spoken for word in its}))}
        self._users = np.array([words.users[word] for word in number], dtype=np.float64)
        self._expected = np.array([words.expected(word) for word in number])
        self._used = np.array([number[word] for its in spoken for word in its], dtype=np.int64)
        self._ends = np.cumsum([0, *map(len, spoken)])
        self._level = float(units.density.mean()) if len(spoken) else 0.0
        pairs = [(post, other) for post, other in enumerate(units.beside.tolist()) if other >= 0]
        self._shared_beside = np.sort([self._of(np.array(pair)).shared(0)[1] for pair in pairs])
        self._likeness_beside = np.sort([self._likeness(one, np.array([other]))[0] for one, other in pairs])
        self.chance = float(np.quantile(self._shared_beside, 1 - CHANCE)) if pairs else 0.0

    def shared(self, group: Sequence[int]) -> float:
        """Return what two posts of `group` share on average; NaN for posts of one voice."""
        posts = np.array(group, dtype=np.int64)
        if len(set(self._voices[posts].tolist())) < 2:
            return math.nan
        words, total, count = self._of(posts), 0.0, 0
        known = EVIDENCE * self.chance or 1.0  # a common original, quoted post, thread or link is more than chance
        for place, post in enumerate(posts.tolist()):
            values = np.where(self._evident(post, posts), np.maximum(known, words.shared(place)), words.shared(place))
            others = self._voices[posts] != self._voices[post]
            total, count = total + float(values[others].sum()), count + int(others.sum())
        return total / count

    def meet(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether a post of one group and a post of the other belong together."""
        posts = np.array([*one, *other], dtype=np.int64)
        words = self._of(posts)
        return any(self._belong(place, posts, words)[len(one) :].any() for place in range(len(one)))

    def parts(self, group: Sequence[int]) -> list[Group]:
        """Return `group` in parts whose posts belong together, ordered by first post."""
        posts = np.array(group, dtype=np.int64)
        if len(posts) < 2:
            return [posts]
        words, found = self._of(posts), []
        left = np.ones(len(posts), dtype=bool)
        while left.any():
            part = [int(left.argmax())]
            left[part[0]] = False
            for place in part:
                near = left & self._belong(place, posts, words)
                left &= ~near
                part += np.flatnonzero(near).tolist()
            found.append(posts[sorted(part)])
        return found

    def _is_own(self, name: str) -> bool:
        """Whether `name` bursts, and two of its users more likely than not both use it because of the burst."""
        words = self._words
        return words.surprise[name] >= self._burst and (1 - words.expected(name) / words.users[name]) ** 2 > 0.5

    def _belong(self, place: int, posts: Group, words: _Words) -> Mask:
        """Return whether each of `posts` is about the same as the one at `place`: by evidence, by a name of its own,
        or by nearness and words.
        """
        post = int(posts[place])
        named = np.array([not self._names[post].isdisjoint(self._names[other]) for other in posts.tolist()])
        shared = _share_above(self._shared_beside, words.shared(place))
        both = shared * _share_above(self._likeness_beside, self._likeness(post, posts))
        unlikely = (shared <= CHANCE) & (both * (1 - np.log(both)) <= CHANCE)
        return np.asarray(self._evident(post, posts) | named | unlikely)

    def _evident(self, post: int, posts: Group) -> Mask:
        """Return which of `posts` share an original, quoted post, thread or link with `post`."""
        return np.array([(min(post, other), max(post, other)) in self._evidence for other in posts.tolist()])

    def _of(self, posts: Group) -> _Words:
        """Return the words of `posts`; one is rare when few people outside of them use it, now and in other weeks."""
        lengths = self._ends[posts + 1] - self._ends[posts]
        places = np.repeat(np.arange(len(posts)), lengths)
        shift = self._ends[posts] - np.cumsum(lengths) + lengths
        words, columns = np.unique(self._used[np.arange(len(places)) + shift[places]], return_inverse=True)
        width = len(self._voices)
        own = np.bincount(np.unique(columns * width + self._voices[posts][places]) // width, minlength=len(words))
        others = np.maximum(1 + self._users[words] - own, self._expected[words])
        return _Words(places, columns, np.log(self._everybody / np.maximum(1, others)), len(posts))

    def _likeness(self, post: int, posts: Group) -> Floats:
        """Return the likeness of `post` to each of `posts`, as `Units.likeness`."""
        density = self._units.density
        level = (density[post] + density[posts]) / 2
        return np.asarray((self._units.own[posts] @ self._units.own[post] - level + self._level).round(6))


def names_of_one_thing(units: Units, words: Vocabulary, least: float) -> set[str]:
    """Return the names whose posts are nearer to each other, on average, than `least`.

    In a first week they stand for the names that burst: a company's posts are about many things.
    """
    holders: dict[str, list[int]] = defaultdict(list)
    for post, index in enumerate(units.distinct.tolist()):
        for name in words.terms[index]:
            holders[name].append(post)
    return {name for name, posts in holders.items() if len(posts) > 1 and units.nearness(posts) > least}


def _share_above(values: Floats, found: Floats) -> Floats:
    """Return the share of the sorted `values` that are at least as large as each of `found`, itself counted."""
    return np.asarray((1 + len(values) - np.searchsorted(values, found)) / (1 + len(values)))
