"""The online topics inside river: river's own checks, and a pipeline."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from river import checks, compose, preprocessing

from models.online.river.clusterer import OnlineClusterer

CHECKS: list[Callable[[Any], Any]] = list(checks.yield_checks(OnlineClusterer()))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: getattr(check, "__name__", None) or check.func.__name__)
def test_rivers_own_check(check: Callable[[Any], Any]) -> None:
    """Every check that river has for a clusterer."""
    check(OnlineClusterer().clone())


def test_in_a_pipeline() -> None:
    """Named features, scaled by river, are placed in the cluster of their group; an unrelated sample in none."""
    rng = np.random.default_rng(0)
    model = compose.Pipeline(preprocessing.StandardScaler(), OnlineClusterer(dimensions=64, join=0.5))
    centres = [{"a": 5.0, "b": -5.0, "c": 0.0}, {"a": -5.0, "b": 0.0, "c": 5.0}]
    for k in range(120):
        model.learn_one({name: value + rng.normal() * 0.3 for name, value in centres[k % 2].items()})
    left, right = (model.predict_one(centre) for centre in centres)
    assert left != right
    assert -1 not in (left, right)


def test_prediction_is_pure() -> None:
    """Prediction founds no cluster for an unrelated sample."""
    model = OnlineClusterer(dimensions=4)
    assert model.predict_one({0: 1.0}) == -1
    model.learn_one({0: 1.0})
    assert model.predict_one({1: 1.0}) == -1
    assert model.predict_one({0: 3.0}) == 0
    assert len(model.topics) == 1
