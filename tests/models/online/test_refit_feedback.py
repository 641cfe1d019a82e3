"""Refits applied to the live topics: a topic of several subjects is split, and users' ids stay valid."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import TopicEvent
from models.events.week_topics import WeekTopic, WeekTopics
from models.events.wire import PoisonError, encode
from models.online.factory import restore_topic_model
from models.online.online_topics import OnlineTopics
from models.online.record import live_topic_id
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace
from models.week.config import DigestConfig
from tests.support.made_lessons import lesson, taught
from tests.support.made_streams import DIMENSIONS, START, cut, join, part, story, unit
from tests.support.made_weeks import records, week_of

FIELD = ("ml", "course", "beginners", "free")
STORY = ("ml", "pixloc", "localization", "pose")


def towards(x: float, y: float) -> np.ndarray:
    """The unit vector between the first two directions."""
    vector = np.zeros((1, DIMENSIONS))
    vector[0, :2] = x, y
    return unit(vector)


def alike(name: str, count: int, at: float, vector: np.ndarray, words: Sequence[str]) -> PostBatch:
    """Like `story`, in another direction."""
    return replace(story(name, count, at, words=words), vectors=np.repeat(vector, count, axis=0))


def swallowed(told: tuple[str, ...] = STORY) -> tuple[OnlineTopics, list[WeekTopic]]:
    """A live topic of 30 posts, ten of which the refit finds to be another story, and the resulting WeekTopics.

    `told` are the words of the ten posts as they arrived live.
    """
    model = OnlineTopics(TopicSpace(DIMENSIONS, "e"))
    field, inside = towards(1, 0), towards(0.75, 0.66)
    stream = join(
        alike("f", 10, START, field, FIELD),
        alike("s", 10, START + 3600, inside, told),
        alike("g", 10, START + 7200, field, FIELD),
    )
    # a stream has other subjects too
    for k in range(8):
        stream = join(stream, story(f"o{k}-", 12, START + 9000 + 600 * k, direction=4 + k, words=(f"o{k}", f"p{k}")))
    model.learn_many(stream)
    last = datetime.fromtimestamp(START + 3600 + 600, UTC)
    people = {f"a{k}": 2 for k in range(5)}
    return model, [
        taught("d-story", [f"s{k}" for k in range(10)], inside[0], STORY, people, last),
        taught("d-field", [f"{n}{k}" for n in "fg" for k in range(10)], field[0], FIELD, {"a0": 20}, last),
    ]


def learned(model: OnlineTopics, topics: Sequence[WeekTopic]) -> list[TopicEvent]:
    """The events of one WeekTopics."""
    return model.learn_week(lesson(topics, DIMENSIONS))


def test_a_topic_that_was_two_comes_apart() -> None:
    """The larger part keeps the id, the other gets one from its first post, and both have an event."""
    model, topics = swallowed()
    assert {model.space.topic_now(post) for post in ("f0", "s3", "g9")} == {live_topic_id("f0")}
    before = model.space.records[model.space.by_id[live_topic_id("f0")]].posts
    split, born, *aliases = learned(model, topics)
    assert (split.kind, split.topic_id, split.other_ids) == ("split", live_topic_id("f0"), [live_topic_id("s0")])
    assert "the refit of 2023-W46 found 10 of its posts" in split.reason
    assert (born.kind, born.topic_id, born.posts, born.people) == ("born", live_topic_id("s0"), 10, 5)
    assert born.keywords[0] in STORY
    assert split.posts + born.posts == before
    assert "pixloc" not in split.keywords
    assert {alias.topic_id: alias.other_ids for alias in aliases if alias.other_ids[0][:2] == "d-"} == {
        live_topic_id("f0"): ["d-field"],
        live_topic_id("s0"): ["d-story"],
    }
    assert {model.space.topic_now(post) for post in ("f0", "g9")} == {live_topic_id("f0")}
    assert model.space.topic_now("s3") == live_topic_id("s0")


def test_what_left_counts_its_own_people_and_tells_its_repeats() -> None:
    """People who posted about the story in another topic are not moved with it."""
    model, (inside, _) = swallowed()
    strangers = {f"stranger{k}": 3 for k in range(30)}
    half = msgspec.structs.replace(inside, authors=inside.authors | strangers, posts=28)
    split, born, *_ = learned(model, [half])
    assert (born.posts, born.people) == (10, 5)
    assert born.reason == f"10 posts by 5 people left “{split.label}”"


def test_what_leaves_takes_its_handles_as_handles() -> None:
    """The refit has no marks: neither the split topic nor the rest may be named after an account."""
    told = tuple(f"@@{word}" if word == "pixloc" else word for word in STORY)
    model, topics = swallowed(told)
    learned(model, topics)
    new, rest = (model.space.records[model.space.by_id[live_topic_id(name)]] for name in ("s0", "f0"))
    assert new.words == dict.fromkeys(told, 10)
    assert not set(told) - {"ml"} & rest.words.keys()


def test_what_left_lives_on_and_is_not_merged_again() -> None:
    """New posts go to their own topic, retweets follow their original, and similarity no longer merges the two."""
    model, topics = swallowed()
    learned(model, topics)
    at = START + 20_000.0
    for turn in range(12):
        both = join(
            alike(f"x{turn}-", 8, at + 2000 * turn, towards(0.75, 0.66), STORY),
            alike(f"y{turn}-", 8, at + 2000 * turn + 1000, towards(1, 0), FIELD),
        )
        placements, events = model.learn_many(both)
        assert [event for event in events if event.kind == "merged" and event.step != "story"] == []
        assert [placement.topic_id for placement in placements] == [live_topic_id("s0")] * 8 + [live_topic_id("f0")] * 8
    again = story("r", 1, at + 30_000, direction=9)
    (placement,), _ = model.learn_many(replace(again, related=["s3"], retweet=[True]))
    assert (placement.topic_id, placement.support) == (live_topic_id("s0"), True)


def test_a_lesson_after_a_split_changes_no_ids() -> None:
    """A correction finds the result of the first one."""
    model, topics = swallowed()
    learned(model, topics)
    again = learned(model, topics)
    assert {event.kind for event in again} == {"alias"}
    assert {event.topic_id for event in again} == {live_topic_id("f0"), live_topic_id("s0")}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"post_ids": ["s0", "s1"], "originals": 2}, "two posts are no topic"),
        ({"authors": {"a0": 10}}, "one person is no topic"),
        ({"post_ids": [f"{n}{k}" for n in "fg" for k in range(10)], "originals": 20}, "it is the larger part"),
        ({"post_ids": ["s0", "s1", "s2", *(f"o{k}-0" for k in range(5))], "originals": 8}, "it is scattered"),
        ({"post_ids": ["never", "seen", "here"], "originals": 3}, "nobody knows its posts"),
        ({"centroid": taught("", [], towards(1, 0)[0]).centroid, "word_counts": {"ml": 9, "course": 9}}, "it is alike"),
    ],
)
def test_what_does_not_leave(change: dict[str, object], why: str) -> None:
    """A simple rule would split every topic that the refit divides differently."""
    model, (inside, _) = swallowed()
    events = learned(model, [msgspec.structs.replace(inside, **change)])
    assert {event.kind for event in events} <= {"alias"}, why


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(0, 60))
def test_cuts_and_restarts_around_a_lesson_leave_no_trace(sizes: list[int], later: int) -> None:
    """Also in the middle of a block: the block ends there in every run."""
    stream = join(*(story(f"z{k}-", 5, START + 30_000 + 700 * k, direction=k % 9, words=(f"z{k}",)) for k in range(24)))
    whole, topics = swallowed()
    cuts, _ = swallowed()
    expected = [whole.learn_many(part(stream, 0, later))[1], learned(whole, topics)]
    expected.append(whole.learn_many(part(stream, later, len(stream)))[1])
    happened = [event for batch in cut(part(stream, 0, later), sizes) for event in cuts.learn_many(batch)[1]]
    happened += learned(cuts, topics)
    cuts = restore_topic_model(cuts.to_bytes())  # type: ignore[assignment]
    happened += [event for batch in cut(part(stream, later, len(stream)), sizes) for event in cuts.learn_many(batch)[1]]
    assert happened == [event for events in expected for event in events]
    assert cuts.to_bytes() == whole.to_bytes()


def test_another_width_is_refused_and_nothing_is_learned() -> None:
    """Before the block ends."""
    model, topics = swallowed()
    before = model.to_bytes()
    with pytest.raises(PoisonError, match="7 dimensions instead of 32"):
        model.learn_week(lesson(topics, 7))
    assert model.to_bytes() == before


def test_one_damaged_centroid_and_nothing_is_learned() -> None:
    """Otherwise the topics before it would be applied and the block ended, without an event."""
    model, topics = swallowed()
    before = model.to_bytes()
    *whole, last = topics
    with pytest.raises(PoisonError, match="0 numbers instead of 32"):
        model.learn_week(lesson([*whole, msgspec.structs.replace(last, centroid="")], DIMENSIONS))
    assert model.to_bytes() == before


def test_what_a_week_teaches_is_what_its_topics_hold() -> None:
    """Posts oldest first, people, words, and tightness. Junk is left out, and the order of posts has no effect."""
    taught_week = _built()
    assert encode(_built(-1)) == encode(taught_week)
    assert taught_week.topics
    for topic in taught_week.topics:
        assert len(topic.post_ids) == topic.originals <= topic.posts
        assert sum(topic.authors.values()) == topic.posts
        assert 0.3 < topic.tightness < 1
        assert max(topic.word_counts.values()) <= topic.originals
        assert topic.first < topic.last


def _built(step: int = 1) -> WeekTopics:
    from models.digest.compose import build_week

    posts = records({"wasps": 14, "ferry": 12, "violin": 10})[::step]
    digest, found = build_week(week_of(posts), previous=None, influencers=[], config=DigestConfig(), versions={})
    assert [topic.id for topic in found.topics] == sorted(topic.id for topic in found.topics)
    assert (found.week, found.at, found.dimensions) == (digest.week, digest.end, 32)
    return found
