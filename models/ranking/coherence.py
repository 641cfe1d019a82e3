"""Measures whether the posts of a group speak of one thing, and divides groups that do not.

By vectors alone, three universities in the news are one group. Posts on one story also share unusual words. The measure
is the rarity of the words that two posts of the group share, in nats, on average over its pairs of different voices. A
word is rare when few people outside the group use it. So a story of many people counts as much as one of two people.

How much two posts share by chance is measured on the week itself: between each post and its nearest post of another
unit, which is as near but about something else.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from models.ranking.vocabulary import Vocabulary
from models.refit.units import Units

EVIDENCE = 2.0  # times what posts share by chance: worth of a common original, quoted post, thread or link
CHANCE = 0.75  # quantile of what posts on different things share

Group = npt.NDArray[np.int64]


class Coherence:
    """What the posts of one week have in common."""

    def __init__(self, units: Units, words: Vocabulary, voices: npt.NDArray[np.int64]) -> None:
        """Measure the week. voices: int64 (n,), a number per author of the words."""
        self._voices = voices
        self._spoken = [frozenset(words.spoken[index]) for index in units.distinct.tolist()]
        self._everybody, self._users = 1 + words.people, words.users
        self._evidence = units.evidence
        beside = [(post, other) for post, other in enumerate(units.beside.tolist()) if other >= 0]
        by_chance = [self._shared(*pair, self._own(pair)) for pair in beside]
        self.chance = float(np.quantile(by_chance, CHANCE)) if by_chance else 0.0

    def shared(self, group: Sequence[int]) -> float:
        """Return what two posts of `group` share on average; NaN for posts of one voice."""
        own = self._own(group)
        found = [self._in_common(one, other, own) for one, other in self._pairs(group)]
        return float(np.mean(found)) if found else math.nan

    def holds(self, group: Sequence[int]) -> bool:
        """Whether the posts of `group` share more than by chance, or are of one voice."""
        return not self.shared(group) <= self.chance

    def meet(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether a post of one group and a post of the other share more than by chance."""
        own = self._own([*one, *other])
        return any(self._belong(post, its, own) for post in one for its in other)

    def parts(self, group: Sequence[int]) -> list[Group]:
        """Return `group` in parts whose posts share more than by chance with one another, ordered by first post."""
        own = self._own(group)
        left, found = list(group), []
        while left:
            part = [left.pop(0)]
            for post in part:
                near = [other for other in left if self._belong(post, other, own)]
                part += near
                left = [other for other in left if other not in near]
            found.append(np.array(sorted(part), dtype=np.int64))
        return found

    def _belong(self, one: int, other: int, own: Mapping[str, int]) -> bool:
        """Whether two posts are of one voice, share an original, quoted post, thread or link, or enough words."""
        return (
            self._voices[one] == self._voices[other]
            or (min(one, other), max(one, other)) in self._evidence
            or self._shared(one, other, own) > self.chance
        )

    def _in_common(self, one: int, other: int, own: Mapping[str, int]) -> float:
        """Return what two posts share; a common original, quoted post, thread or link is worth more than chance."""
        known = EVIDENCE * self.chance or 1.0
        evidence = known if (min(one, other), max(one, other)) in self._evidence else 0.0
        return max(evidence, self._shared(one, other, own))

    def _pairs(self, group: Sequence[int]) -> Iterator[tuple[int, int]]:
        return ((one, other) for one, other in combinations(group, 2) if self._voices[one] != self._voices[other])

    def _own(self, group: Sequence[int]) -> dict[str, int]:
        """Return word -> number of voices of the group that use it."""
        users: dict[str, set[int]] = defaultdict(set)
        for post in group:
            for word in self._spoken[post]:
                users[word].add(int(self._voices[post]))
        return {word: len(voices) for word, voices in users.items()}

    def _shared(self, one: int, other: int, own: Mapping[str, int]) -> float:
        common = sorted(self._spoken[one] & self._spoken[other])
        others = (max(1, 1 + self._users[word] - own[word]) for word in common)
        return round(sum(math.log(self._everybody / count) for count in others), 9)
