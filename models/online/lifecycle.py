"""The life of a topic: candidate -> born -> merged | dormant -> revived -> forgotten, each step an event.

Splits come from the weekly refit (`online.learn_week`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from models.events import TopicEvent, TopicEventKind
from models.online.burst import CALM, DAY, TRENDING, count_voices, hear, surprise
from models.online.labels import describe, names_of, tally
from models.online.record import MAX_PEOPLE, TopicRecord

if TYPE_CHECKING:
    from models.online.online_topics import OnlineTopics


def note_arrival(model: OnlineTopics, record: TopicRecord, author: str, at: float, events: list[TopicEvent]) -> None:
    """What one more post, already counted, makes of its topic."""
    config = model.config
    hear(record.voices, author, at, MAX_PEOPLE)
    if record.phase == "candidate":
        if record.originals < config.born_posts or len(record.people) < config.born_people:
            return
        record.phase = "active"
        events.append(event(model, record, "born", at, tally(record)))
    elif record.phase == "dormant":
        record.phase = "active"
        events.append(event(model, record, "revived", at, "posts again after a silence"))
    people, active = count_voices(record.voices, model.now), count_voices(model.voices, model.now)
    record.score = surprise(people, active, record.past)
    if record.trending:
        record.trending = record.score >= CALM
    elif record.score >= TRENDING and model.now - model.started >= DAY:
        usual = _usual_of_name(model, record)
        if usual is not None and surprise(people, active, record.past, usual) >= TRENDING:
            record.trending = True
            usual = max(usual, record.past.usual() * active)
            reason = f"{people} of {active} people in 24 hours; {usual:.1f} would be usual"
            events.append(event(model, record, "trending", at, reason))


def _usual_of_name(model: OnlineTopics, record: TopicRecord) -> float | None:
    """Posts of 24 hours that the other topics let expect with its rarest name; None if it has no name.

    A new topic has no past, but its words may: "neural networks" begins anew every day. What each other topic has of
    a name is averaged over its life, or as far back as candidates are remembered if it is younger.
    """
    told: dict[str, list[float]] = {name: [] for name in names_of(record)}
    days = min(model.now - model.started, model.config.forget_candidate_after) / DAY
    for other in model.records.values():
        for name in told.keys() & other.words.keys() if other is not record else ():
            told[name].append(other.words[name] / max(days, (model.now - other.founded) / DAY))
    return min(map(math.fsum, told.values()), default=None)  # exact: no order of the topics changes a bit


def close_block(model: OnlineTopics) -> list[TopicEvent]:
    """Move the centroids, merge what has become one, let the silent fade."""
    changed = _apply(model)
    events = _merge(model, changed)
    events += _fade(model)
    _end_day(model)
    seen, config = model.lexicon.posts, model.config
    if seen - model.refreshed >= min(config.refresh_posts, max(config.block_posts, model.refreshed // 4)):
        model.refreshed = seen
        model.lexicon.refresh()
        model.background.refresh()
        model.table.move(np.array(sorted(model.records), np.int64), model.background)
    model.block.clear()
    return events


def _apply(model: OnlineTopics) -> list[int]:
    """Add the waiting posts to their topics' sums; the slots that moved, ascending."""
    table, config, block = model.table, model.config, model.block
    if not block.slots:
        return []
    changed = table.pull(block.slots, np.concatenate(block.rows), block.at, config)
    table.move(changed, model.background)
    moved = [model.records[slot] for slot in changed.tolist()]
    grown = [record for record in moved if record.originals >= record.say_at]
    table.say(grown, model.lexicon)
    for record in grown:
        record.say_at = record.originals + max(1, int(record.originals * config.words_growth))
    return [record.slot for record in moved]


def _merge(model: OnlineTopics, changed: list[int]) -> list[TopicEvent]:
    """Compare the topics that have grown enough with all; the larger keeps its id."""
    events: list[TopicEvent] = []
    due = [slot for slot in changed if model.records[slot].originals >= model.records[slot].compare_at]
    if not due:
        return events
    for slot in due:
        originals = model.records[slot].originals
        model.records[slot].compare_at = originals + max(1, int(originals * model.config.merge_growth))
    events, gone = [], set[int]()
    for similarity, slot, other in sorted(_similar(model, due)):
        if slot not in gone and other not in gone:
            events.append(_join(model, slot, other, -similarity, gone))
    return events


def _similar(model: OnlineTopics, due: list[int]) -> list[tuple[float, int, int]]:
    """Pairs that are one topic, with minus their similarity: the most similar first when sorted."""
    config, table = model.config, model.table
    rows = np.array(due, dtype=np.int64)
    similar = model.likeness(table.directions(rows), table.words.of(due))
    similar[np.arange(len(due)), rows] = -1.0
    pairs = []
    near = np.flatnonzero(similar >= min(config.merge, config.merge_single))
    for i, other in zip(*(place.tolist() for place in np.divmod(near, similar.shape[1])), strict=True):
        smaller = min(model.records[due[i]].originals, model.records[other].originals)
        enough = config.merge - (config.merge - config.merge_single) / max(1, smaller)
        if similar[i, other] >= enough and not _are_apart(model, due[i], other):
            pairs.append((-float(similar[i, other]), due[i], other))
    return pairs


def _are_apart(model: OnlineTopics, slot: int, other: int) -> bool:
    """Whether a refit has taken one out of the other."""
    a, b = model.records[slot], model.records[other]
    return any(model.current_id(name) == b.id for name in a.apart) or any(
        model.current_id(name) == a.id for name in b.apart
    )


def _join(model: OnlineTopics, slot: int, other: int, similarity: float, gone: set[int]) -> TopicEvent:
    a, b = model.records[slot], model.records[other]
    if (-a.posts, a.founded, a.id) > (-b.posts, b.founded, b.id):
        a, b = b, a
    born = a.phase == "candidate" and b.phase != "candidate"
    a.absorb(b)
    if born or (a.phase == "dormant" and b.phase == "active"):
        a.phase = b.phase
    model.table.absorb(a.slot, b.slot)
    _drop(model, [b.slot])
    gone.add(b.slot)
    model.aliases[b.id] = a.id
    while len(model.aliases) > model.config.max_aliases:
        model.aliases.popitem(last=False)
    model.table.move(np.array([a.slot]), model.background)
    model.table.say([a], model.lexicon)
    return event(model, a, "merged", model.now, f"{similarity:.2f} similar, and growing together", [b.id])


def _end_day(model: OnlineTopics) -> None:
    """Once in 24 hours of event time, let every topic's share of the people become part of its past."""
    day = int(model.now // DAY)
    if model.day is None:
        model.day = day
    if day <= model.day:
        return
    model.day = day
    active = max(1, count_voices(model.voices, model.now))
    for record in model.records.values():
        people = count_voices(record.voices, model.now)
        if record.phase != "candidate":
            record.past.learn(people / active)
            record.score = surprise(people, active, record.past)
            record.trending = record.trending and record.score >= CALM


def _fade(model: OnlineTopics) -> list[TopicEvent]:
    config = model.config
    events: list[TopicEvent] = []
    dropped: list[int] = []
    if abs(model.now - model.faded) < config.silence_step and len(model.records) <= config.max_topics:
        return events
    model.faded = model.now
    for slot, record in model.records.items():
        silence = model.now - record.last
        if record.phase == "active" and silence > config.dormant_after:
            record.phase = "dormant"
            days = config.dormant_after / DAY
            events.append(event(model, record, "faded", model.now, f"nothing for {days:g} days"))
        limit = config.forget_candidate_after if record.phase == "candidate" else config.forget_after
        if silence > limit:
            dropped.append(slot)
            events += _forgotten(model, record, f"nothing for {limit / DAY:g} days")
    left = len(model.records) - len(dropped) - config.max_topics
    if left > 0:
        rest = [record for slot, record in model.records.items() if slot not in set(dropped)]
        rest.sort(key=lambda record: (record.phase != "candidate", record.last, record.id))
        dropped += [record.slot for record in rest[:left]]
        for record in rest[:left]:
            events += _forgotten(
                model, record, f"more than {config.max_topics} topics are alive, and it is the quietest"
            )
    _drop(model, dropped)
    return events


def _forgotten(model: OnlineTopics, record: TopicRecord, why: str) -> list[TopicEvent]:
    """The last word on a topic; candidates, which nobody has seen, go without one."""
    if record.phase == "candidate":
        return []
    return [event(model, record, "faded", model.now, f"forgotten: {why}")]


def _drop(model: OnlineTopics, slots: list[int]) -> None:
    if not slots:
        return
    for slot in slots:
        record = model.records.pop(slot)
        del model.by_id[record.id]
    model.table.release(slots)


def event(
    model: OnlineTopics, record: TopicRecord, kind: TopicEventKind, at: float, reason: str, others: Sequence[str] = ()
) -> TopicEvent:
    """A step in the life of this topic."""
    return describe(record, model.lexicon, kind, datetime.fromtimestamp(at, UTC), reason, others)
