"""Selects the stories of a digest from the units of a week: rank, join, rank again, cut where chance begins.

WeekPosts, Units -> facts -> score -> the best are joined (`ranking.joining`) -> score -> [RankedStory], the best first

A line of one or two people that no stranger understands gives its place to the next story.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.ranking.features import WeekFacts
from models.ranking.forms import SECTION_PEOPLE
from models.ranking.influence import InfluenceScore
from models.ranking.joining import joined, one_entry_each, terms_of
from models.ranking.junk import GIVEAWAY
from models.ranking.ranking import in_order, percentiles, scores, worth_telling
from models.ranking.sensitive import is_sensitive
from models.ranking.vocabulary import Vocabulary
from models.refit.story import RankedStory
from models.refit.units import Units
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

FEWEST_WORDS = 5.0  # words per post, on average: a unit with fewer has no content to tell
CLEAR = 0.5  # of one post: less has two faults, or a grave one
WALL = 0.5  # share of hashtags from which a post is a wall
MOST_POSTS = 8  # distinct posts of the week per entry of its digest
LOOKED_AT = 6  # units that may be joined, per entry
TELLING = 15  # number of words that separate a story from others
RUNNERS_UP = 2  # unpublished stories that next week's may continue, per entry

Group = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ranked:
    """The stories of a week, best first: the published ones, then some of the next ones."""

    stories: list[RankedStory]
    told: int  # number of stories to publish: the first ones of `stories`
    found: int  # number of stories in the week, published or not


def ranked(
    week: WeekPosts,
    units: Units,
    words: Vocabulary,
    influence: Mapping[str, InfluenceScore],
    config: DigestConfig,
    clear: Callable[[Tweet], float],
) -> Ranked:
    """Return the stories of `week`, without ids and themes.

    Args:
        week: its posts.
        units: its units.
        words: its words, compared with the past.
        influence: author id -> influence.
        config: the settings.
        clear: how well a post reports something to a stranger, 0 to 1.
    """
    facts = WeekFacts(week, units, words, influence)
    groups = [group for group in _parted(facts, units.groups) if _says_something(week, units, words, facts, group)]
    room = min(config.max_entries, len(units.distinct) // MOST_POSTS)
    if not groups or not room:
        return Ranked([], 0, len(groups))
    candidates = in_order(scores(percentiles(facts.of(groups))))[: LOOKED_AT * room]
    groups = _parted(facts, joined(units, groups, candidates, words))
    parts = percentiles(facts.of(groups))
    score = scores(parts)
    order = in_order(score)
    above = worth_telling(parts, score, config.seed)
    told_of = [
        place
        for place in order[:above]
        if len(facts.people_of(groups[place].tolist())) >= SECTION_PEOPLE
        or any(clear(week.posts[index]) >= CLEAR for index in units.distinct[groups[place]].tolist())
    ]
    best, order = [groups[place] for place in told_of], [*told_of, *order[above:]]
    entries = one_entry_each(
        units, best, room, words, [facts.people_of(group.tolist()) for group in best], facts.coherence
    )
    told = len(entries)
    shown = {place for entry in entries for place in entry}
    entries += [[place] for place in range(len(order)) if place not in shown][: RUNNERS_UP * room]
    stories = []
    for entry in entries:
        first, *others = [order[place] for place in entry]
        group = np.sort(np.concatenate([groups[first], *(groups[place] for place in others)]))
        own = {name: float(part[first]) for name, part in parts.items()}
        stories.append(_story(week, units, words, facts, group, float(score[first]), own))
    return Ranked(stories, told, len(groups))


def _says_something(week: WeekPosts, units: Units, words: Vocabulary, facts: WeekFacts, group: Group) -> bool:
    """Whether a unit has words, is no giveaway and no wall of hashtags."""
    posts = units.distinct[group].tolist()
    giveaways = sum(GIVEAWAY.search(week.posts[index].text) is not None for index in posts)
    spoken = sum(len(words.spoken[index]) for index in posts)
    wall = float(facts.wall[group].mean())
    return spoken >= FEWEST_WORDS * len(posts) and 2 * giveaways <= len(posts) and wall < WALL


def _parted(facts: WeekFacts, groups: Sequence[Group]) -> list[Group]:
    """Return `groups`, each divided into the parts whose posts belong together, by first post."""
    parts = (part for group in groups for part in facts.coherence.parts(group.tolist()))
    return sorted(parts, key=lambda part: int(part[0]))


def _story(
    week: WeekPosts,
    units: Units,
    words: Vocabulary,
    facts: WeekFacts,
    group: Group,
    score: float,
    parts: Mapping[str, float],
) -> RankedStory:
    distinct = units.distinct[group]
    original = {bearer: int(units.distinct[post]) for post in group.tolist() for bearer in units.bearers[post]}
    members = np.array(sorted(original), dtype=np.int64)
    centroid = week.vectors[distinct].astype(np.float64).mean(axis=0)
    return RankedStory(
        members=members,
        distinct=distinct,
        repeated=np.array([original[index] for index in members.tolist()], dtype=np.int64),
        words=_telling(units, group, words),
        centroid=(centroid / max(float(np.linalg.norm(centroid)), 1e-9)).astype(np.float32),
        score=round(score, 6),
        score_parts={name: round(part, 6) for name, part in sorted(parts.items())},
        sensitive=is_sensitive([week.posts[index].text for index in distinct.tolist()]),
        people=len(facts.people_of(group.tolist())),
    )


def _telling(units: Units, group: Group, words: Vocabulary) -> list[tuple[str, float]]:
    """Return the most unusual words of a group, names first, by surprise; weights are their share of the surprise."""
    posts = [int(units.distinct[post]) for post in group.tolist()]
    spoken = terms_of(units, group, words).union(*(words.spoken[index] for index in posts))
    best = sorted(spoken, key=lambda word: (-round(words.surprise[word], 6), word))[:TELLING]
    total = sum(words.surprise[word] for word in best) or 1.0
    return [(word, round(words.surprise[word] / total, 6)) for word in best]
