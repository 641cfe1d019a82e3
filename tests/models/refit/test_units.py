"""Fine units: each tells one story, however the posts arrive."""

import numpy as np

from models.events import EmbeddedTweet
from models.refit.near_duplicates import fold
from models.refit.units import Units, find_units
from models.text import spoken_words
from tests.support.made_weeks import direction, embedded, post, records, week_of

FAR = ("kites", "violin", "cheese")


def units_of(posts: list[EmbeddedTweet]) -> tuple[Units, list[set[str]]]:
    """The units of a week, and their post ids."""
    week = week_of(posts)
    units = find_units(week, fold(week, [spoken_words(one.text) for one in week.posts], 0.92))
    return units, [{week.posts[index].id for index in units.members(group.tolist())} for group in units.groups]


def near(name: str, number: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A vector close to a subject's, another one for each number."""
    aside = np.random.default_rng(number).normal(size=len(direction(name))) * 0.05
    vector = direction(name) + aside.astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def test_what_is_near_is_one_unit_and_subjects_are_apart() -> None:
    """Five posts of each of six subjects: no unit mixes two of them."""
    posts = records(dict.fromkeys(("wasps", "ferry", "violin", "cheese", "kites", "mosaic"), 5), noise=0.3)
    subject = {one.tweet.id: one.tweet.links[0].url.split("/")[3] for one in posts}
    _, found = units_of(posts)
    assert all(len({subject[post_id] for post_id in unit}) == 1 for unit in found)
    assert max(map(len, found)) > 2


def test_a_retweet_is_a_bearer_and_no_post_of_its_own() -> None:
    """One post that three people pass on is one distinct post with four bearers."""
    first = embedded(post(1, "The ferry stays in the harbour tonight"), direction("ferry"))
    passed = [
        embedded(
            post(n, "RT @a1: The ferry stays in the harbour tonight", author=f"b{n}", kind="retweet", related="000001"),
            direction("ferry"),
        )
        for n in (2, 3, 4)
    ]
    units, found = units_of([first, *passed, embedded(post(9, "Wasps in the roof again"), direction("wasps"))])
    assert {"000001", "000002", "000003", "000004"} in found
    assert len(units.distinct) == 2


def test_quotes_and_links_join_what_the_vectors_do_not() -> None:
    """Three people quote one post, or pass on one page, in words that have nothing in common."""
    quotes = [
        embedded(post(n, f"own words {name} {n}", author=f"a{n}", kind="quote", related="777"), direction(name))
        for n, name in enumerate(FAR)
    ]
    links = [
        embedded(
            post(20 + n, f"other words {name} {n}", author=f"b{n}", links=["https://example.org/report/1"]),
            direction(name + "x"),
        )
        for n, name in enumerate(FAR)
    ]
    _, found = units_of([*quotes, *links])
    assert {one.tweet.id for one in quotes} in found
    assert {one.tweet.id for one in links} in found


def test_a_page_that_everybody_links_joins_nothing() -> None:
    """A channel or a sponsor under forty posts is no evidence."""
    page = ["https://example.org/live"]
    posts = [
        embedded(post(n, f"subject {n} of many", author=f"a{n}", links=page), direction("a" * (n + 1)))
        for n in range(40)
    ]
    _, found = units_of(posts)
    assert max(map(len, found)) < 10


def test_the_order_of_arrival_leaves_no_trace() -> None:
    """The same posts shuffled give the same units, to the last bit of their measures."""
    posts = records({"wasps": 9, "ferry": 7, "violin": 6}, noise=0.8)
    units, found = units_of(posts)
    shuffled = [posts[place] for place in np.random.default_rng(3).permutation(len(posts)).tolist()]
    again, other = units_of(shuffled)
    assert found == other
    assert units.density.tobytes() == again.density.tobytes()
    assert units.nearest.tobytes() == again.nearest.tobytes()


def test_small_weeks_have_units() -> None:
    """None of no post, one of one."""
    assert units_of([])[1] == []
    assert units_of([embedded(post(1, "alone in the harbour"), near("ferry", 1))])[1] == [{"000001"}]
