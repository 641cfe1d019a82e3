"""The compiled inner loops, against the same in plain NumPy; that batches do not matter is in `test_online_topics`."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from models.online import kernels


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_fuse_is_the_weighted_sum(kind: type[np.number]) -> None:
    """To the last bit; a pair that shares several buckets gets all of them."""
    rng = np.random.default_rng(2)
    words, index = (
        csr_matrix(np.rint(4000 * random_array(shape, density=0.2, rng=rng))) for shape in [(9, 40), (40, 30)]
    )
    products = rng.integers(-9_000, 9_000, (9, 30)).astype(kind)
    inverse, scale, factor = rng.random(30, np.float32), rng.random(9, np.float32), np.float32(1e-6)
    said, held = words.astype(np.float32), index.astype(np.float32)
    expected = products.astype(np.float32) * inverse * scale[:, None] + (said @ held).toarray() * factor
    fused = kernels.fuse(
        products, inverse, scale, said.indptr, said.indices, said.data, held.indptr, held.indices, held.data, factor
    )
    assert np.array_equal(fused, expected)


def test_words_in_one_bucket() -> None:
    """A post has each once, a topic adds them up; a row without words stays empty; no row sees the words of another."""
    buckets, owned = np.array([7, 2, 7, 2]), np.array([0, 3, 3, 4])
    weights = np.arange(10, dtype=np.float64)
    for counts, seven, two in [(np.zeros(0), 7.0, 2.0), (np.array([1.0, 5.0, 3.0, 8.0]), 28.0, 10.0)]:
        begins, indices, data = kernels.weigh(buckets, counts, owned, weights, 4000.0)
        assert begins.tolist() == [0, 2, 2, 3]
        assert indices.tolist() == [7, 2, 2]
        expected = np.rint([4000 * seven / np.hypot(seven, two), 4000 * two / np.hypot(seven, two), 4000.0])
        assert data.tolist() == expected.tolist()


def test_pulls_add_up_after_fading() -> None:
    """Several posts of one topic; the other topics stay as they are."""
    sums = np.ones((4, 3), np.float32)
    rows = np.arange(9, dtype=np.float32).reshape(3, 3)
    kernels.pull(sums, np.array([3, 1]), np.array([0.5, 1.0], np.float32), rows, np.array([1, 0, 1]))
    assert sums.tolist() == [[1, 1, 1], [7, 9, 11], [1, 1, 1], [3.5, 4.5, 5.5]]


def test_no_folder_for_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is compiled anew then, instead of failing."""
    njit: Any = numba.njit

    def unwritable(*arguments: Callable[..., Any], **options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*arguments, **options)

    monkeypatch.setattr(numba, "njit", unwritable)

    def double(number: float) -> float:
        return 2 * number

    assert kernels.compiled(double)(2.5) == 5.0
