"""Trends: people, compared with the topic's own history and the day's stream."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from river.stats import EWMean, EWVar

from models.online.burst import (
    DAYS,
    FADING,
    HOT,
    RISING,
    WEEK,
    Past,
    count_recent_authors,
    expected_people,
    fewest_people,
    in_words,
    level_of,
    record_author,
    surprise,
)
from models.online.config import DAY, OnlineConfig
from models.online.online_topics import OnlineTopics
from models.online.topic_model import PostBatch
from models.online.topic_space import TopicSpace
from tests.support.made_streams import DIMENSIONS, START, join, story


def ordinary(days: int, people: int = 30) -> PostBatch:
    """Every person posts once a day, each about another subject."""
    return join(
        *(
            PostBatch(
                ids=[f"o{day}-{k}" for k in range(people)],
                vectors=story("o", people, START, direction=1).vectors,
                words=[("routine", "again")] * people,
                authors=[f"b{k}" for k in range(people)],
                at=story("o", people, START + day * DAY, gap=600.0).at,
                related=[None] * people,
                retweet=[False] * people,
            )
            for day in range(days)
        )
    )


def score(people: int, active: int, past: Past) -> float:
    """The measure of a topic with this past."""
    return surprise(people, active, past.usual(), past.variance)


def told(stream: PostBatch) -> list[tuple[str, str, str]]:
    """First example, kind and level of every `trending` and `calmed` event."""
    order = sorted(range(len(stream)), key=lambda i: stream.at[i])
    ordered = PostBatch(
        ids=[stream.ids[i] for i in order],
        vectors=stream.vectors[order],
        words=[stream.words[i] for i in order],
        authors=[stream.authors[i] for i in order],
        at=stream.at[order],
        related=[stream.related[i] for i in order],
        retweet=[stream.retweet[i] for i in order],
    )
    _, events = OnlineTopics(TopicSpace(DIMENSIONS, "e", OnlineConfig())).learn_many(ordered)
    return [
        (event.example_ids[0], event.step or event.kind, event.level)
        for event in events
        if event.kind == "trending" or event.step == "calmed"
    ]


def test_people_make_a_trend_posts_do_not() -> None:
    """Three people in an hour do; sixty posts by two people do not; nor does what is said every day."""
    usual = ordinary(8)
    three = story("three", 3, START + 6 * DAY, people=3)
    assert told(join(usual, three)) == [("three0", "trending", "rising"), ("three0", "calmed", "")]
    assert told(join(usual, story("loud", 60, START + 6 * DAY, people=2))) == []


def test_it_is_told_once_a_level_and_at_its_end() -> None:
    """More posts of the same wave say nothing new; when the day is over it has ended; a second wave is news."""
    usual = ordinary(30, people=20)
    wave = story("wave", 40, START + 5 * DAY, gap=1000.0, people=8)
    again = story("again", 12, START + 25 * DAY, people=8)
    first = [("wave0", "trending", "rising"), ("wave0", "trending", "hot"), ("wave0", "calmed", "")]
    assert told(join(usual, wave)) == first
    assert told(join(usual, wave, again)) == [*first, ("wave0", "trending", "hot"), ("wave0", "calmed", "")]


def test_the_first_day_knows_no_past() -> None:
    """Where everything is new, nothing is unusual."""
    assert told(story("first", 30, START, people=10)) == []


def test_what_is_said_today_is_not_its_own_past() -> None:
    """A story of the evening rises after midnight, too: the night must not count it as usual."""
    midnight = (START // DAY + 7) * DAY
    evening = story("late", 3, midnight - 1800.0, people=3)
    night = story("night", 6, midnight + 7200.0, people=6)
    levels = [level for _, kind, level in told(join(ordinary(12), evening, night)) if kind == "trending"]
    assert levels == ["rising", "hot"]


@given(st.integers(0, 500), st.integers(0, 5_000), st.lists(st.floats(0, 1), max_size=20))
def test_surprise_grows_with_people(people: int, stream: int, shares: list[float]) -> None:
    """Strictly. A history in which the topic was larger lowers it."""
    past = Past()
    for share in shares:
        past.learn(share)
    usual = past.usual(), past.variance
    assert surprise(people + 1, stream, *usual) > surprise(people, stream, *usual)
    if people >= past.usual() * stream:  # of fewer than usual, neither is a trend
        assert surprise(people, stream, *usual) <= max(0.0, surprise(people, stream))


@pytest.mark.parametrize("active", [12, 139, 250])
def test_three_people_about_something_new_rise(active: int) -> None:
    """In a stream of up to 250 people a day; two are too few, six are hot."""
    assert level_of(2, active) == ""
    assert level_of(3, active) == "rising"
    assert level_of(6, active) == "hot"
    assert level_of(3, active, share=0.5) == ""


def test_enough_people_depends_on_how_many_post() -> None:
    """Two in a circle of a few, three elsewhere; in a stream of thousands the noise is more than three."""
    assert [fewest_people(active) for active in (0, 3, 8, 9, 12, 10_000)] == [2, 2, 2, 3, 3, 3]
    assert level_of(2, 6) == "rising"
    assert level_of(3, 5_000) == ""
    assert level_of(60, 5_000) == "hot"


def test_the_measure_in_words() -> None:
    """People, window, and what would be usual."""
    assert in_words(9, 100, 0.012) == "9 people in 24 h, 1.2 usual"
    assert in_words(2, 5, hours=6) == "2 people in 6 h, 0.5 usual"
    assert in_words(18, 100, 0.02, hours=168) == "18 people in 7 days, 2.0 usual"
    assert expected_people(1_000, 0.0) == 2.0


def test_rhythm_cancels_out() -> None:
    """The same share of a quiet day is not unusual: both counts change together."""
    past = Past()
    for _ in range(10):
        past.learn(0.1)
    assert abs(score(10, 100, past)) < 0.1
    assert abs(score(4, 40, past)) < 0.1
    assert score(30, 100, past) > HOT


@given(st.lists(st.floats(0.1, 0.101), min_size=1, max_size=28))
def test_past_is_rivers_mean(shares: list[float]) -> None:
    """While the share stays about the same, it equals river's running statistics over all days."""
    past, mean, variance = Past(), EWMean(FADING), EWVar(FADING)
    for share in shares:
        past.learn(share)
        mean.update(share)
        variance.update(share)
    assert past.mean == pytest.approx(mean.get())
    assert past.variance == pytest.approx(variance.get(), abs=1e-12)


@given(st.lists(st.floats(0, 1), max_size=90))
def test_past_is_bounded(shares: list[float]) -> None:
    """Four weeks are kept, whatever came before."""
    past = Past()
    for share in shares:
        past.learn(share)
    assert past.shares == shares[-DAYS:]
    assert past.variance >= 0.0


def test_another_level_is_the_new_usual() -> None:
    """After a lasting change the earlier days are ignored: a small topic that became large can trend again."""
    grown, always = Past(), Past()
    for share in [0.02] * 12 + [0.2] * 7:
        grown.learn(share)
    for _ in range(19):
        always.learn(0.2)
    assert grown.mean == pytest.approx(always.mean, abs=0.01)
    assert score(40, 100, grown) == pytest.approx(score(40, 100, always), abs=0.2)
    assert score(40, 100, grown) > HOT


def test_a_day_of_the_week_is_expected() -> None:
    """A weekly Friday subject is no trend on a Friday, but on other days it is."""
    past = Past()
    for day in range(3 * WEEK):
        past.learn(0.2 if day % WEEK == 4 else 0.0)
    for day in range(4):
        assert score(20, 100, past) > RISING or day < 2  # just after a Friday nothing is sure
        past.learn(0.0)
    assert score(20, 100, past) < 0.5
    assert score(20, 100, Past(mean=past.mean, variance=past.variance)) > RISING


def test_voices_are_bounded_and_fade() -> None:
    """Each person counts once, for 24 hours; at most `limit` people are kept."""
    recent_authors: dict[str, float] = {}
    for k in range(9):
        record_author(recent_authors, f"p{k % 7}", k * 3600.0, limit=5)
    assert len(recent_authors) == 5
    assert count_recent_authors(recent_authors, 9 * 3600.0) == 5
    assert count_recent_authors(recent_authors, 7 * 3600.0 + DAY) == 1
    assert count_recent_authors(recent_authors, 1e9) == 0
