"""Regroups the posts of the last day into stories, with one topic per story.

When a post arrives, little is known, so one story lies in several candidates and in the topics of its field. A day
later the whole story is there. `regroup` runs at event times of the stream, so the same log gives the same stories:

1. Distinct posts of the window, each with the people who repeat it or quote it without own words.
2. Similarity: cosine of the centred vectors and of the words. Posts that share a bursting word or pair of words are
   more similar, by its surprise. Posts that answer or quote each other or the same post are the most similar.
3. Average linkage. A group with enough people is a story.
4. A story belongs to the topic with most of its posts, if that topic is about it. A broader topic keeps its other
   posts, and the story gets an id of its own. Topics that lie completely in the story are merged into it.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.events import TopicEvent
from models.online.burst import fewest_people
from models.online.centering import UNIT
from models.online.labels import keywords_of, label_of
from models.online.lifecycle import are_apart, event, merge_into
from models.online.record import TopicRecord
from models.online.topic_space import TopicSpace
from models.online.window import SPAN, ToldPost, Window, WindowPost

EVERY = 1800.0  # seconds of event time between two runs, for up to
CHEAP = 512  # distinct posts; with more posts, the interval grows with their square
LEXICAL = 0.2  # weight of the words in the similarity of two posts
CUT = 0.55  # average distance at which groups stop growing
NAME, WORD = 2.0, 3.0  # minimum surprise of a pair of words, and of a single word, that connects posts
BONUS, MOST_BONUS = 0.06, 0.5  # similarity per unit of surprise, and its maximum
RELATED = 0.85  # minimum similarity of posts that quote or answer each other
UNSEEN = 0.3  # expected posts per day of a new word
ABOUT = 0.5  # minimum share of a topic's posts of the day in the story, if the topic is about it
MOST_TOLD = 200  # maximum number of posts listed for a story
GROWN = 2.0  # a topic larger than the story by this factor must be about it as a whole, too
ALIKE = 0.6  # minimum similarity of such a topic to the story

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DistinctPost:
    """One distinct post of the window with all its bearers."""

    post: int  # place in the window
    bearers: list[int]  # places of the post and of its repeats


@dataclass(frozen=True)
class Story:
    """Posts of the window about one story."""

    places: list[int]  # in the window, ascending
    distinct: list[int]  # the places without repeats and slight posts
    people: int


def regroup(space: TopicSpace) -> list[TopicEvent]:
    """Find the stories of the window and their topics; returns the events. No post may wait in a block."""
    window = space.window
    window.trim(space.now)
    posts = list(window.posts)
    events: list[TopicEvent] = []
    stories, distinct = find_stories(space)
    told: dict[str, list[WindowPost]] = {}
    for story in stories:
        home, places, moves = _settle(space, posts, story)
        events += moves
        told.setdefault(home.id, []).extend(posts[place] for place in places)
    events += _story_events(space, told, {post.id for post in posts})
    window.next_look = space.now + EVERY * max(1.0, (distinct / CHEAP) ** 2)
    return events


def _story_events(space: TopicSpace, told: dict[str, list[WindowPost]], present: set[str]) -> list[TopicEvent]:
    """Return a `story` event for every topic with a changed story, and store the new stories."""
    before: dict[str, list[ToldPost]] = defaultdict(list)
    merged: set[str] = set()
    for name, posts in space.stories.items():
        current = space.current_id(name)
        before[current] += [post for post in posts if post.at > space.now - SPAN]
        merged |= {current} - {name}
    space.stories = {}
    events = []
    for name in dict.fromkeys([*told, *before]):
        if name not in space.by_id:
            continue
        old, new = before[name], [ToldPost(post.id, post.author, post.at) for post in told.get(name, [])]
        if new:  # keep older posts that the window no longer contains (shorter than a day in a busy stream)
            new = [*(post for post in old if post.id not in present), *new][-MOST_TOLD:]
            space.stories[name] = new
        if name in merged or {post.id for post in new} != {post.id for post in old}:
            record = space.records[space.by_id[name]]
            events.append(event(space, record, "merged", space.now, "", step="story", story=[post.id for post in new]))
    return events


def find_stories(space: TopicSpace) -> tuple[list[Story], int]:
    """Return groups with enough people, most people first, ties by time; and the number of distinct posts."""
    window = space.window
    posts = list(window.posts)
    told = _distinct_posts(posts, space.now - SPAN)
    if len(told) < 2:
        return [], len(told)
    similar = _similarity(space, posts, told)
    found = []
    active = len({posts[place].author for one in told for place in one.bearers})
    for group in _linked(1.0 - similar):
        places = sorted(place for member in group for place in told[member].bearers)
        people = len({posts[place].author for place in places})
        if people >= fewest_people(active):
            found.append(Story(places, sorted(told[member].post for member in group), people))
    return sorted(found, key=lambda story: (-story.people, story.places[0])), len(told)


def _distinct_posts(posts: Sequence[WindowPost], after: float) -> list[DistinctPost]:
    """Return the distinct posts; a repeat or slight post belongs to its reference, or to the first post with that
    reference.
    """
    found: list[DistinctPost] = []
    of: dict[str, int] = {}  # post id -> place in `found`
    for place, post in enumerate(posts):
        if post.at <= after:
            continue
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


def _similarity(space: TopicSpace, posts: Sequence[WindowPost], told: Sequence[DistinctPost]) -> Matrix:
    """Return the similarity of every two posts, up to 1; symmetric."""
    places = [one.post for one in told]
    directions = space.background.directions(space.window.matrix(places))
    words = space.lexicon.rows([posts[place].words for place in places])
    similar = space.among(directions, words, LEXICAL).astype(np.float64)
    similar += _shared_names(space.window, posts, told)
    for related in _relations(posts, told):
        block = np.ix_(related, related)
        similar[block] = np.maximum(similar[block], RELATED)
    np.fill_diagonal(similar, 1.0)
    return np.asarray(np.minimum((similar + similar.T) / 2, 1.0))


def _shared_names(window: Window, posts: Sequence[WindowPost], told: Sequence[DistinctPost]) -> Matrix:
    """Return the additional similarity of posts that share a bursting word: float64 (n, n)."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(told):
        for token in posts[one.post].tokens:
            holders[token].append(place)
    shared = {token: held for token, held in holders.items() if len(held) > 1}
    usual = window.usual(shared, sum(len(one.bearers) for one in told)) + UNSEEN
    bonus = np.zeros((len(told), len(told)))
    for (token, held), expected in zip(shared.items(), usual.tolist(), strict=True):
        people = len({posts[place].author for member in held for place in told[member].bearers})
        if people < 2 or people <= expected:
            continue
        surprise = people * math.log(people / expected) - (people - expected)
        if surprise >= (NAME if " " in token else WORD):
            block = np.ix_(held, held)
            bonus[block] = np.maximum(bonus[block], min(BONUS * surprise, MOST_BONUS))
    return bonus


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


def _linked(distance: Matrix) -> list[list[int]]:
    """Return the groups of average linkage, cut at `CUT`; members ascending."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    labels = fcluster(linkage(squareform(distance, checks=False), "average"), CUT, "distance")
    groups: dict[int, list[int]] = defaultdict(list)
    for member, label in enumerate(labels.tolist()):
        groups[label].append(member)
    return list(groups.values())


def _settle(
    space: TopicSpace, posts: Sequence[WindowPost], story: Story
) -> tuple[TopicRecord, list[int], list[TopicEvent]]:
    """Return the topic of the story, the posts that it has from now on, and the events of the moves.

    Topics that a refit split stay separate.
    """
    homes = {place: space.topic_now(posts[place].id) for place in story.places}
    votes = Counter(home for home in homes.values() if home is not None and home in space.by_id)
    home = _home(space, posts, story, votes)
    if home is None:
        first = posts[story.distinct[0]]
        home = space.found(first.id, first.at)
    apart = {name for name in votes if are_apart(space, home, space.records[space.by_id[name]])}
    places = [place for place in story.places if homes[place] not in apart]
    moved: dict[str, list[int]] = defaultdict(list)
    for place in places:
        if homes[place] != home.id:
            moved[homes[place] or ""].append(place)
    events: list[TopicEvent] = []
    ids: list[str] = []
    sources: list[str] = []
    for source in sorted(moved):
        other = space.records[space.by_id[source]] if source in space.by_id else None
        if other is not None and len(moved[source]) >= other.posts:
            events.append(merge_into(space, home, other, "the posts of the last day tell one story"))
            continue
        _move(space, home, other, [(posts[place], space.window.rows[place]) for place in moved[source]])
        ids += [posts[place].id for place in moved[source]]
        if other is not None and other.phase != "candidate":
            sources.append(other.id)
            about = f"{len(moved[source])} of its posts tell another story"
            events.append(event(space, other, "split", space.now, about, [home.id]))
    if ids or events or home.phase == "candidate":
        events += _arrival_event(space, home, story, ids, sources)
    return home, places, events


def _arrival_event(
    space: TopicSpace, home: TopicRecord, story: Story, ids: list[str], sources: list[str]
) -> list[TopicEvent]:
    """Return `born` for a topic that no reader has seen yet, else `gathered` if it got posts."""
    distinct = len(story.distinct)
    reason = f"{distinct} distinct posts by {story.people} people in 24 hours tell one story"
    if home.phase == "candidate":
        home.phase = "active"
        if sources:
            reason += f"; it left “{label_of(keywords_of(space.records[space.by_id[sources[0]]], space.lexicon))}”"
        return [event(space, home, "born", space.now, reason, moved=ids)]
    if home.phase == "dormant":
        home.phase = "active"
    return [event(space, home, "merged", space.now, reason, step="gathered", moved=ids)] if ids else []


def _home(space: TopicSpace, posts: Sequence[WindowPost], story: Story, votes: Counter[str]) -> TopicRecord | None:
    """Return the topic with most of the story that is about it, ties to the older; None: a new topic gets it."""
    today = Counter(space.topic_now(post.id) for post in posts)
    fitting = []
    for name, held in votes.items():
        record = space.records[space.by_id[name]]
        if held < ABOUT * today[name]:
            continue
        if record.originals > GROWN * len(story.distinct) and _likeness(space, story, record) < ALIKE:
            continue
        fitting.append((-held, record.founded, record.id, record))
    return min(fitting)[3] if fitting else None


def _likeness(space: TopicSpace, story: Story, record: TopicRecord) -> float:
    """Return the cosine of the centred story and topic, -1 to 1."""
    from models.online.kernels import scaled

    both = np.stack([space.window.matrix(story.distinct).sum(axis=0), space.table.sums[record.slot]])
    directions = space.background.directions(scaled(both.astype(np.float32), np.arange(2), UNIT))
    product = directions.values[0].astype(np.int64) @ directions.values[1].astype(np.int64)
    return float(product * directions.inverse[0] * directions.inverse[1])


def _move(
    space: TopicSpace,
    home: TopicRecord,
    other: TopicRecord | None,
    moving: Sequence[tuple[WindowPost, npt.NDArray[np.float32]]],
) -> None:
    """Move the counts of these posts from the other topic to the home topic."""
    pulling = [(post, row) for post, row in moving if not post.repeat and not post.slight]
    for post, _ in moving:
        support = post.repeat or post.slight
        home.add(post.id, post.author, post.words, post.at, support)
        space.topic_of[post.id] = home.id
        if other is not None:
            other.take_out(post.id, post.author, post.words, support)
    if pulling:
        table, slot = space.table, home.slot
        rows = np.stack([row for _, row in pulling])
        times = [post.at for post, _ in pulling]
        moved = table.pull([slot] * len(pulling), rows, times, space.config)
        table.move(moved, space.background)
        table.update_words([home], space.lexicon)
