"""What matters in a week: ranks and not thresholds, and a floor that the week itself gives."""

import numpy as np

from models.ranking.ranking import MINUS, PLUS, in_order, percentiles, scores, worth_telling


def week_of_units(count: int, stories: int, seed: int = 1) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """Features of `count` units by chance; the first `stories` have more of everything that counts for a unit."""
    random = np.random.default_rng(seed)
    features = {name: random.random(count) for name in (*PLUS, *MINUS)}
    for name in PLUS:
        features[name][:stories] += 1.0
    return features


def test_only_the_order_within_the_week_counts() -> None:
    """A stream with ten times the people or the likes is ranked alike."""
    features = week_of_units(50, 5)
    larger = features | {name: 10 * features[name] + 3 for name in ("people", "gain", "reach")}
    assert scores(percentiles(features)).tolist() == scores(percentiles(larger)).tolist()


def test_every_part_counts_for_or_against() -> None:
    """The score is the sum of the parts that the event shows."""
    features = week_of_units(20, 0)
    parts = percentiles(features)
    assert set(parts) == {*PLUS, *MINUS}
    assert np.allclose(scores(parts), sum(parts.values()))
    for name in PLUS:
        assert parts[name][int(features[name].argmax())] == parts[name].max()
    for name in MINUS:
        assert parts[name][int(features[name].argmax())] == parts[name].min()


def test_a_week_has_as_many_stories_as_stand_out() -> None:
    """Twelve units of 200 have more of everything; a week of chance has next to none."""
    parts = percentiles(week_of_units(200, 12))
    told = worth_telling(parts, scores(parts), 11)
    assert 12 <= told <= 16
    assert set(in_order(scores(parts))[:12]) == set(range(12))
    nothing = percentiles(week_of_units(200, 0))
    assert worth_telling(nothing, scores(nothing), 11) <= 3
    assert worth_telling({name: np.zeros(0) for name in (*PLUS, *MINUS)}, np.zeros(0), 11) == 0


def test_equal_units_stand_in_the_order_of_the_week() -> None:
    """No matter how sorting works."""
    assert in_order(np.array([1.0, 2.0, 2.0, 0.5])) == [1, 2, 0, 3]
