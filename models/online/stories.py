"""Finds the stories in the posts of a day: groups of posts, and how strongly each stands out as one story.

1. Distinct posts, each with the people who repeat it or quote it without own words.
2. Similarity: cosine of the centred vectors and of the words. Posts that share a bursting word or pair of words are
   more similar, by its surprise. Posts that answer or quote each other or the same post are the most similar.
3. Average linkage: every group of its tree with enough people may be a story.
4. Strength of a group: the surprise of its three most telling words among all people of the day (words that are no
   names count a quarter), times the mean weight of its people, times the similarity at which it holds together. The
   weight of a person decreases with the number of their posts and with walls of hashtags, because such a person is in
   some group every day.
5. The strongest groups that share no post are the stories.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from models.online.burst import fewest_people
from models.online.topic_space import TopicSpace
from models.online.window import Day, WindowPost

LEXICAL = 0.2  # weight of the words in the similarity of two posts
WIDEST = 0.75  # maximum average distance in a group
LARGEST = 200  # maximum number of distinct posts in a group
NAME, WORD = 3.0, 4.0  # minimum surprise of a pair of words, and of a single word, that connects posts: three people
BONUS, MOST_BONUS = 0.06, 0.5  # similarity per unit of surprise, and its maximum
RELATED = 0.85  # minimum similarity of posts that quote or answer each other
UNSEEN = 0.3  # expected posts per day of a new word
TELLING = 3  # number of words that tell a story
NO_NAME = 0.25  # weight of a word that is written in lower case
WALLS_LEFT, WALLS = 0.2, 3.0  # weight of a person whose posts are walls of hashtags, and slope of the decrease

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DistinctPost:
    """One distinct post of the day with all its bearers."""

    post: int  # place in the day
    bearers: list[int]  # places of the post and of its repeats


@dataclass(frozen=True)
class Story:
    """Posts of a day about one story."""

    places: list[int]  # in the day, ascending
    distinct: list[int]  # the places without repeats and slight posts
    people: int
    strength: float


@dataclass(frozen=True)
class Words:
    """The words and pairs of the distinct posts that two people or more use."""

    holders: list[list[int]]  # distinct posts with each word
    surprise: list[float]  # how much more people use it than is usual; 0 if they do not
    telling: list[float]  # the same, less for words that are no names
    people: list[int]
    is_pair: list[bool]


def find_stories(space: TopicSpace, day: Day) -> tuple[list[Story], int]:
    """Return the groups of a day that may be stories, strongest first, and the number of distinct posts.

    A group without any telling word is never a story.
    """
    told = distinct_posts(day.posts)
    if len(told) < 2:
        return [], len(told)
    words = _words(day, told)
    tree = _tree(1.0 - _similarity(space, day, told, words))
    weights = _weights(day.posts)
    authors = [{day.posts[place].author for place in one.bearers} for one in told]
    own = _telling_words(words, len(told))
    fewest = fewest_people(len(weights))
    found: list[tuple[float, list[int], int]] = []
    for members, people, distance in _groups(tree, authors, fewest):
        strength = _strength(members, authors, own, words) * (1.0 - distance)
        strength *= sum(weights[person] for person in sorted(people)) / len(people)
        if strength > 0.0:
            found.append((round(strength, 6), members, len(people)))
    taken: set[int] = set()
    stories = []
    for strength, members, number in sorted(found, key=lambda one: (-one[0], -len(one[1]), one[1])):
        if taken.isdisjoint(members):
            taken.update(members)
            places = sorted(place for member in members for place in told[member].bearers)
            stories.append(Story(places, sorted(told[member].post for member in members), number, strength))
    return stories, len(told)


def distinct_posts(posts: Sequence[WindowPost]) -> list[DistinctPost]:
    """Return the distinct posts; a repeat or slight post belongs to its reference, or to the first post with that
    reference.
    """
    found: list[DistinctPost] = []
    of: dict[str, int] = {}  # post id -> place in `found`
    for place, post in enumerate(posts):
        known = of.get(post.related) if post.related is not None and (post.repeat or post.slight) else None
        if known is None:
            if post.slight:
                continue
            known = len(found)
            found.append(DistinctPost(place, []))
        found[known].bearers.append(place)
        of.setdefault(post.id, known)
        if post.related is not None:
            of.setdefault(post.related, known)
    return found


def _words(day: Day, told: Sequence[DistinctPost]) -> Words:
    """Return the words and pairs that two people or more use, with how unusual that is."""
    holders: dict[int, list[int]] = defaultdict(list)
    parts: dict[int, tuple[int, ...]] = {}
    case: dict[int, int] = defaultdict(int)  # uses as a name, less those in lower case
    for number, one in enumerate(told):
        post = day.posts[one.post]
        for pair, first, second in post.pairs:
            parts[pair] = (first, second)
        for bucket in dict.fromkeys([*post.tokens, *(pair for pair, _, _ in post.pairs)]):
            holders[bucket].append(number)
        for bucket in post.names:
            case[bucket] += 1
        for bucket in post.plain:
            case[bucket] -= 1
    authors = [{day.posts[place].author for place in one.bearers} for one in told]
    people = {
        bucket: len(authors[held[0]] if len(held) == 1 else set().union(*(authors[number] for number in held)))
        for bucket, held in holders.items()
        if len(held) > 1 or len(authors[held[0]]) > 1
    }
    kept = [bucket for bucket, number in people.items() if number > 1]
    usual = day.usual(np.array(kept, np.int64), sum(len(one.bearers) for one in told)) + UNSEEN
    surprise = [
        people[bucket] * math.log(people[bucket] / expected) - (people[bucket] - expected)
        if people[bucket] > expected
        else 0.0
        for bucket, expected in zip(kept, usual.tolist(), strict=True)
    ]
    named = [any(case[part] > 0 for part in parts.get(bucket, (bucket,))) for bucket in kept]
    return Words(
        [holders[bucket] for bucket in kept],
        surprise,
        [value * (1.0 if name else NO_NAME) for value, name in zip(surprise, named, strict=True)],
        [people[bucket] for bucket in kept],
        [bucket in parts for bucket in kept],
    )


def _telling_words(words: Words, posts: int) -> list[list[int]]:
    """Return the unusual words of each distinct post."""
    own: list[list[int]] = [[] for _ in range(posts)]
    for word, held in enumerate(words.holders):
        if words.telling[word] > 0.0:
            for number in held:
                own[number].append(word)
    return own


def _strength(members: Sequence[int], authors: Sequence[set[str]], own: Sequence[Sequence[int]], words: Words) -> float:
    """Return the surprise of the most telling words of a group, as far as the people who use them are in the group."""
    users: dict[int, set[str]] = defaultdict(set)
    for member in members:
        for word in own[member]:
            users[word] |= authors[member]
    told = (words.telling[word] * len(who) / words.people[word] for word, who in users.items() if len(who) > 1)
    return sum(sorted(told, reverse=True)[:TELLING])


def _weights(posts: Sequence[WindowPost]) -> dict[str, float]:
    """Return the weight of each person."""
    walls: dict[str, list[float]] = defaultdict(list)
    for post in posts:
        walls[post.author].append(post.wall)
    usual = median(map(len, walls.values())) if walls else 1.0
    return {
        person: (WALLS_LEFT + (1.0 - WALLS_LEFT) * max(0.0, 1.0 - WALLS * sum(own) / len(own)))
        / math.sqrt(1.0 + len(own) / usual)
        for person, own in walls.items()
    }


def _similarity(space: TopicSpace, day: Day, told: Sequence[DistinctPost], words: Words) -> Matrix:
    """Return the similarity of every two posts, up to 1; symmetric."""
    directions = space.background.directions(np.stack([day.rows[one.post] for one in told]))
    rows = space.lexicon.rows([day.posts[one.post].words for one in told])
    similar = space.among(directions, rows, LEXICAL).astype(np.float64)
    bonus = np.zeros_like(similar)
    for held, surprise, is_pair in zip(words.holders, words.surprise, words.is_pair, strict=True):
        if surprise >= (NAME if is_pair else WORD) and len(held) > 1:
            block = np.ix_(held, held)
            bonus[block] = np.maximum(bonus[block], min(BONUS * surprise, MOST_BONUS))
    similar += bonus
    del bonus  # as large as the result
    for related in _relations(day.posts, told):
        block = np.ix_(related, related)
        similar[block] = np.maximum(similar[block], RELATED)
    np.fill_diagonal(similar, 1.0)
    both = similar + similar.T
    both /= 2
    np.minimum(both, 1.0, out=both)
    return both


def _relations(posts: Sequence[WindowPost], told: Sequence[DistinctPost]) -> list[list[int]]:
    """Return the places in `told` that refer to one post, or are that post."""
    of: dict[str, set[int]] = defaultdict(set)
    for place, one in enumerate(told):
        for bearer in one.bearers:
            post = posts[bearer]
            of[post.id].add(place)
            if post.related is not None:
                of[post.related].add(place)
    return [sorted(places) for places in of.values() if len(places) > 1]


def _tree(distance: Matrix) -> list[tuple[int, int, float]]:
    """Return the steps of average linkage: both groups and their distance; step i makes group number n + i."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    steps = linkage(squareform(distance, checks=False), "average").tolist()
    return [(int(a), int(b), height) for a, b, height, _ in steps]


def _groups(
    tree: Sequence[tuple[int, int, float]], authors: Sequence[set[str]], fewest: int
) -> Iterator[tuple[list[int], set[str], float]]:
    """Yield every group of the tree with enough people: its distinct posts (ascending), its people, its distance."""
    alive: dict[int, tuple[list[int], set[str]]] = {}
    for number, people in enumerate(authors):
        alive[number] = [number], people
        if len(people) >= fewest:
            yield [number], people, 0.0
    for step, (a, b, distance) in enumerate(tree, start=len(authors)):
        one, other = alive.pop(a, None), alive.pop(b, None)
        if one is None or other is None or distance > WIDEST or len(one[0]) + len(other[0]) > LARGEST:
            continue
        alive[step] = sorted(one[0] + other[0]), one[1] | other[1]
        if len(alive[step][1]) >= fewest:
            yield *alive[step], max(0.0, distance)
