"""The second pass: joins units about one story in other words, by the names that burst in the week.

Fine units divide a story: a launch is news to some, a doubt or a joke to others, and only its name is the same. Two
units are joined when both contain a term with surprisingly many users (`ranking.vocabulary`), and their vectors are
near. The more surprising the term is, the less near they have to be. A name that people use every week joins nothing,
and one name may belong to two stories. In a first week, which has no past to compare with, a name joins when its posts
are as near each other as those of one group (`coherence.names_of_one_thing`). Only units with a high score are
compared, because others are not published.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence, Set

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from models.ranking.coherence import Coherence, names_of_one_thing
from models.ranking.vocabulary import Vocabulary
from models.refit.units import Units

CUT = 0.6  # distance up to which units with a bursting term in common are joined
BURST = 1.92  # surprise that one term in twenty has by chance (half the 95 % quantile of chi-square, Wilks 1938)
TERM = 0.15  # likeness that a bursting term adds, times the logarithm of 1 + its surprise
MOST = 0.2  # likeness that a term adds at most: units that are farther apart stay apart
APART = 2.0  # distance of units without a bursting term in common
LEADING = 0.5  # of the surprise of a unit's most surprising term
SPOKEN = 0.5  # share of a unit's posts that hold a term of the unit

OWN = 2 / 3  # share of the people who use a term from which it is the two entries' own
FEW = 3  # people of two entries that are joined by a name of their own
SAME = 0.3  # likeness from which two entries with any term in common would tell one story

Group = npt.NDArray[np.int64]


def joined(units: Units, groups: Sequence[Group], candidates: Sequence[int], words: Vocabulary) -> list[Group]:
    """Return `groups`, with those of `candidates` (places in it) joined that are one story, by their first post."""
    terms = [_leading(terms_of(units, groups[place], words), words) for place in candidates]
    common = _in_common(terms, units, words)
    distance = 1 - _likeness(units, [groups[place] for place in candidates]) - common
    distance[common == 0] = APART
    labels = _linkage(np.asarray(np.clip(distance, 0, APART).round(6), dtype=np.float64))
    merged: dict[int, list[Group]] = defaultdict(list)
    for label, place in zip(labels, candidates, strict=True):
        merged[label].append(groups[place])
    looked_at = set(candidates)
    rest = [group for place, group in enumerate(groups) if place not in looked_at]
    whole = [np.sort(np.concatenate(parts)) for parts in merged.values()]
    return sorted([*whole, *rest], key=lambda group: int(group[0]))


def one_entry_each(
    units: Units,
    ordered: Sequence[Group],
    most: int,
    words: Vocabulary,
    people: Sequence[Set[str]],
    coherence: Coherence,
) -> list[list[int]]:
    """Return the places of `ordered` groups by entry, at most `most` entries.

    A group that repeats an earlier entry is added to it. Left out is a group with only further posts of that entry's
    own people, one person's group that is as near as a part of it, and a small group on its own name
    (`Coherence.own_names`): that name's second story needs as many people as a section.

    Args:
        units: the units of the week.
        ordered: groups of distinct posts, the best first.
        most: maximum number of entries.
        words: the words of the week.
        people: the bearers of each group.
        coherence: what the posts of the week have in common.
    """
    entries: list[list[int]] = []
    terms = [terms_of(units, group, words) for group in ordered]
    leading = [_leading(found, words) for found in terms]
    for place, group in enumerate(ordered):
        for entry in entries:
            first = entry[0]
            likeness = units.likeness(ordered[first].tolist(), group.tolist())
            common = terms[first] & terms[place]
            everybody = people[first] | people[place]
            smaller, larger = sorted((people[place], people[first]), key=len)
            alone = len(smaller) == 1 and smaller <= larger
            burst = any(words.surprise[term] >= BURST for term in leading[first] & leading[place])
            if (
                (common and likeness >= SAME)
                or (alone and burst and words.comparable)
                or (_is_theirs(common, everybody, words) and likeness >= units.unusual)
                or (likeness >= 1 - CUT and coherence.meet(ordered[first].tolist(), group.tolist()))
            ):
                entry.append(place)
                break
            if alone and likeness >= units.unusual:
                if len(people[place]) > 1:  # the person's own post came first
                    entry.append(place)
                break
            if len(people[place]) == 1 and likeness >= 1 - CUT:
                break
            if len(people[place]) < FEW and likeness > 0 and coherence.own_names & common:
                break
        else:
            if len(entries) == most:
                break
            entries.append([place])
    return entries


def _is_theirs(common: Set[str], people: Set[str], words: Vocabulary) -> bool:
    """Whether few people have a term in common that hardly anybody else uses. A term of one person joins nothing,
    because it may be the person's own firm.
    """
    return 1 < len(people) <= FEW and any(len(people) >= OWN * words.users[term] for term in common)


def terms_of(units: Units, group: Group, words: Vocabulary) -> set[str]:
    """Return the terms in at least half of a group's distinct posts."""
    counts = Counter(term for post in group.tolist() for term in words.terms[int(units.distinct[post])])
    return {term for term, count in counts.items() if count >= SPOKEN * len(group)}


def _leading(terms: Set[str], words: Vocabulary) -> set[str]:
    """Return the terms that are nearly as surprising as the most surprising one: no term that is named in passing."""
    top = max((words.surprise[term] for term in terms), default=0.0)
    return {term for term in terms if words.surprise[term] >= LEADING * top}


def _likeness(units: Units, groups: Sequence[Group]) -> npt.NDArray[np.float64]:
    """Return the mean similarity of every two groups, as `Units.likeness`."""
    middles = np.stack([units.own[group].mean(axis=0) for group in groups])
    levels = np.array([units.density[group].mean() for group in groups])
    return np.asarray(middles @ middles.T - (levels[:, None] + levels) / 2 + units.density.mean())


def _in_common(terms: Sequence[set[str]], units: Units, words: Vocabulary) -> npt.NDArray[np.float64]:
    """Return what the most surprising common term adds to the likeness of every two groups."""
    near = set[str]() if words.comparable else names_of_one_thing(units, words, 1 - CUT)
    holders: dict[str, list[int]] = defaultdict(list)
    for place, spoken in enumerate(terms):
        for term in spoken:
            holders[term].append(place)
    added = np.zeros((len(terms), len(terms)))
    for term, places in holders.items():
        if len(places) > 1 and words.users[term] > 1 and (words.comparable or term in near):
            square = np.ix_(places, places)
            surprise = words.surprise[term]
            worth = min(MOST, TERM * math.log1p(surprise)) if surprise >= BURST else 0.0
            added[square] = np.maximum(added[square], worth)
    np.fill_diagonal(added, 0)
    return added


def _linkage(distance: npt.NDArray[np.float64]) -> list[int]:
    if len(distance) < 2:
        return [0] * len(distance)
    distance = (distance + distance.T) / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    return [int(label) for label in fcluster(tree, CUT, criterion="distance")]
