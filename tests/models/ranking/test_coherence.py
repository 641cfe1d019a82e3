"""Posts that are near each other are one story only when they share more words than posts on different things do."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from models.ranking.coherence import Coherence
from models.ranking.publishers import publishers
from models.ranking.vocabulary import NO_PAST, Past, vocabulary
from models.refit.units import Units
from tests.support.made_weeks import direction, embedded, post, week_of

STORY = ("Orlop ferry sinks off Brightwater", "The Orlop ferry is gone", "Divers reach the Orlop ferry")
MIXTURE = ("The college of Veering hires a cook", "A prize for painters in Dunmore", "Who mends my roof this autumn")
BESIDE = ("The cook serves plums", "Painters like plums", "A roof of slate", "The autumn is wet", "Divers wear lead")
TEXTS = (*STORY, *MIXTURE, *BESIDE)


def measured(
    texts: Sequence[str] = TEXTS,
    evidence: frozenset[tuple[int, int]] = frozenset(),
    authors: int | None = None,
    past: Past = NO_PAST,
) -> Coherence:
    """The coherence of posts that are near each other, but for the last ones, `BESIDE`, each far from all."""
    count = len(texts)
    near = np.repeat([1.0, 0.0], [count - len(BESIDE), len(BESIDE)])
    own = np.column_stack([near, np.eye(count)])
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    authors = authors or count
    week = week_of(
        embedded(post(n, text, author=f"p{n % authors}"), direction("ferry")) for n, text in enumerate(texts)
    )
    beside = np.array([count - len(BESIDE) + n % len(BESIDE) for n in range(count)], dtype=np.int64)
    units = Units(
        np.arange(count),
        [[n] for n in range(count)],
        own,
        np.zeros(count),
        np.zeros(count),
        [],
        evidence,
        beside,
    )
    return Coherence(units, vocabulary(week, publishers(week.posts), past), np.arange(count) % authors)


def divided(found: Coherence, group: Sequence[int]) -> list[list[int]]:
    """The parts of a group."""
    return [part.tolist() for part in found.parts(group)]


def test_a_story_shares_more_than_a_mixture() -> None:
    """Three posts about one ferry share words, three about nothing in common do not."""
    found = measured()
    assert found.shared([0, 1, 2]) > found.shared([3, 4, 5]) == 0.0
    assert math.isnan(measured(authors=1).shared([3, 4]))


def test_a_mixture_is_divided() -> None:
    """Each part holds what shares words; every post stays."""
    assert divided(measured(), [0, 1, 2, 4]) == [[0, 1, 2], [4]]
    assert divided(measured(), [3, 4, 5]) == [[3], [4], [5]]
    assert divided(measured(), [4]) == [[4]]


def test_evidence_holds_together() -> None:
    """Posts that share a link need no common word."""
    assert divided(measured(evidence=frozenset({(3, 5)})), [3, 4, 5]) == [[3, 5], [4]]


def test_one_author_may_tell_two_stories() -> None:
    """Posts of one person are as apart as those of several."""
    assert divided(measured(authors=1), [0, 2, 4]) == [[0, 2], [4]]


def test_what_everybody_in_the_group_says_is_not_common() -> None:
    """A word counts by the people outside the group who use it, however many tell the story."""
    found = measured()
    assert found.shared([0, 1, 2]) == pytest.approx(found.shared([0, 1]), rel=0.5)


VENUE = ("Quaytown hires a baker for the fair", "A strike at the Quaytown mint", "Quaytown loves its poets")
TALK = tuple(f"{text} in the harbour" for text in BESIDE)
HABIT = Past({"quaytown": 8.0, "harbour": 4.0}, 10.0)


def test_a_name_of_every_week_holds_nothing() -> None:
    """Three posts that share only a town which most people name every week are three stories. In a first week the name
    is as rare as any.
    """
    assert divided(measured([*VENUE, *TALK], past=HABIT), [0, 1, 2]) == [[0], [1], [2]]
    assert divided(measured([*VENUE, *TALK]), [0, 1, 2]) == [[0, 1, 2]]


def test_a_name_of_every_week_and_a_rare_word_hold() -> None:
    """The second word tells which of the town's stories it is."""
    texts = ("A strike at the Quaytown mint", "Strikers leave the Quaytown mint", *TALK)
    assert divided(measured(texts, past=HABIT), [0, 1]) == [[0, 1]]


def test_a_name_that_bursts_holds() -> None:
    """Many people name what nobody named before, each with other words, and some name it beside what most use."""
    launch = [f"{word} the OrlopDB" for word in ("Trying", "Laughing at", "Waiting for", "Counting on", "Fearing")]
    found = measured([*launch, *BESIDE], past=HABIT)
    assert found.own_names == {"orlopdb"}
    assert divided(found, range(5)) == [[0, 1, 2, 3, 4]]
    assert measured([*launch, *BESIDE], past=Past({"orlopdb": 4.0}, 10.0)).own_names == frozenset()


def test_in_a_first_week_a_name_of_near_posts_is_its_own() -> None:
    """A company that stands in posts about many things is none."""
    launch = [f"{word} the OrlopDB" for word in ("Trying", "Laughing at", "Waiting for", "Counting on", "Fearing")]
    assert measured([*launch, *BESIDE]).own_names == {"orlopdb"}
    assert measured(["A day", *(f"{text} with OrlopDB" for text in BESIDE)]).own_names == frozenset()


def test_two_groups_meet_by_a_pair() -> None:
    """One post of each is enough."""
    found = measured()
    assert found.meet([0, 3], [1])
    assert not found.meet([3], [4])
