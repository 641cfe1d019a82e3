"""Lifecycle of a topic: candidate -> born -> merged | dormant -> revived -> forgotten, with an event at each step.

The weekly refit splits topics (`online.refit_feedback`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np

from models.events import TopicEvent, TopicEventKind, TopicEventStep
from models.online.burst import DAY, WEEK, Level, count_recent_authors, record_author
from models.online.labels import describe, tally
from models.online.record import MAX_PEOPLE, TopicRecord
from models.online.topic_space import TopicSpace


def note_arrival(space: TopicSpace, record: TopicRecord, author: str, at: float, events: list[TopicEvent]) -> None:
    """Update the phase of a topic after a post that was already counted."""
    config = space.config
    record_author(record.recent_authors, author, at, MAX_PEOPLE)
    if record.phase == "candidate":
        if record.originals < config.born_posts or len(record.people) < config.born_people:
            return
        record.phase = "active"
        events.append(event(space, record, "born", at, tally(record)))
    elif record.phase == "dormant":
        record.phase = "active"
        events.append(event(space, record, "revived", at, "posts again after a silence"))


def close_block(space: TopicSpace) -> list[TopicEvent]:
    """Update the centroids, merge similar topics, set quiet ones dormant."""
    changed = _apply(space)
    events = _merge(space, changed)
    events += _fade(space)
    _end_day(space)
    seen, config = space.lexicon.posts, space.config
    if seen - space.refreshed >= min(config.refresh_posts, max(config.block_posts, space.refreshed // 4)):
        space.refreshed = seen
        space.lexicon.refresh()
        space.background.refresh()
        attracting = sorted(slot for slot, record in space.records.items() if not record.only_told)
        space.table.move(np.array(attracting, np.int64), space.background)
    space.block.clear()
    return events


def _apply(space: TopicSpace) -> list[int]:
    """Add the waiting posts to their topics' sums; returns the changed slots, ascending."""
    table, config, block = space.table, space.config, space.block
    if not block.slots:
        return []
    changed = table.pull(block.slots, np.concatenate(block.rows), block.at, config)
    table.move(changed, space.background)
    moved = [space.records[slot] for slot in changed.tolist()]
    grown = [record for record in moved if record.originals >= record.words_update_at]
    table.update_words(grown, space.lexicon)
    for record in grown:
        record.words_update_at = record.originals + max(1, int(record.originals * config.words_growth))
    return [record.slot for record in moved]


def _merge(space: TopicSpace, changed: list[int]) -> list[TopicEvent]:
    """Compare the topics that have grown enough with all others; the larger topic keeps its id."""
    events: list[TopicEvent] = []
    due = [slot for slot in changed if space.records[slot].originals >= space.records[slot].compare_at]
    if not due:
        return events
    for slot in due:
        originals = space.records[slot].originals
        space.records[slot].compare_at = originals + max(1, int(originals * space.config.merge_growth))
    events, gone = [], set[int]()
    for similarity, slot, other in sorted(_similar(space, due)):
        if slot not in gone and other not in gone:
            events.append(_join(space, slot, other, -similarity, gone))
    return events


def _similar(space: TopicSpace, due: list[int]) -> list[tuple[float, int, int]]:
    """Return pairs that are one topic, with their negative similarity: most similar first when sorted."""
    config, table = space.config, space.table
    rows = np.array(due, dtype=np.int64)
    similar = space.likeness(table.directions(rows), table.words.of(due))
    similar[np.arange(len(due)), rows] = -1.0
    pairs = []
    near = np.flatnonzero(similar >= min(config.merge, config.merge_single))
    for i, other in zip(*(place.tolist() for place in np.divmod(near, similar.shape[1])), strict=True):
        smaller = min(space.records[due[i]].originals, space.records[other].originals)
        enough = config.merge - (config.merge - config.merge_single) / max(1, smaller)
        if similar[i, other] >= enough and not are_apart(space, space.records[due[i]], space.records[other]):
            pairs.append((-float(similar[i, other]), due[i], other))
    return pairs


def are_apart(space: TopicSpace, a: TopicRecord, b: TopicRecord) -> bool:
    """Whether a refit has split one of the topics from the other."""
    return any(space.current_id(name) == b.id for name in a.apart) or any(
        space.current_id(name) == a.id for name in b.apart
    )


def _join(space: TopicSpace, slot: int, other: int, similarity: float, gone: set[int]) -> TopicEvent:
    a, b = space.records[slot], space.records[other]
    if (-a.posts, a.founded, a.id) > (-b.posts, b.founded, b.id):
        a, b = b, a
    gone.add(b.slot)
    return merge_into(space, a, b, f"{similarity:.2f} similar, and growing together")


def merge_into(space: TopicSpace, a: TopicRecord, b: TopicRecord, reason: str) -> TopicEvent:
    """Merge two topics under the id of `a`."""
    born = a.phase == "candidate" and b.phase != "candidate"
    a.absorb(b)
    if born or (a.phase == "dormant" and b.phase == "active"):
        a.phase = b.phase
    space.table.absorb(a.slot, b.slot)
    _drop(space, [b.slot])
    space.aliases[b.id] = a.id
    while len(space.aliases) > space.config.max_aliases:
        space.aliases.popitem(last=False)
    space.table.move(np.array([a.slot]), space.background)
    space.table.update_words([a], space.lexicon)
    return event(space, a, "merged", space.now, reason, [b.id])


def _end_day(space: TopicSpace) -> None:
    """Once in 24 hours of event time, add every topic's share of the people to its history."""
    day = int(space.now // DAY)
    if space.day is None:
        space.day = day
    if day <= space.day:
        return
    space.day = day
    active = max(1, count_recent_authors(space.recent_authors, space.now))
    for record in space.records.values():
        people = count_recent_authors(record.recent_authors, space.now)
        if record.phase != "candidate":
            if not record.past.shares:  # no people before it was born
                record.past.shares = [0.0] * min(WEEK - 1, int((record.founded - space.started) / DAY))
            # today is compared with earlier days only, so it is added afterwards
            if record.yesterday is not None:
                record.past.learn(record.yesterday)
            record.yesterday = people / active


def _fade(space: TopicSpace) -> list[TopicEvent]:
    config = space.config
    events: list[TopicEvent] = []
    dropped: list[int] = []
    if abs(space.now - space.faded) < config.silence_step and len(space.records) <= config.max_topics:
        return events
    space.faded = space.now
    for slot, record in space.records.items():
        silence = space.now - record.last
        if record.phase == "active" and silence > config.dormant_after:
            record.phase = "dormant"
            days = config.dormant_after / DAY
            events.append(event(space, record, "faded", space.now, f"nothing for {days:g} days"))
        few = record.originals < config.born_posts or len(record.people) < config.born_people  # known for a story only
        unborn = record.phase == "candidate" or (few and not record.only_told)
        limit = config.forget_candidate_after if unborn else config.forget_after
        if silence > limit:
            dropped.append(slot)
            events += _forgotten(space, record, f"nothing for {limit / DAY:g} days")
    left = len(space.records) - len(dropped) - config.max_topics
    if left > 0:
        rest = [record for slot, record in space.records.items() if slot not in set(dropped)]
        rest.sort(key=lambda record: (record.phase != "candidate", record.last, record.id))
        dropped += [record.slot for record in rest[:left]]
        for record in rest[:left]:
            events += _forgotten(
                space, record, f"more than {config.max_topics} topics are alive, and it is the quietest"
            )
    _drop(space, dropped)
    return events


def _forgotten(space: TopicSpace, record: TopicRecord, why: str) -> list[TopicEvent]:
    """Return the last event of a topic; none for candidates, which no reader has seen."""
    if record.phase == "candidate":
        return []
    return [event(space, record, "faded", space.now, f"forgotten: {why}")]


def _drop(space: TopicSpace, slots: list[int]) -> None:
    if not slots:
        return
    for slot in slots:
        record = space.records.pop(slot)
        del space.by_id[record.id]
    space.table.release(slots)


def event(
    space: TopicSpace,
    record: TopicRecord,
    kind: TopicEventKind,
    at: float,
    reason: str,
    others: Sequence[str] = (),
    *,
    step: TopicEventStep = "",
    moved: Sequence[str] = (),
    story: Sequence[str] = (),
    level: Level = "",
) -> TopicEvent:
    """Return an event of this topic.

    Args:
        space: the living topics.
        record: the topic.
        kind: kind of the event.
        step: exact kind (`TopicEvent`).
        at: event time in seconds since 1970.
        reason: reason, in words.
        others: other topics of a merge or split.
        moved: posts that belong to the topic from now on.
        story: posts of the topic's story in the last day.
        level: level of a trend.
    """
    told = describe(record, space.lexicon, kind, datetime.fromtimestamp(at, UTC), reason, others)
    return msgspec.structs.replace(told, step=step, moved_ids=list(moved), story_ids=list(story), level=level)
