"""The compiled inner loops against plain NumPy. `test_online_topics` tests that batches have no effect."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from models.online import kernels, word_kernels


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_fuse_is_the_weighted_sum(kind: type[np.number]) -> None:
    """To the last bit. A pair that shares several buckets gets all of them."""
    rng = np.random.default_rng(2)
    words, index = (
        csr_matrix(np.rint(4000 * random_array(shape, density=0.2, rng=rng))) for shape in [(9, 40), (40, 30)]
    )
    products = rng.integers(-9_000, 9_000, (9, 30)).astype(kind)
    inverse, scale, factor = rng.random(30, np.float32), rng.random(9, np.float32), np.float32(1e-6)
    said, held = words.astype(np.float32), index.astype(np.float32)
    expected = products.astype(np.float32) * inverse * scale[:, None] + (said @ held).toarray() * factor
    fused = word_kernels.fuse(
        products, inverse, scale, said.indptr, said.indices, said.data, held.indptr, held.indices, held.data, factor
    )
    assert np.array_equal(fused, expected)


def test_unit_rows_are_integers_of_one_length() -> None:
    """Whatever their length. A zero row stays zero; NaN and infinity are reported."""
    rng = np.random.default_rng(4)
    vectors = (rng.normal(size=(50, 19)) * 10.0 ** rng.integers(-20, 20, (50, 1))).astype(np.float32)
    vectors[7] = 0.0
    rows, finite = kernels.unit(vectors, 4096.0)
    assert finite
    assert np.array_equal(rows, np.rint(rows))
    assert not rows[7].any()
    expected = 4096.0 * vectors / np.maximum(np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True), 1e-30)
    assert np.abs(rows - expected).max() <= 2.0  # rounded twice
    for number in (np.nan, np.inf, -np.inf):
        vectors[3, 11] = number
        assert not kernels.unit(vectors, 4096.0)[1]


@pytest.mark.parametrize("width", [1, 5, 8])
def test_parts_of_a_sum_leave_nothing_out(width: int) -> None:
    """Rows of any width, also one that four does not divide."""
    row = np.arange(1, width + 1, dtype=np.float32)
    assert kernels.squared(row) == float((row * row).sum())
    assert kernels.largest(-row, np.zeros(1, np.int32)) == width
    scaled = kernels.scaled(np.stack([row, 0 * row]), np.array([1, 0]), 100.0)
    assert np.linalg.norm(scaled, axis=1) == pytest.approx([0.0, 100.0])


def test_holders_of_the_words_that_are_wanted() -> None:
    """As in the transposed matrix, without other words."""
    table = np.rint(9 * random_array((30, 20), density=0.3, rng=np.random.default_rng(3)).toarray()).astype(np.float32)
    rows, wanted = csr_matrix(table), np.array([2, 3, 11, 3], np.int32)
    starts, lengths = rows.indptr[:-1].astype(np.int64), np.diff(rows.indptr)
    begins, holders, loads = word_kernels.invert(starts, lengths, rows.indices, rows.data, wanted, 20)
    made = csr_matrix((loads, holders, begins), shape=(20, 30)).toarray()
    assert np.array_equal(made[[2, 3, 11]], table.T[[2, 3, 11]])
    assert np.count_nonzero(made) == np.count_nonzero(table.T[[2, 3, 11]])


def test_words_in_one_bucket() -> None:
    """A post has each once, a topic adds them up; a row without words stays empty; rows do not affect one another."""
    buckets, owned = np.array([7, 2, 7, 2]), np.array([0, 3, 3, 4])
    weights = np.arange(10, dtype=np.float64)
    for counts, seven, two in [(np.zeros(0), 7.0, 2.0), (np.array([1.0, 5.0, 3.0, 8.0]), 28.0, 10.0)]:
        begins, indices, data = word_kernels.weigh(buckets, counts, owned, weights, 4000.0)
        assert begins.tolist() == [0, 2, 2, 3]
        assert indices.tolist() == [7, 2, 2]
        expected = np.rint([4000 * seven / np.hypot(seven, two), 4000 * two / np.hypot(seven, two), 4000.0])
        assert data.tolist() == expected.tolist()


def test_pulls_add_up_after_fading() -> None:
    """Several posts of one topic. Other topics stay as they are."""
    sums = np.ones((4, 3), np.float32)
    rows = np.arange(9, dtype=np.float32).reshape(3, 3)
    kernels.pull(sums, np.array([3, 1]), np.array([0.5, 1.0], np.float32), rows, np.array([1, 0, 1]))
    assert sums.tolist() == [[1, 1, 1], [7, 9, 11], [1, 1, 1], [3.5, 4.5, 5.5]]


def test_no_folder_for_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is compiled again instead of failing."""
    njit: Any = numba.njit

    def unwritable(*arguments: Callable[..., Any], **options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*arguments, **options)

    monkeypatch.setattr(numba, "njit", unwritable)

    def double(number: float) -> float:
        return 2 * number

    assert kernels.compiled(double)(2.5) == 5.0
