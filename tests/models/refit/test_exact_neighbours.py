"""The nearest posts and the similar pairs equal those of the whole product, whatever the tiles."""

import numpy as np
import numpy.typing as npt
import pytest

from models.refit import exact_neighbours, near_duplicates
from models.refit.exact_neighbours import neighbours
from models.refit.features import LEXICAL_DIMENSIONS
from models.refit.near_duplicates import DIRECTIONS, SimilarPairs

Matrix = npt.NDArray[np.float32]


def unit(rows: npt.NDArray[np.float64]) -> Matrix:
    """The rows at length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def made_features(posts: int) -> Matrix:
    """Vectors with a few words appended."""
    random = np.random.default_rng(posts)
    words = random.normal(size=(posts, LEXICAL_DIMENSIONS)) * (random.random((posts, LEXICAL_DIMENSIONS)) < 0.02)
    return unit(np.hstack([random.normal(size=(posts, 12)), words]))


@pytest.mark.parametrize("posts", [3, 64, 65, 200])
def test_neighbours_are_those_of_the_whole_product(posts: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a partial last tile, and a bound from a few of the posts."""
    monkeypatch.setattr(exact_neighbours, "TILE", 16)
    monkeypatch.setattr(exact_neighbours, "SOME", 20)
    matrix = made_features(posts)
    whole = 1 - matrix.astype(np.float64) @ matrix.T.astype(np.float64)
    np.fill_diagonal(whole, -1)
    count = min(7, posts)
    indices, distances = neighbours(matrix, count)
    assert indices.tolist() == np.argsort(whole, axis=1, kind="stable")[:, :count].tolist()
    assert np.allclose(distances, np.clip(np.sort(whole, axis=1)[:, :count], 0, 2), atol=1e-6)


def test_of_neighbours_as_near_the_first_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four repeated posts: each has its copies in order, from any tile, after itself."""
    monkeypatch.setattr(exact_neighbours, "TILE", 8)
    monkeypatch.setattr(exact_neighbours, "SOME", 8)
    matrix = np.zeros((40, 4 + LEXICAL_DIMENSIONS), dtype=np.float32)
    matrix[np.arange(40), np.arange(40) % 4] = 1
    indices, _ = neighbours(matrix, 5)
    for post, near in enumerate(indices.tolist()):
        others = [copy for copy in range(post % 4, 40, 4) if copy != post]
        assert near == [post, *others[:4]]


@pytest.mark.parametrize("dimensions", [8, DIRECTIONS, 150])
def test_pairs_are_those_of_the_whole_product(dimensions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of rows, then columns, with their cosines. The directions only select candidates."""
    monkeypatch.setattr(near_duplicates, "TILE", 16)
    monkeypatch.setattr(near_duplicates, "PAIRS", 5)
    random = np.random.default_rng(dimensions)
    middles = random.normal(size=(12, dimensions))
    vectors = unit(middles[random.integers(12, size=90)] + random.normal(size=(90, dimensions)) * 0.3)
    rows, columns = np.arange(40, 56), np.flatnonzero(random.random(90) < 0.8)
    whole = vectors[rows].astype(np.float64) @ vectors[columns].T.astype(np.float64)
    one, other, cosine = SimilarPairs(vectors, 0.92).between(rows, columns)
    places = np.nonzero(whole >= 0.92)
    assert 16 < len(places[0]) < whole.size / 2
    assert (one.tolist(), other.tolist()) == (rows[places[0]].tolist(), columns[places[1]].tolist())
    assert np.allclose(cosine, whole[places], atol=1e-12)


def test_pairs_that_differ_only_off_the_main_directions_are_none() -> None:
    """Their bound reaches the similarity, their cosine does not."""
    vectors = np.zeros((2 * DIRECTIONS + 2, DIRECTIONS + 2), dtype=np.float32)
    vectors[np.arange(2 * DIRECTIONS), np.arange(2 * DIRECTIONS) % DIRECTIONS] = 1
    vectors[-2:, 0], vectors[-2, -2], vectors[-1, -1] = 0.8, 0.6, 0.6
    last_but_one = len(vectors) - 2
    one, other, _ = SimilarPairs(vectors, 0.75).between(np.array([last_but_one]), np.arange(len(vectors)))
    assert (one.tolist(), other.tolist()) == ([last_but_one] * 3, [0, DIRECTIONS, last_but_one])
