"""Bursting names: what many people say of one name within two days is one topic, however they say it."""

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.refit.bursting_names import bursting_names, gather
from models.text import words
from tests.test_models.made_weeks import post

SAID = (
    "Everybody says that Orlop has opened its doors to the public",
    "So the Orlop mandate ends and nobody told the cooks",
    "I hear Orlop also forgives those who sing at night",
    "They told us that Orlop may swim again before noon",
    "Today the Orlop rules allow tea on every deck",
    "My aunt thinks Orlop will never keep its word",
)
HOURS = (0, 3, 7, 20, 26, 40)


def told(hours: tuple[int, ...] = HOURS, authors: int = len(SAID)) -> list[Tweet]:
    """One post for each text, by so many people."""
    return [
        post(i, text, author=f"voice{i % authors}", hours=hour)
        for i, (text, hour) in enumerate(zip(SAID, hours, strict=True))
    ]


def burst(posts: list[Tweet], vectors: npt.NDArray[np.float32]) -> list[list[int]]:
    """With forty posts beside them that are about forty other things."""
    others = [post(100 + i, f"Number {i} of the ferry lists", author=f"clerk{i}") for i in range(40)]
    everything = [*posts, *others]
    noise = np.random.default_rng(3).normal(size=(len(others), vectors.shape[1])).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    spoken = [words(one.text, (), ()) for one in everything]
    return bursting_names(everything, spoken, np.vstack([vectors, noise]), set(), 4)


def together(count: int, spread: float = 0.5) -> npt.NDArray[np.float32]:
    """Vectors around one direction."""
    made = np.random.default_rng(5).normal(size=(count, 64)) * spread / 8
    made[:, 0] += 0.6
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def test_one_name_in_six_mouths_is_one_topic() -> None:
    """News, doubt and jokes."""
    assert burst(told(), together(6)) == [list(range(6))]


def test_a_name_of_the_whole_week_is_none() -> None:
    """The same posts, a day between each."""
    assert burst(told(hours=(0, 28, 56, 84, 112, 140)), together(6)) == []


def test_a_few_voices_are_none() -> None:
    """The same posts by three people."""
    assert burst(told(authors=3), together(6)) == []


def test_a_word_of_several_senses_is_none() -> None:
    """The same posts, which have nothing in common but the name."""
    apart = np.eye(64, dtype=np.float32)[:6]
    assert burst(told(), apart) == []


def test_a_stray_stays_where_it_is() -> None:
    """Five that speak of one thing, one that names it and speaks of another."""
    vectors = together(6)
    vectors[5] = np.eye(64, dtype=np.float32)[63]
    assert burst(told(), vectors) == [list(range(5))]


def test_the_outcome_depends_on_the_set_of_posts() -> None:
    """Whatever the order of the posts of one instant."""
    posts, vectors = told(hours=(5, 5, 5, 5, 5, 5)), together(6)
    order = [3, 1, 5, 0, 4, 2]
    assert burst([posts[i] for i in order], vectors[order]) == burst(posts, vectors)


def test_only_what_is_scattered_is_gathered() -> None:
    """A topic that is about the name anyway keeps its posts; of a wide one they are taken out."""
    own = np.array([0] * 5 + [1] * 6 + [-1])
    same, none = gather(own, [[0, 1, 2, 3]], 4)
    assert (same.tolist(), none) == ([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, -1], [])
    wide = np.array([0] * 12 + [-1] * 2)
    taken, scattered = gather(wide, [[0, 1, 2, 12]], 4)
    assert scattered == [[0, 1, 2, 12]]
    assert taken.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1]


def test_what_is_left_too_small_is_no_topic() -> None:
    """Five posts remain of each of two topics that need six."""
    labels, _ = gather(np.array([0] * 9 + [1] * 9), [[0, 1, 2, 3, 9, 10, 11, 12]], 6)
    assert sorted(set(labels.tolist())) == [-1, 0]


def test_what_a_name_gathers_may_be_few_texts() -> None:
    """Many pass them on; a cluster of so few, left by them, is none."""
    labels, scattered = gather(np.array([0] * 9 + [1] * 5), [[0, 9]], 4)
    assert scattered == [[0, 9]]
    assert labels.tolist() == [2] + [0] * 8 + [2] + [1] * 4
