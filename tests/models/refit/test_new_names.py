"""New names: what three people say with a name that the stream did not know is one topic, wherever clusters put it."""

from collections.abc import Sequence, Set

import numpy as np
import numpy.typing as npt
import pytest

from models.events import Tweet
from models.refit.bursting_names import holders_of_names, new_names
from models.refit.features import own_part
from models.text import words
from tests.support.made_weeks import post

KNOWN = frozenset({"ferry"})
SAID = (
    "The river gets its first Glowbarge this spring",
    "A Glowbarge moves without a sound, says the yard",
    "We rode on the Glowbarge and saw nothing but fog",
    "How a Glowbarge is built",
)
Vectors = npt.NDArray[np.float32]


def told(texts: Sequence[str] = SAID, authors: int = 4) -> list[Tweet]:
    """A post a day, by so many people."""
    return [post(i, text, author=f"voice{i % authors}", hours=36 * i) for i, text in enumerate(texts)]


def alike(count: int, spread: float = 0.3) -> Vectors:
    """Vectors around one direction."""
    made = np.random.default_rng(5).normal(size=(count, 64)) * spread / 8
    made[:, 0] += 0.6
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


def found(
    posts: list[Tweet], vectors: Vectors, known: Set[str] = KNOWN, repeats: Sequence[Sequence[str]] = ()
) -> list[list[int]]:
    """With forty posts beside them. repeats: who passes on each of the first posts."""
    others = [post(100 + i, f"Number {i} of the lists", author=f"clerk{i}") for i in range(40)]
    noise = np.random.default_rng(3).normal(size=(len(others), vectors.shape[1])).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    everything = [*posts, *others]
    bearers = [[one.author_id] for one in everything]
    for place, authors in enumerate(repeats):
        bearers[place] += authors
    spoken = [words(one.text, (), ()) for one in everything]
    own = own_part(np.vstack([vectors, noise]))
    return new_names(everything, holders_of_names(everything, spoken), own, set(), bearers, known, 4)


def test_a_new_name_gathers_its_posts_over_the_whole_week() -> None:
    """Unlike a name that bursts it needs neither five voices nor two days."""
    assert found(told(), alike(4)) == [[0, 1, 2, 3]]


@pytest.mark.parametrize("known", [frozenset({"glowbarge"}), frozenset()])
def test_a_name_that_is_known_is_none(known: Set[str]) -> None:
    """And where nothing is known, nothing can be told to be new."""
    assert found(told(), alike(4), known) == []


def test_two_people_are_none() -> None:
    """The same posts; whoever passes one on is a third."""
    posts, vectors = told(authors=2), alike(4)
    assert found(posts, vectors) == []
    assert found(posts, vectors, repeats=[["somebody"]]) == [[0, 1, 2, 3]]


def test_posts_that_have_only_the_name_in_common_are_none() -> None:
    """A word of several senses."""
    assert found(told(), np.eye(64, dtype=np.float32)[:4]) == []


def test_two_texts_that_many_pass_on_are_a_topic_when_they_tell_the_same() -> None:
    """Of so few texts each must be like the other: between `COHERENT` and `TOLD_ALIKE` they are not."""
    repeats = [["somebody", "anybody"], ["nobody"]]
    apart = np.zeros((2, 64), dtype=np.float32)
    apart[0, 0], apart[1, :2] = 1.0, (0.45, np.sqrt(1 - 0.45**2))
    assert found(told(SAID[:2]), alike(2), repeats=repeats) == [[0, 1]]
    assert found(told(SAID[:2]), apart, repeats=repeats) == []


def test_posts_with_a_wall_of_hashtags_count_when_their_sentence_has_the_name() -> None:
    """A feed tells of it too; a name in the wall alone is where a post is filed."""
    wall = "#ai #boats #rivers #fog #yards #steam #bigdata #data #ml #iot #5g"
    assert found(told([f"{text} {wall}" for text in SAID]), alike(4)) == [[0, 1, 2, 3]]
    assert found(told([f"Look {wall} #Glowbarge number{i}" for i in range(4)]), alike(4)) == []


def test_the_outcome_depends_on_the_set_of_posts() -> None:
    """Whatever their order."""
    posts, vectors, order = told(), alike(4), [2, 0, 3, 1]
    assert found([posts[i] for i in order], vectors[order]) == found(posts, vectors)
