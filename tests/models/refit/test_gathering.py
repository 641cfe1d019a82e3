"""Gathering: what one link or one name holds is one topic, with what tells the same; nothing else goes along."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from models.events import Link, Tweet
from models.refit.bertopic_refit import refit
from models.refit.gathering import gather_links, gather_names, join_names
from models.refit.shared_links import likeness
from models.week.config import DigestConfig
from tests.support.made_weeks import post, records, week_of

PAUSE = "https://harbour.example/2021/ferries-paused"
SIDES = np.eye(8)
Own = npt.NDArray[np.float64]


def around(axis: int, count: int, aside: int = 7, spread: float = 0.3) -> Own:
    """Unit vectors near one axis, a little to the side."""
    rows = np.tile(SIDES[axis], (count, 1)) + np.linspace(0, spread, count)[:, None] * SIDES[aside]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def apart(count: int) -> Own:
    """Vectors that have nothing in common."""
    return np.eye(count)


def on(links: Sequence[str | None]) -> list[Tweet]:
    """One post by somebody else for each of the links."""
    return [post(i, f"post {i}", author=f"a{i}", links=[url] if url is not None else []) for i, url in enumerate(links)]


def test_posts_on_one_link_come_to_where_most_of_them_are() -> None:
    """One from a topic of its own subject, and one from no topic; trackers do not matter."""
    posts = on([PAUSE, PAUSE, None, None, None, None, None, PAUSE + "?utm_source=x", PAUSE])
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1, -1])
    found = gather_links(labels, posts, np.vstack([around(0, 3), around(1, 4), around(1, 1), around(2, 1)]), set(), 2)
    assert found.tolist() == [0, 0, 0, 1, 1, 1, 1, 0, 0]


def test_a_topic_goes_along_when_most_of_it_tells_the_same() -> None:
    """Two topics of one story: half of the smaller has the link, and what is left of it is as near to it."""
    posts = on([PAUSE] * 4 + [None] + [PAUSE] * 2 + [None] * 2)
    labels = np.array([0] * 5 + [1] * 4)
    assert gather_links(labels, posts, around(0, 9), set(), 2).tolist() == [0] * 9


def test_what_tells_something_else_stays_behind() -> None:
    """The same topics, but the rest of the smaller is of another subject."""
    posts = on([PAUSE] * 4 + [None] + [PAUSE] * 2 + [None] * 2)
    own = np.vstack([around(0, 7), around(3, 2)])
    assert gather_links(np.array([0] * 5 + [1] * 4), posts, own, set(), 2).tolist() == [0] * 7 + [1] * 2


def test_a_front_page_and_a_link_of_one_voice_hold_nothing() -> None:
    """Feeds sign with the one; who repeats the other is one person."""
    labels = np.array([0, 0, 0, 1, 1, 1])
    for url, authors in (("https://harbour.example/", range(6)), (PAUSE, [0] * 6)):
        posts = [post(i, "x", author=f"a{author}", links=[url]) for i, author in enumerate(authors)]
        assert gather_links(labels, posts, around(0, 6), set(), 2).tolist() == labels.tolist()


def test_the_posts_of_an_event_stay() -> None:
    """What happens at a conference has its own papers."""
    posts = on([PAUSE, PAUSE, PAUSE, PAUSE])
    labels = np.array([0, 0, 0, 1])
    assert gather_links(labels, posts, around(0, 4), {3}, 2).tolist() == [0, 0, 0, 1]


def test_the_refit_brings_the_posts_on_one_link_together() -> None:
    """Six of them say it in one language; three others read and lie like another subject."""
    made = records({"wasps": 30, "cheese": 30, "violin": 20})
    for told in records({"ferry": 6, "violin": 3}, seed=2, first=900):
        on_it = replace(told.tweet, links=[Link(url=PAUSE)], text=told.tweet.text.replace("n90", "m90"))
        made.append(replace(told, tweet=on_it))
    week = week_of(made)
    found = refit(week, DigestConfig())
    holders = [int(found.topic_of[i]) for i, one in enumerate(week.posts) if one.links[0].url == PAUSE]
    assert len(holders) == 9
    assert len(set(holders)) == 1


def test_what_the_links_leave_is_no_topic() -> None:
    """Four of six posts go where most on their link are; two are left, and three were asked for."""
    posts = on([PAUSE] * 5 + [PAUSE] * 4 + [None] * 2)
    own = np.vstack([around(0, 9), around(3, 2)])
    labels = np.array([0] * 5 + [1] * 6)
    assert gather_links(labels, posts, own, set(), 3).tolist() == [0] * 9 + [-1] * 2
    assert gather_links(labels, posts, own, set(), 2).tolist() == [0] * 9 + [1] * 2


def test_only_a_burst_that_is_scattered_is_gathered() -> None:
    """A topic that is about the name anyway keeps its posts; of a wide one they are taken out."""
    labels = np.array([0] * 5 + [1] * 6 + [-1])
    same, none = gather_names(labels, [[0, 1, 2, 3]], [], apart(12), 4)
    assert (same.tolist(), none) == ([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, -1], [])
    wide = np.array([0] * 12 + [-1] * 2)
    taken, scattered = gather_names(wide, [[0, 1, 2, 12]], [], apart(14), 4)
    assert scattered == [[0, 1, 2, 12]]
    assert taken.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1]


def test_a_new_name_takes_what_tells_the_same_along() -> None:
    """Three posts with the name out of a topic of eight: the rest follows when it is as near, else not."""
    labels = np.array([0] * 8)
    near = gather_names(labels, [], [[0, 3, 6]], around(0, 8), 4)[0]
    assert near.tolist() == [0] * 8
    other = gather_names(labels, [], [[0, 1, 2]], np.vstack([around(0, 3), around(1, 5)]), 4)[0]
    assert other.tolist() == [1] * 3 + [0] * 5


def test_what_is_left_too_small_is_no_topic() -> None:
    """Five posts remain of each of two topics that need six."""
    labels, _ = gather_names(np.array([0] * 9 + [1] * 9), [[0, 1, 2, 3, 9, 10, 11, 12]], [], apart(18), 6)
    assert sorted(set(labels.tolist())) == [-1, 0]


def test_what_a_name_gathers_may_be_few_texts() -> None:
    """Many pass them on; a cluster of so few, left by them, is none."""
    labels, scattered = gather_names(np.array([0] * 9 + [1] * 5), [[0, 9]], [], apart(14), 4)
    assert scattered == [[0, 9]]
    assert labels.tolist() == [2] + [0] * 8 + [2] + [1] * 4


def test_topics_that_speak_mostly_of_one_new_name_are_one() -> None:
    """When they are alike; not when the name is known, when they are unlike, or when one is an event's."""
    labels = np.array([0] * 5 + [1] * 4 + [2] * 4)
    own = np.vstack([around(0, 5), around(0, 4), around(1, 4)])
    holders = {"glowbarge": [0, 1, 2, 5, 6, 9, 10]}
    joined = join_names(labels, holders, {"ferry"}, own, set())
    assert joined.tolist() == [0] * 9 + [1] * 4
    for known, fixed in (({"glowbarge"}, set()), (set(), set()), ({"ferry"}, {5})):
        assert join_names(labels, holders, known, own, fixed).tolist() == labels.tolist()


def test_posts_on_one_link_are_alike() -> None:
    """As two that tell the same are, and no less alike than their words; on a front page they are not."""
    posts = on([PAUSE, PAUSE, "https://harbour.example/", "https://harbour.example/"])
    assert likeness(apart(4), posts)[0].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert likeness(apart(4), posts)[2].tolist() == [0.0, 0.0, 1.0, 0.0]
    assert likeness(around(0, 4, spread=0.1), posts)[0, 1] > 0.9
