"""Bursting names: what many people say of one name within two days is one topic, however they say it."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.refit.bursting_names import bursting_names, holders_of_names
from models.refit.features import own_part
from models.text import words
from tests.support.made_weeks import post

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


def burst(posts: list[Tweet], vectors: npt.NDArray[np.float32], taken: Iterable[int] = ()) -> list[list[int]]:
    """With forty posts beside them that are about forty other things. taken: posts of an event already."""
    others = [post(100 + i, f"Number {i} of the ferry lists", author=f"clerk{i}") for i in range(40)]
    everything = [*posts, *others]
    noise = np.random.default_rng(3).normal(size=(len(others), vectors.shape[1])).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    spoken = [words(one.text, (), ()) for one in everything]
    own = own_part(np.vstack([vectors, noise]))
    return bursting_names(everything, holders_of_names(everything, spoken), own, set(taken), 4)


def one_more(number: int, text: str) -> Tweet:
    """Somebody else says it once more."""
    return post(50 + number, f"Well, {text}", author=f"other{number}", hours=10 + number)


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


def test_the_strays_of_a_name_that_is_told_are_none() -> None:
    """Twelve posts of one name: with seven of them in an event its story is there, with five it is not."""
    posts = [*told(), *(one_more(i, text) for i, text in enumerate(SAID))]
    assert burst(posts, together(12), taken=range(5)) == [list(range(5, 12))]
    assert burst(posts, together(12), taken=range(7)) == []
