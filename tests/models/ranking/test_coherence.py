"""Posts that are near each other are one story only when they share more words than posts on different things do."""

import math

import numpy as np
import pytest

from models.ranking.coherence import Coherence
from models.ranking.publishers import publishers
from models.ranking.vocabulary import NO_PAST, vocabulary
from models.refit.units import Units
from tests.support.made_weeks import direction, embedded, post, week_of

STORY = ("Orlop ferry sinks off Brightwater", "The Orlop ferry is gone", "Divers reach the Orlop ferry")
MIXTURE = ("The college of Veering hires a cook", "A prize for painters in Dunmore", "Who mends my roof this autumn")
BESIDE = ("The cook serves plums", "Painters like plums", "A roof of slate", "The autumn is wet", "Divers wear lead")
TEXTS = (*STORY, *MIXTURE, *BESIDE)


def measured(evidence: frozenset[tuple[int, int]] = frozenset(), authors: int = len(TEXTS)) -> Coherence:
    """The coherence of a week in which each post's nearest of another unit is one of `BESIDE`."""
    week = week_of(
        embedded(post(n, text, author=f"p{n % authors}"), direction("ferry")) for n, text in enumerate(TEXTS)
    )
    count = len(TEXTS)
    beside = np.array([len(STORY + MIXTURE) + n % len(BESIDE) for n in range(count)], dtype=np.int64)
    own = np.eye(count)
    units = Units(
        np.arange(count), [[n] for n in range(count)], own, np.zeros(count), np.zeros(count), [], evidence, beside
    )
    return Coherence(units, vocabulary(week, publishers(week.posts), NO_PAST), np.arange(count) % authors)


def test_a_story_shares_more_than_a_mixture() -> None:
    """Three posts about one ferry hold together, three about nothing in common do not."""
    found = measured()
    assert found.holds([0, 1, 2])
    assert not found.holds([3, 4, 5])
    assert found.shared([0, 1, 2]) > found.shared([3, 4, 5]) == 0.0


def test_a_mixture_is_divided() -> None:
    """Each part holds what shares words; every post stays."""
    assert [part.tolist() for part in measured().parts([0, 1, 2, 4])] == [[0, 1, 2], [4]]


def test_evidence_and_one_voice_hold_together() -> None:
    """Posts that share a link need no common word, and neither do those of one author."""
    found = measured(frozenset({(3, 5)}))
    assert [part.tolist() for part in found.parts([3, 4, 5])] == [[3, 5], [4]]
    assert found.holds([3, 5])
    assert not found.holds([3, 4])
    alone = measured(authors=1)
    assert math.isnan(alone.shared([3, 4]))
    assert alone.holds([3, 4])


def test_what_everybody_in_the_group_says_is_not_common() -> None:
    """A word counts by the people outside the group who use it, however many tell the story."""
    found = measured()
    assert found.shared([0, 1, 2]) == pytest.approx(found.shared([0, 1]), rel=0.5)


def test_two_groups_meet_by_a_pair() -> None:
    """One post of each is enough."""
    found = measured()
    assert found.meet([0, 3], [1])
    assert not found.meet([3], [4])
