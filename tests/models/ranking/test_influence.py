"""Influence from the stream: the graph, reach, the influencer list."""

import pytest

from models.events import Influencer, Metrics, Tweet
from models.ranking.influence import engagement, influence
from models.week.posts import WeekPosts
from tests.support.made_weeks import direction, embedded, post, week_of


def week(*posts: Tweet) -> WeekPosts:
    """The week of these posts."""
    return week_of([embedded(tweet, direction("wasps")) for tweet in posts])


def retweet(number: int, author: str, of: str, related: str | None = None) -> Tweet:
    """`author` repeats a post of `of`."""
    return post(number, f"RT @{of}: text", author=author, kind="retweet", related=related, related_author=of)


def test_who_is_taken_up_by_many_leads() -> None:
    """Three people repeat ann, one repeats bob: influence is attention, not volume."""
    scores = influence(
        week(
            post(1, "one text", author="ann"),
            *[post(10 + i, f"text {i} of bob", author="bob") for i in range(8)],
            retweet(30, "c1", "ann"),
            retweet(31, "c2", "ann"),
            retweet(32, "c3", "ann"),
            retweet(33, "c1", "bob"),
        ),
        [],
    )
    assert scores["ann"].value > scores["bob"].value > scores["c1"].value
    assert all(0 <= score.value <= 1 for score in scores.values())


def test_one_fan_is_one_vote() -> None:
    """Fifty retweets by one account do not outweigh two people."""
    fan = [retweet(100 + i, "fan", "bob") for i in range(50)]
    both = [retweet(200, "c1", "ann"), retweet(201, "c2", "ann")]
    scores = influence(week(post(1, "a", author="ann"), post(2, "b", author="bob"), *fan, *both), [])
    assert scores["ann"].parts["graph"] > scores["bob"].parts["graph"]


def test_nobody_votes_for_themselves() -> None:
    """Retweets of one's own posts count nothing."""
    scores = influence(
        week(post(1, "a b", author="ann"), retweet(2, "ann", "ann", "000001"), post(3, "c", author="bob")), []
    )
    assert scores["ann"].parts["graph"] == 0.0


def test_the_audience_is_taken_into_account() -> None:
    """A hundred likes from a thousand followers reach further than from a million."""
    scores = influence(
        week(
            post(1, "small account", author="small", likes=100, followers=1_000),
            post(2, "large account", author="large", likes=100, followers=1_000_000),
        ),
        [],
    )
    assert scores["small"].parts["reach"] > scores["large"].parts["reach"]


def test_a_retweets_numbers_are_not_the_retweeters() -> None:
    """Platforms report the original's counts on a retweet."""
    borrowed = Tweet(
        id="000009",
        author_id="c",
        author="c",
        created_at=post(1, "x").created_at,
        text="RT @star: wow",
        kind="retweet",
        related_author="star",
        metrics=Metrics(retweets=90_000),
    )
    scores = influence(week(post(1, "own words", author="a", likes=3), borrowed), [])
    assert scores["c"].parts["reach"] == 0.0
    assert scores["c"].usual == 0.0


@pytest.mark.parametrize(("weight", "compare"), [(0.0, "silent"), (1.0, "same"), (5.0, "more"), (100.0, "most")])
def test_the_curated_list_overrides(weight: float, compare: str) -> None:
    """0 removes the influence, 1 leaves it, more raises it, by id or by handle in any case."""
    posts = week(post(1, "one", author="ann", likes=1), post(2, "two", author="bob", likes=9))
    plain = influence(posts, [])["ann"].value
    for listed in (
        Influencer(id="ann", name="Ann", weight=weight),
        Influencer(id="other", name="Ann", handles={"x": "ANN"}, weight=weight),
    ):
        value = influence(posts, [listed])["ann"].value
        assert {
            "silent": value == 0.0,
            "same": value == plain,
            "more": plain < value < 1,
            "most": value > 0.95,
        }[compare]


def test_an_empty_week_has_nobody() -> None:
    """Without a division by zero."""
    assert influence(week(), []) == {}


def test_engagement_is_what_people_did() -> None:
    """A share costs more than a like."""
    assert engagement(Metrics(likes=1)) < engagement(Metrics(retweets=1))
    assert engagement(Metrics()) == 0
