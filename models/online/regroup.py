"""Regroups the posts of the last day into stories, with one topic per story.

When a post arrives, little is known, so one story lies in several candidates and in the topics of its field. Later the
whole story is there. `regroup` runs at fixed ticks of event time, so the same log gives the same stories:

1. Groups of posts that are stronger than chance are stories (`online.stories`, `online.noise`).
2. A story belongs to the topic with most of its posts, if that topic is about it. Otherwise it gets a topic of its own.
3. The posts of the story are told under that topic from then on, wherever they were placed. The topics stay as they
   are: a story gathers scattered posts, and a topic that took them in would attract others than its own.
4. Each story has a level. An event tells each higher level once in the life of a story, even if its id changes.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from models.events import TopicEvent
from models.online.burst import CALM, DAY, LEVELS, Level, count_recent_authors, in_words, level_of, surprise
from models.online.centering import UNIT
from models.online.labels import keywords_of, label_of
from models.online.lifecycle import are_apart, event
from models.online.noise import measure_noise
from models.online.record import TopicRecord
from models.online.stories import Story, find_stories
from models.online.topic_space import TopicSpace
from models.online.window import SPAN, Day, ToldPost, WindowPost

TICK = 1800.0  # seconds of event time between two runs, for up to
CHEAP = 512  # distinct posts; with more posts, the interval grows with their square
ABOUT = 0.5  # minimum share of a topic's posts of the day in the story, if the topic is about it
SAME = 0.5  # minimum share of a story's posts in an announced story, if both are one
MOST_TOLD = 200  # maximum number of posts listed for a story
GROWN = 2.0  # a topic larger than the story by this factor must be about it as a whole, too
ALIKE = 0.6  # minimum similarity of such a topic to the story


def regroup(space: TopicSpace) -> list[TopicEvent]:
    """Find the stories of the window and their topics; returns the events."""
    window = space.window
    window.trim(space.now)
    day = window.today(space.now)
    stories, distinct = find_stories(space, day)
    if space.looked is not None and int(space.now // DAY) > int(space.looked // DAY):
        measure_noise(space, stories)
    space.looked = space.now
    events: list[TopicEvent] = []
    told: dict[str, list[WindowPost]] = {}
    strength: dict[str, float] = {}
    for story in (story for story in stories if story.strength >= space.noise.row):
        home, places, moves = _settle(space, day, story)
        events += moves
        told.setdefault(home.id, []).extend(day.posts[place] for place in places)
        strength[home.id] = max(strength.get(home.id, 0.0), story.strength)
    for record in space.records.values():
        record.strength = strength.get(record.id, 0.0)
    merged, changed = _tell(space, told, {post.id for post in window.posts})
    trends, risen = _measure(space)
    for name in dict.fromkeys([*told, *merged, *changed, *risen]):
        if name in space.by_id and name in changed | merged | risen:
            record, ids = space.records[space.by_id[name]], [post.id for post in space.stories.get(name, [])]
            level = record.level if ids else ""
            events.append(event(space, record, "merged", space.now, "", step="story", story=ids, level=level))
    tick = TICK * max(1.0, math.ceil((distinct / CHEAP) ** 2))
    window.next_look = (space.now // tick + 1) * tick
    return events + trends


def _tell(space: TopicSpace, told: dict[str, list[WindowPost]], present: set[str]) -> tuple[set[str], set[str]]:
    """Store the new stories; returns the topics that took in another one with a story, and those with another story."""
    before: dict[str, list[ToldPost]] = defaultdict(list)
    merged: set[str] = set()
    for name, posts in space.stories.items():
        current = space.current_id(name)
        before[current] += [post for post in posts if post.at > space.now - SPAN]
        merged |= {current} - {name}
    space.stories = {}
    changed: set[str] = set()
    for name in dict.fromkeys([*told, *before]):
        if name not in space.by_id:
            continue
        old, new = before[name], [ToldPost(post.id, post.author, post.at) for post in told.get(name, [])]
        if new:  # keep older posts that the window no longer contains (shorter than a day in a busy stream)
            new = [*(post for post in old if post.id not in present), *new][-MOST_TOLD:]
            space.stories[name] = new
        if {post.id for post in new} != {post.id for post in old}:
            changed.add(name)
    return merged, changed


def _measure(space: TopicSpace) -> tuple[list[TopicEvent], set[str]]:
    """Return the trend events of all stories, and the topics with another level than before.

    `trending` comes at each higher level, `calmed` at the end. A story that was announced under another id, or before a
    pause, is not announced again.
    """
    active = count_recent_authors(space.recent_authors, space.now)
    young = space.now - space.started < 2 * DAY  # without a history nothing is unusual
    alive = {post.id for told in space.stories.values() for post in told} | {post.id for post in space.window.posts}
    space.announced = {post: level for post, level in space.announced.items() if post in alive}
    events: list[TopicEvent] = []
    other: set[str] = set()
    for record in space.records.values():
        told = [post for post in space.stories.get(record.id, []) if post.at > space.now - DAY]
        if not told and not record.level:
            continue
        people = len({post.author for post in told})
        record.score = surprise(people, active, record.past.usual(), record.past.variance)
        level = level_of(people, active, record.past.usual(), record.past.variance)
        if record.strength < space.noise.trend:
            level = ""
        reason = in_words(people, active, record.past.usual())
        known = max((one for one in LEVELS if _is_announced(space, told, one)), key=LEVELS.index)
        if LEVELS.index(level) > LEVELS.index(record.level):
            record.level = level
            other.add(record.id)
            record.announced = not young
            if not young and LEVELS.index(level) > LEVELS.index(known):
                events.append(event(space, record, "trending", space.now, reason, level=level))
        elif record.level and (record.score < CALM or not told):
            record.level = ""
            other.add(record.id)
            if record.announced:
                events.append(event(space, record, "faded", space.now, reason, step="calmed"))
            record.announced = False
        for post in told if record.announced else ():
            if LEVELS.index(record.level) > LEVELS.index(space.announced.get(post.id, "")):
                space.announced[post.id] = record.level
    return events, other


def _is_announced(space: TopicSpace, told: Sequence[ToldPost], level: Level) -> bool:
    """Whether a story with these posts was announced at the level; every story was at level ""."""
    least = LEVELS.index(level)
    found = sum(LEVELS.index(space.announced.get(post.id, "")) >= least for post in told)
    return not least or found >= max(1.0, SAME * len(told))


def _settle(space: TopicSpace, day: Day, story: Story) -> tuple[TopicRecord, list[int], list[TopicEvent]]:
    """Return the topic of the story, the posts that it has from now on, and the events of the moves.

    Topics that a refit split stay separate.
    """
    posts = day.posts
    homes = {place: space.topic_now(posts[place].id) for place in story.places}
    votes = Counter(home for home in homes.values() if home is not None and home in space.by_id)
    home = _home(space, day, story, votes)
    if home is None:
        first = posts[story.distinct[0]]
        home = space.found(first.id, first.at)
        home.only_told = True
    apart = {name for name in votes if are_apart(space, home, space.records[space.by_id[name]])}
    places = [place for place in story.places if homes[place] not in apart]
    moved: dict[str, list[int]] = defaultdict(list)
    for place in places:
        if homes[place] != home.id:
            moved[homes[place] or ""].append(place)
    events: list[TopicEvent] = []
    sources: list[str] = []
    for source in sorted(moved):
        other = space.records[space.by_id[source]] if source in space.by_id else None
        if other is not None and other.phase != "candidate":
            sources.append(other.id)
            about = f"{len(moved[source])} of its posts tell another story"
            events.append(event(space, other, "split", space.now, about, [home.id]))
    moving = sorted(place for own in moved.values() for place in own)
    for place in moving:
        space.topic_of[posts[place].id] = home.id
    if home.only_told:
        _count(space, home, day, moving)
    if moving or home.phase != "active":
        events += _arrival_event(space, home, story, [posts[place].id for place in moving], sources)
    return home, places, events


def _count(space: TopicSpace, home: TopicRecord, day: Day, moving: Sequence[int]) -> None:
    """Count the posts of a topic that has only a story; its vector identifies it and attracts nothing."""
    for place in moving:
        post = day.posts[place]
        home.add(post.id, post.author, post.words, post.at, post.repeat or post.slight)
        if not (post.repeat or post.slight):
            space.table.sums[home.slot] += day.rows[place]


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


def _home(space: TopicSpace, day: Day, story: Story, votes: Counter[str]) -> TopicRecord | None:
    """Return the topic with most of the story that is about it, ties to the older; None: a new topic gets it."""
    today = Counter(space.topic_now(post.id) for post in day.posts)
    fitting = []
    for name, held in votes.items():
        record = space.records[space.by_id[name]]
        if held < ABOUT * today[name]:
            continue
        if record.originals > GROWN * len(story.distinct) and _likeness(space, day, story, record) < ALIKE:
            continue
        fitting.append((-held, record.founded, record.id, record))
    return min(fitting)[3] if fitting else None


def _likeness(space: TopicSpace, day: Day, story: Story, record: TopicRecord) -> float:
    """Return the cosine of the centred story and topic, -1 to 1."""
    from models.online.kernels import scaled

    told = np.sum([day.rows[place] for place in story.distinct], axis=0)
    both = np.stack([told, space.table.sums[record.slot]])
    directions = space.background.directions(scaled(both.astype(np.float32), np.arange(2), UNIT))
    product = directions.values[0].astype(np.int64) @ directions.values[1].astype(np.int64)
    return float(product * directions.inverse[0] * directions.inverse[1])
