"""Trends: people, compared with the topic's own history and the day's stream."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given
from river.stats import EWMean, EWVar

from models.online.burst import DAYS, FADING, TRENDING, WEEK, Past, count_voices, hear, surprise
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


def trending(stream: PostBatch) -> list[str]:
    """The first example of every topic that trended."""
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
    return [event.example_ids[0] for event in events if event.kind == "trending"]


def test_people_make_a_trend_posts_do_not() -> None:
    """Six people in an hour do. Sixty posts by three people do not, and neither do daily subjects."""
    usual = ordinary(8)
    six = story("six", 6, START + 6 * DAY, people=6)
    assert trending(join(usual, six)) == ["six0"]
    assert trending(join(usual, story("loud", 60, START + 6 * DAY, people=3))) == []


def test_it_trends_once_until_it_is_calm() -> None:
    """More posts of the same wave add nothing; a second wave weeks later trends again."""
    usual = ordinary(30, people=20)
    wave = story("wave", 40, START + 5 * DAY, people=8)
    again = story("again", 12, START + 25 * DAY, people=8)
    assert trending(join(usual, wave)) == ["wave0"]
    assert trending(join(usual, wave, again)) == ["wave0", "wave0"]


def test_what_has_no_name_is_no_trend() -> None:
    """Six people with the same everyday words, each about another thing, are no subject."""
    usual, shelf = ordinary(8), story("shelf", 6, START + 6 * DAY, people=6)
    everyday = [("routine", "again", f"own{k}") for k in range(6)]
    named = [("routine", "again", "iclr2021") for k in range(6)]
    assert trending(join(usual, replace(shelf, words=everyday))) == []
    assert trending(join(usual, replace(shelf, words=named))) == ["shelf0"]


def test_an_account_is_no_name() -> None:
    """Neither a retweeted account nor a linked site makes a subject of all its posts."""
    usual, wave = ordinary(8), story("wave", 6, START + 6 * DAY, people=6)
    for name in ("@@ada", "@ada", "~und", "ada.example"):
        assert trending(join(usual, replace(wave, words=[(name, f"own{k}") for k in range(6)]))) == []
    assert trending(join(usual, replace(wave, words=[("ada", f"own{k}") for k in range(6)]))) == ["wave0"]


def test_words_that_others_use_every_day_are_expected() -> None:
    """Four people about neural networks, a new topic on the second day, in a field that often mentions them."""
    others = [
        replace(story(f"net{k}-", 1, START + k * DAY / 4, direction=3 + k, people=1), words=[("networks", f"n{k}")])
        for k in range(8)
    ]
    four = story("four", 4, START + 1.9 * DAY, direction=2, people=4)
    for elsewhere, expected in ([], ["four0"]), (others, []):
        stream = join(ordinary(2), *elsewhere, replace(four, words=[("networks", f"own{k}") for k in range(4)]))
        assert trending(stream) == expected


def test_the_first_day_knows_no_past() -> None:
    """On the first day everything is new, so nothing is unusual."""
    assert trending(story("first", 30, START, people=10)) == []


@given(st.integers(0, 500), st.integers(0, 5_000), st.lists(st.floats(0, 1), max_size=20))
def test_surprise_grows_with_people(people: int, stream: int, shares: list[float]) -> None:
    """Strictly. A history in which the topic was larger lowers it."""
    past = Past()
    for share in shares:
        past.learn(share)
    assert surprise(people + 1, stream, past) > surprise(people, stream, past)
    if people >= past.usual() * stream:  # of fewer than usual, neither is a trend
        assert surprise(people, stream, past) <= max(0.0, surprise(people, stream, Past()))


@pytest.mark.parametrize("stream", [10, 139, 250])
def test_four_people_about_something_new(stream: int) -> None:
    """In a stream of up to 250 people a day. Three are not enough."""
    assert surprise(4, stream, Past()) >= TRENDING > surprise(3, stream, Past())


def test_rhythm_cancels_out() -> None:
    """The same share of a quiet day is not unusual: both counts change together."""
    past = Past()
    for _ in range(10):
        past.learn(0.1)
    assert abs(surprise(10, 100, past)) < 0.1
    assert abs(surprise(4, 40, past)) < 0.1
    assert surprise(30, 100, past) > TRENDING


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
    assert surprise(40, 100, grown) == pytest.approx(surprise(40, 100, always), abs=0.2)
    assert surprise(40, 100, grown) > TRENDING


def test_a_day_of_the_week_is_expected() -> None:
    """A weekly Friday subject is no trend on a Friday, but on other days it is."""
    past = Past()
    for day in range(3 * WEEK):
        past.learn(0.2 if day % WEEK == 4 else 0.0)
    for day in range(4):
        assert surprise(20, 100, past) > TRENDING or day < 2  # directly after a Friday nothing is certain
        past.learn(0.0)
    assert surprise(20, 100, past) < 0.5
    assert surprise(20, 100, Past(mean=past.mean, variance=past.variance)) > TRENDING


def test_voices_are_bounded_and_fade() -> None:
    """Each person counts once, for 24 hours; at most `limit` people are kept."""
    voices: dict[str, float] = {}
    for k in range(9):
        hear(voices, f"p{k % 7}", k * 3600.0, limit=5)
    assert len(voices) == 5
    assert count_voices(voices, 9 * 3600.0) == 5
    assert count_voices(voices, 7 * 3600.0 + DAY) == 1
    assert count_voices(voices, 1e9) == 0
