"""The online topics: evidence, life cycle, limits."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from models.events import TopicEvent
from models.online.centering import Background, unit_rows
from models.online.config import DAY, OnlineConfig
from models.online.int8_product import WIDE, by_blas, by_torch, product, suited_torch
from models.online.lexicon import Lexicon
from models.online.online_topics import OnlineTopics
from models.online.record import live_topic_id
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace
from tests.support.made_streams import DIMENSIONS, START, cut, join, made_stream, part, story, unit


def run(stream: PostBatch, sizes: tuple[int, ...] = (64,), **config: float) -> tuple[OnlineTopics, list[TopicEvent]]:
    """A model that has processed the stream, and its events."""
    model = OnlineTopics(TopicSpace(DIMENSIONS, "e", OnlineConfig(**config)))  # type: ignore[arg-type]
    events = [event for batch in cut(stream, sizes) for event in model.learn_many(batch)[1]]
    return model, events


def kinds(events: list[TopicEvent]) -> list[str]:
    """Kinds of the events, in order."""
    return [event.kind for event in events]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 5))
def test_any_cut_gives_the_same_bytes(sizes: list[int], seed: int) -> None:
    """A plain implementation changes decisions with the last bits of products of other shapes."""
    stream = made_stream(180, subjects=30, noise=0.9, seed=seed)
    # blocks that grow with the number of topics, and updates of the mean between them
    config = OnlineConfig(block_posts=4, block_share=0.5, refresh_posts=32)
    whole, cuts = OnlineTopics(TopicSpace(DIMENSIONS, "e", config)), OnlineTopics(TopicSpace(DIMENSIONS, "e", config))
    expected = whole.learn_many(stream)
    outcomes = [cuts.learn_many(batch) for batch in cut(stream, sizes)]
    assert [p for placements, _ in outcomes for p in placements] == expected[0]
    assert [e for _, events in outcomes for e in events] == expected[1]
    assert cuts.to_bytes() == whole.to_bytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([32, 384, 768, 1024, 8192]), st.integers(1, 100))
def test_products_are_exact(seed: int, dimensions: int, rows: int) -> None:
    """Every product equals the exact result, in either implementation, for any shape."""
    rng = np.random.default_rng(seed)
    background = Background(dimensions, 1.0)
    background.learn(unit_rows(rng.normal(0.3, 1.0, size=(40, dimensions))))
    background.refresh()
    a = background.directions(unit_rows(rng.normal(size=(rows, dimensions)) * rng.choice([1e-6, 1.0, 1e6]))).values
    b = background.directions(unit_rows(rng.choice([-1.0, 1.0], size=(WIDE, dimensions)))).values
    expected = a.astype(np.float64) @ b.astype(np.float64).T
    assert np.array_equal(product(a, b), expected)
    assert np.array_equal(by_blas(a, b), expected)
    if (torch := suited_torch()) is not None:
        assert np.array_equal(by_torch(torch, a, b), expected)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 70))
def test_a_post_has_the_same_direction_alone(seed: int, rows: int) -> None:
    """Whatever else is in the batch."""
    vectors = np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32)
    background = Background(384, 1.0)
    background.learn(unit_rows(vectors))
    background.refresh()
    together = background.directions(unit_rows(vectors))
    for i in range(rows):
        alone = background.directions(unit_rows(vectors[i : i + 1]))
        assert np.array_equal(alone.values[0], together.values[i])
        assert alone.inverse[0] == together.inverse[i]


def test_rounded_cosine_is_close() -> None:
    """The price of exactness is about 1e-3."""
    vectors = unit(np.random.default_rng(3).normal(size=(200, 384))).astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rounded = Background(384, 1.0).directions(unit_rows(vectors))
    cosine = product(rounded.values, rounded.values) * np.outer(rounded.inverse, rounded.inverse)
    assert np.abs(cosine - vectors @ vectors.T).max() < 5e-3


def test_words_count_where_vectors_do_not_decide() -> None:
    """Distant vectors with the same rare words join; equal vectors without common words do not."""
    stream = made_stream(200, subjects=10, noise=0.2, retweets=0.0, empty=0.0)
    model, _ = run(stream)
    base = story("x", 2, START + 90_000.0)
    tilted = np.zeros((2, DIMENSIONS))
    tilted[0, 0], tilted[1, :2] = 1.0, (0.28, 0.96)
    near = PostBatch(base.ids, unit(tilted), base.words, base.authors, base.at, base.related, base.retweet)
    far_words = [("gpt-neo",), ("knitting",)]
    far = PostBatch(base.ids, near.vectors, far_words, base.authors, base.at, base.related, base.retweet)
    data = model.to_bytes()
    placements, _ = model.learn_many(near)
    assert placements[0].topic_id == placements[1].topic_id
    from models.online.factory import restore_topic_model

    placements, _ = restore_topic_model(data).learn_many(far)
    assert placements[0].topic_id != placements[1].topic_id


def test_one_odd_post_is_a_candidate() -> None:
    """It is not shown. With enough posts by enough people the topic is born once, with its reason and examples."""
    _, events = run(story("x", 2, START))
    assert events == []
    model, events = run(story("x", 6, START))
    assert kinds(events) == ["born"]
    born = events[0]
    assert born.topic_id == live_topic_id("x0")
    assert (born.posts, born.people, born.example_ids) == (3, 3, ["x0", "x1", "x2"])
    assert born.reason == "3 posts by 3 people"
    assert set(born.keywords) == {"gpt-neo", "eleutherai", "weights"}
    assert 2 <= len(born.label.replace(",", "").split()) <= 4
    assert model.topics()[0].phase == "active"


def test_people_who_repeat_are_told_beside_what_they_repeat() -> None:
    """Repeats count as posts of their people: three distinct posts alone would otherwise be "by 8 people"."""
    model = OnlineTopics(TopicSpace(DIMENSIONS, "e"))
    first, repeats, last = story("x", 2, START), story("r", 5, START + 100), story("y", 1, START + 200)
    repeats = replace(repeats, authors=[f"b{k}" for k in range(5)], related=["x0"] * 5, retweet=[True] * 5)
    _, events = model.learn_many(join(first, repeats, replace(last, authors=["c"])))
    (born,) = events
    assert (born.posts, born.people) == (8, 8)
    assert born.reason == "8 posts (3 distinct) by 8 people"


def test_sites_are_the_last_words() -> None:
    """A link's site says nothing about the subject, so it names a topic only without other words."""
    _, events = run(story("x", 4, START, words=("github.com", "gpt-neo", "weights")))
    assert events[0].keywords[-1] == "github.com"
    assert "github.com" not in events[0].label
    _, events = run(story("y", 4, START, words=("github.com", *(f"word{k}" for k in range(8)))))
    assert "github.com" not in events[0].keywords
    _, events = run(story("z", 4, START, words=("github.com",)))
    assert events[0].label == "github.com"


def test_a_loud_account_is_no_topic() -> None:
    """Fifty posts by one person stay a candidate."""
    model, events = run(story("x", 50, START, people=1))
    assert events == []
    assert model.topics()[0].phase == "candidate"


def test_retweets_are_people_not_evidence() -> None:
    """A post and ten retweets are one distinct post, so nothing is born and the centroid does not move."""
    posts = story("x", 1, START)
    retweets = story("r", 10, START + 60)
    retweets = PostBatch(
        retweets.ids, retweets.vectors, retweets.words, retweets.authors, retweets.at, ["x0"] * 10, [True] * 10
    )
    model, events = run(join(posts, retweets))
    assert events == []
    state = model.topics()[0]
    assert (state.posts, state.originals, state.people) == (11, 1, 5)


def test_retweets_of_an_unknown_post_meet() -> None:
    """The first one replaces its original; later ones of the same original are support, whatever their vectors."""
    rng = np.random.default_rng(0)
    base = story("r", 3, START)
    vectors = unit(rng.normal(size=(3, DIMENSIONS)))
    stream = PostBatch(base.ids, vectors, [("a",), ("b",), ()], base.authors, base.at, ["gone"] * 3, [True] * 3)
    placements, _ = OnlineTopics(TopicSpace(DIMENSIONS)).learn_many(stream)
    assert len({placement.topic_id for placement in placements}) == 1
    assert [placement.support for placement in placements] == [False, True, True]


def test_topics_that_become_one_are_merged() -> None:
    """Different posts start apart. When their centroids become similar they merge, and the larger keeps its id."""
    stream = made_stream(400, subjects=2, noise=1.3, retweets=0.0, empty=0.0)
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    placements, events = model.learn_many(stream)
    merged = [event for event in events if event.kind == "merged" and not event.step]
    assert merged
    for event in merged:
        assert "similar" in event.reason or "one story" in event.reason
        assert {model.current_id(name) for name in event.other_ids} == {model.current_id(event.topic_id)}
    apart = {placement.topic_id for placement in placements}
    together = {model.current_id(name) for name in apart}
    assert len(together) < len(apart)
    told = {event.topic_id for event in events}  # a story that left a topic
    assert together | told >= set(model.centroids()[0])


def test_silence_revival_and_forgetting() -> None:
    """A topic is dormant after days without posts, is revived with its id, and is deleted after months."""
    ticks = [
        story(f"tick{day}", 1, START + day * DAY, direction=5 + day % 20, words=(f"tick{day}",)) for day in range(1, 90)
    ]
    model, events = run(join(story("x", 5, START), *ticks[:9], story("y", 1, START + 9.5 * DAY), *ticks[9:]))
    mine = [
        event
        for event in events
        if event.topic_id == live_topic_id("x0") and event.kind != "trending" and not event.step
    ]
    assert kinds(mine) == ["born", "faded", "revived", "faded", "faded"]
    assert mine[2].example_ids[0] == "x0"
    assert mine[3].reason == "nothing for 3 days"
    assert mine[4].reason == "forgotten: nothing for 60 days"
    assert live_topic_id("x0") not in model.centroids()[0]


def test_a_candidate_fades_without_a_word() -> None:
    """After days of silence it is deleted without an event."""
    later = [
        story(f"tick{day}", 1, START + day * DAY, direction=5 + day, words=(f"tick{day}",)) for day in range(1, 15)
    ]
    model, events = run(join(story("odd", 1, START), *later))
    assert events == []
    assert live_topic_id("odd0") not in model.centroids()[0]


def test_state_is_bounded() -> None:
    """Topics (give or take a block), remembered posts and aliases keep to their limits; bytes stop growing."""
    bounds = {"max_topics": 50, "max_remembered_posts": 200, "max_aliases": 10}
    rng = np.random.default_rng(5)
    model = OnlineTopics(TopicSpace(DIMENSIONS, "e", OnlineConfig(**bounds)))
    sizes = []
    for k in range(8):
        base = story(f"x{k}-", 256, START + k * 256 * 60, people=64)
        words = [(f"w{rng.integers(3000)}", f"w{rng.integers(3000)}") for _ in range(256)]
        vectors = unit(rng.normal(size=(256, DIMENSIONS)))
        model.learn_many(PostBatch(base.ids, vectors, words, base.authors, base.at, base.related, base.retweet))
        assert len(model) <= 50 + model.space.config.block_posts
        assert len(model.space.topic_of) <= 200
        assert len(model.space.aliases) <= 10
        sizes.append(len(model.to_bytes()))
    assert max(sizes[6:]) < 1.25 * max(sizes[2:4])  # topics first fill up with words


def test_prediction_changes_nothing() -> None:
    """It names the topic that learning then chooses."""
    stream = made_stream(200, retweets=0.0)
    model, _ = run(part(stream, 0, 192))
    before = model.to_bytes()
    guesses = model.predict_many(stream.vectors[192:193], stream.words[192:193])
    assert model.to_bytes() == before
    placements, _ = model.learn_many(part(stream, 192, 193))
    assert guesses == [placements[0].topic_id] or (guesses == [None] and placements[0].similarity == 0.0)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused_whole(number: float) -> None:
    """Nothing of the batch is applied."""
    stream = made_stream(10)
    stream.vectors[7, 3] = number
    model = OnlineTopics(TopicSpace(DIMENSIONS))
    before = model.to_bytes()
    with pytest.raises(ValueError, match="NaN or infinity"):
        model.learn_many(stream)
    assert model.to_bytes() == before


def test_a_zero_vector_without_words_belongs_nowhere() -> None:
    """It founds a candidate and disturbs nothing."""
    base = story("z", 3, START, words=())
    blank = PostBatch(
        base.ids, np.zeros((3, DIMENSIONS), np.float32), base.words, base.authors, base.at, base.related, base.retweet
    )
    placements, events = OnlineTopics(TopicSpace(DIMENSIONS)).learn_many(blank)
    assert len({placement.topic_id for placement in placements}) == 3
    assert events == []


def test_the_same_id_twice_keeps_topic_ids_unique() -> None:
    """Two founding posts with one id found two topics."""
    first, second = story("x", 1, START), story("x", 1, START + 60, direction=3, words=("other",))
    placements, _ = OnlineTopics(TopicSpace(DIMENSIONS)).learn_many(join(first, second))
    assert placements[0].topic_id == live_topic_id("x0") != placements[1].topic_id


def test_frequent_words_weigh_less() -> None:
    """Inverse document frequency of the stream so far, updated only by `refresh`."""
    lexicon = Lexicon(1024)
    lexicon.count(lexicon.rows([("ai", f"w{k}") for k in range(300)]))
    assert len(set(lexicon.weights_of(["ai", "w7", "never"]))) == 1
    lexicon.refresh()
    often, once, never = lexicon.weights_of(["ai", "w7", "never"])
    assert often < once < never


def test_cuts_do_not_matter_to_a_long_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor to its state: the mean that forgets old posts stays a sum of integers, exact in any order."""
    monkeypatch.setattr(Background, "MEMORY", 301.0)
    stream = made_stream(300)
    states = [run(stream, (size,))[0].to_bytes() for size in (1, 7, 300)]
    assert states[0] == states[1] == states[2]
