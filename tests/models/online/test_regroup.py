"""Stories of the last day: what tells one story gets one topic, and the same log the same stories."""

from dataclasses import replace

import numpy as np
import pytest

from models.events import TopicEvent
from models.online.burst import DAY
from models.online.factory import restore_topic_model
from models.online.online_topics import OnlineTopics
from models.online.record import live_topic_id
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace
from models.online.window import BEFORE, BUCKETS, EARLIER, MOST, SPAN, Window, WindowPost
from tests.support.made_streams import DIMENSIONS, START, cut, join, made_stream, story, unit


def posts_towards(name: str, towards: list[tuple[int, float]], words: list[tuple[str, ...]], at: float) -> PostBatch:
    """A post by one person each, in the plane of direction 0 and another one that is its own."""
    vectors = np.zeros((len(towards), DIMENSIONS))
    for place, (direction, share) in enumerate(towards):
        vectors[place, 0], vectors[place, direction] = share, (1 - share * share) ** 0.5
    base = story(name, len(towards), at, gap=600.0, people=len(towards))
    return replace(base, vectors=unit(vectors), words=words)


def later(at: float) -> PostBatch:
    """A post about something else, an hour after four posts: stories are searched when time passes."""
    return story("later", 1, at + 3 * 600.0 + 3600.0, direction=11, words=("elsewhere",))


def told(events: list[TopicEvent]) -> list[tuple[str, set[str]]]:
    """The stories, in the order in which they were told."""
    return [(event.topic_id, set(event.story_ids)) for event in events if event.step == "story"]


def test_a_suddenly_shared_name_makes_one_story_of_scattered_posts() -> None:
    """Four people, hardly alike, all with a pair of words that nobody used before; without it they stay apart."""
    spread = [(direction, 0.45) for direction in (3, 4, 5, 6)]
    scattered = posts_towards("s", spread, [(f"own{k}",) for k in range(4)], START + 3 * DAY)
    before = story("old", 40, START, gap=3600.0, people=20, direction=9, words=("routine",))
    for pairs, expected in (([("auto mode",)] * 4, {"s0", "s1", "s2", "s3"}), ([()] * 4, set())):
        named = replace(scattered, pairs=pairs, spelled=[(("auto", "mode"), ())] * 4)
        stream = join(before, named, later(START + 3 * DAY))
        _, events = OnlineTopics(TopicSpace(DIMENSIONS)).learn_many(stream)
        assert set().union(*(ids for _, ids in told(events) if not ids & {f"old{k}" for k in range(40)})) == expected


def test_a_name_that_is_always_there_holds_nothing_together() -> None:
    """The same pair of words, after days in which everybody used it."""
    spread = [(direction, 0.45) for direction in (3, 4, 5, 6)]
    scattered = posts_towards("s", spread, [(f"own{k}",) for k in range(4)], START + 5 * DAY)
    before = story("old", 400, START, gap=900.0, people=20, direction=9, words=("routine",))
    named = replace(scattered, pairs=[("auto mode",)] * 4, spelled=[(("auto", "mode"), ())] * 4)
    stream = join(replace(before, pairs=[("auto mode",)] * 400), named, later(START + 5 * DAY))
    _, events = OnlineTopics(TopicSpace(DIMENSIONS)).learn_many(stream)
    assert not [ids for _, ids in told(events) if "s0" in ids]


def test_a_story_is_shown_under_one_topic_and_says_whose_posts_came() -> None:
    """Two candidates and a topic tell one story: it has one id, and an event moves or merges the rest."""
    spread = [(3, 0.4), (4, 0.4), (5, 0.4), (6, 0.4)]
    stream = posts_towards("s", spread, [(f"own{k}",) for k in range(4)], START)
    stream = replace(stream, pairs=[("neo weights",)] * 4, spelled=[(("neo",), ())] * 4)
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    placements, events = model.learn_many(join(stream, later(START)))
    assert len({model.current_id(placement.topic_id) for placement in placements[:4]}) > 1
    topic, ids = told(events)[-1]
    assert ids == {"s0", "s1", "s2", "s3"}
    assert topic in {placement.topic_id for placement in placements[:4]}
    assert {model.space.topic_now(f"s{k}") for k in range(4)} == {topic}


def test_a_story_leaves_its_field_under_an_id_of_its_own() -> None:
    """A field of a month holds the story's posts; the story is another topic, and both say so."""
    field = story("f", 60, START, gap=10_800.0, people=10, direction=0, words=("agents",))
    at = START + 60 * 10_800.0
    others = story("g", 6, at, gap=60.0, people=6, direction=0, words=("agents",))
    spread = [(7, 0.62)] * 4
    leaving = posts_towards("s", spread, [("agents", "spacex", "compute")] * 4, at + 600.0)
    leaving = replace(leaving, authors=[f"c{k}" for k in range(4)])
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    named = [(("spacex", "compute"), ("agents",))] * 4
    leaving = replace(leaving, pairs=[("spacex compute",)] * 4, spelled=named)
    placements, events = model.learn_many(join(field, others, leaving, later(at + 600.0)))
    assert [placement.topic_id for placement in placements[-5:-2]] == [
        live_topic_id("f0")
    ] * 3  # it begins in the field
    topic = next(name for name, ids in reversed(told(events)) if "s0" in ids)
    assert topic != live_topic_id("f0")
    split = next(event for event in events if event.kind == "split")
    assert (split.topic_id, split.other_ids) == (live_topic_id("f0"), [topic])
    born = next(event for event in events if event.kind == "born" and event.topic_id == topic)
    assert set(born.moved_ids) <= {"s0", "s1", "s2", "s3"}
    assert "it left" in born.reason


def test_a_wordless_quote_stands_under_what_it_quotes() -> None:
    """“WOW” founds nothing and moves no centroid, but is one more person; about an unknown post it has no topic."""
    post = story("x", 1, START)
    wow = replace(story("w", 2, START + 60, direction=5, words=("wow",)), related=["x0", "unknown"], slight=[True] * 2)
    wow = replace(wow, authors=["p", "q"])
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    placements, _ = model.learn_many(post)
    before = model.centroids()[1].tobytes()
    quotes, _ = model.learn_many(wow)
    assert [placement.topic_id for placement in quotes] == [placements[0].topic_id, ""]
    assert quotes[0].support
    assert model.centroids()[1].tobytes() == before
    assert (model.topics()[0].people, model.topics()[0].originals) == (2, 1)


@pytest.mark.parametrize("sizes", [[1], [7], [256], [1, 64, 3]])
def test_the_same_log_gives_the_same_stories(sizes: list[int]) -> None:
    """Law 2 of the live topics: however the log is cut, and after a restart in the middle."""
    stream = made_stream(300, subjects=8, gap=900.0)
    whole = OnlineTopics(TopicSpace(DIMENSIONS))
    placements, events = whole.learn_many(stream)
    assert told(events)
    model, again, happened = OnlineTopics(TopicSpace(DIMENSIONS)), [], []
    for number, piece in enumerate(cut(stream, sizes)):
        if number % 5 == 3:
            model = restore_topic_model(model.to_bytes())  # type: ignore[assignment]
        placed, moved = model.learn_many(piece)
        again += placed
        happened += moved
    assert again == placements
    assert happened == events
    assert model.to_bytes() == whole.to_bytes()


def test_the_window_is_bounded_and_forgets_by_time() -> None:
    """At most so many posts, none older than its span after a trim; the words of those that left are usual."""
    window, row = Window(4), np.zeros(4, np.float32)
    for k in range(MOST + EARLIER + 10):
        post = WindowPost(f"p{k}", "a", float(k), [7], [(8, 7, 9)], [], [], ["word"], None, False, False, 0.0)
        window.add(post, row)
    assert len(window.posts) == len(window.rows) == MOST
    assert len(window.earlier) == len(window.earlier_rows) == EARLIER
    assert window.left == EARLIER + 10
    window.trim(SPAN + EARLIER + 500.0)
    assert window.posts[0].at > EARLIER + 500.0
    assert window.today(SPAN + EARLIER + 500.0).usual(np.array([7, 8, 9]), 100).tolist() == pytest.approx([100, 100, 0])
    assert window.usage.shape == (BUCKETS,)
    window.trim(BEFORE + EARLIER)
    assert window.earlier[0].at > EARLIER
