"""Pieces of one story come together by the name that bursts; a name of every week joins nothing."""

from dataclasses import replace

import numpy as np

from models.ranking.coherence import Coherence
from models.ranking.joining import _leading, joined, one_entry_each, terms_of
from models.ranking.publishers import publishers
from models.ranking.vocabulary import Past, Vocabulary, vocabulary
from models.refit.units import Units
from tests.support.made_weeks import direction, embedded, post, week_of

TEXTS = (
    "OrlopDB is out and it is fast on barges",
    "OrlopDB is here: a database for barges",
    "A joke: an OrlopDB walks into a harbour bar",
    "Our OrlopDB lost my cargo list in the fog",
    "More about the fog in the harbour today",
)
NEAR, FAR = 0.35, 0.1  # likeness to the first piece
OTHER_WEEKS = Past({"weather": 4.0, "harbour": 5.0}, 10.0)


def pieces(past: Past) -> tuple[Units, Vocabulary]:
    """Units of the posts 0 and 1, of 2 (a little near to them), of 3 (far), and of 4 (near, without the name)."""
    week = week_of(embedded(post(n, text, author=f"p{n}"), direction("ferry")) for n, text in enumerate(TEXTS))
    cosines = [1.0, 1.0, NEAR, FAR, NEAR]
    own = np.zeros((len(cosines), 1 + len(cosines)))
    for row, cosine in enumerate(cosines):
        own[row, 0], own[row, 1 + row] = cosine, (1 - cosine**2) ** 0.5
    everybody = np.arange(len(cosines))
    groups = [np.array(group, dtype=np.int64) for group in ([0, 1], [2], [3], [4])]
    units = Units(
        everybody, [[n] for n in range(len(cosines))], own, np.zeros(len(cosines)), np.zeros(len(cosines)), groups
    )
    return units, vocabulary(week, publishers(week.posts), past)


def found(past: Past, candidates: range = range(4)) -> list[list[int]]:
    """The units after joining."""
    units, words = pieces(past)
    return [group.tolist() for group in joined(units, units.groups, candidates, words)]


def test_a_bursting_name_joins_what_is_not_far() -> None:
    """Nobody spoke of OrlopDB before, now four do: the joke belongs to it. What is far away may be another story of
    that name, and what has no name in common stays apart."""
    assert found(OTHER_WEEKS) == [[0, 1, 2], [3], [4]]


def test_a_name_of_every_week_joins_nothing() -> None:
    """As many people as always."""
    assert found(Past({"orlopdb": 6.0}, 10.0)) == [[0, 1], [2], [3], [4]]


def test_a_first_week_joins_by_a_name_whose_posts_are_near() -> None:
    """Without earlier weeks every frequent word would be a burst: a name counts when its posts are near each other."""
    first = Past({}, 0.0)
    assert found(first) == [[0, 1], [2], [3], [4]]
    units, words = pieces(first)
    near = replace(units, own=units.own[[0, 1, 2, 2, 4]])
    assert [group.tolist() for group in joined(near, near.groups, range(4), words)] == [[0, 1, 2, 3], [4]]


def test_only_candidates_are_joined() -> None:
    """What scores low stays as it is."""
    assert found(OTHER_WEEKS, range(1)) == [[0, 1], [2], [3], [4]]


def entries(
    order: list[int], people: list[set[str]], most: int = 30, past: Past | None = None, units: Units | None = None
) -> list[list[int]]:
    """The entries of the units in this order, borne by these people."""
    made, words = pieces(past or Past({"orlopdb": 6.0}, 10.0))
    units = units or made
    ordered = [units.groups[place] for place in order]
    coherence = Coherence(units, words, np.arange(len(units.distinct)))
    return one_entry_each(units, ordered, most, words, people, coherence)


def test_no_story_has_two_entries() -> None:
    """Among the entries a shared name is enough, where they are not far; the rest keeps its place."""
    people = [{"p0", "p1"}, {"p2"}, {"p3"}, {"p4"}]
    assert entries([0, 1, 2, 3], people) == [[0, 1], [2], [3]]
    assert entries([0, 1, 2, 3], people, most=1) == [[0, 1]]
    assert entries([0, 3], [people[0], people[3]]) == [[0], [1]]


def test_who_tells_a_story_tells_it_once() -> None:
    """A person's own post on the burst belongs to the entry where the person has a part, whichever ranks first; a post
    on something near it is left out."""
    assert entries([0, 2], [{"p0", "p1"}, {"p1"}], past=OTHER_WEEKS) == [[0, 1]]
    assert entries([2, 0], [{"p1"}, {"p0", "p1"}], past=OTHER_WEEKS) == [[0, 1]]
    assert entries([0, 3], [{"p0", "p1"}, {"p1"}]) == [[0]]
    assert entries([3, 0], [{"p1"}, {"p0", "p1"}]) == [[0, 1]]


def test_a_post_that_is_as_near_as_a_part_is_left_out() -> None:
    """One person's post that is near enough for one unit adds nothing, though it shares no word."""
    units, _ = pieces(OTHER_WEEKS)
    near = replace(units, own=units.own.copy())
    near.own[4] = 0.6 * units.own[0] + 0.8 * units.own[4]
    assert entries([0, 3], [{"p0", "p1"}, {"p4"}], past=OTHER_WEEKS) == [[0], [1]]
    assert entries([0, 3], [{"p0", "p1"}, {"p4"}], past=OTHER_WEEKS, units=near) == [[0]]


def test_a_small_entry_on_a_name_of_its_own_is_left_out() -> None:
    """The story of the burst is told; who adds something far from it tells another story only with enough people."""
    many = Past({"weather": 4.0, "harbour": 5.0}, 1_000.0)
    assert entries([0, 2], [{"p0", "p1"}, {"p3"}], past=many) == [[0]]
    assert entries([0, 2], [{"p0", "p1"}, {"p3", "p5", "p6"}], past=many) == [[0], [1]]


def test_what_is_named_in_passing_joins_nothing() -> None:
    """A unit is joined by its leading terms: a rare name that a list of names holds is none of them."""
    words = pieces(OTHER_WEEKS)[1]
    assert _leading({"orlopdb", "harbour"}, words) == {"orlopdb"}
    assert _leading(set(), words) == set()


def test_a_term_of_a_unit_is_one_of_half_of_its_posts() -> None:
    """One of two is enough."""
    units, words = pieces(OTHER_WEEKS)
    assert "orlopdb" in terms_of(units, np.array([0, 4]), words)
    assert "orlopdb" not in terms_of(units, np.array([4]), words)
