"""The inverted index of the topics' words, against a plain table of every pair."""

import numpy as np
import pytest

from models.online.postings import Postings

BUCKETS, CAPACITY = 40, 16


@pytest.mark.parametrize("seed", range(5))
def test_it_holds_what_a_dense_table_holds(seed: int) -> None:
    """Whatever is added and dropped, read now and then in between."""
    rng = np.random.default_rng(seed)
    postings, table = Postings(BUCKETS), np.zeros((BUCKETS, CAPACITY), np.float32)
    for _ in range(60):
        slots = rng.choice(CAPACITY, rng.integers(0, 4), replace=False)
        postings.drop(slots.tolist())
        table[:, slots] = 0
        for slot in slots[rng.random(len(slots)) < 0.7]:
            buckets = rng.choice(BUCKETS, rng.integers(0, 6), replace=False)
            weights = rng.integers(1, 4000, len(buckets)).astype(np.float32)
            postings.add(np.full(len(buckets), slot), buckets, weights)
            table[buckets, slot] = weights
        if rng.random() < 0.5:
            assert np.array_equal(postings.index(CAPACITY).toarray(), table)
            some = rng.permutation(CAPACITY)[: rng.integers(0, CAPACITY)]
            assert np.array_equal(postings.of(some.tolist()).toarray(), table[:, some].T)


def test_the_index_follows_a_table_that_grows() -> None:
    """Without a change of the words."""
    postings = Postings(BUCKETS)
    postings.add(np.array([3]), np.array([7]), np.array([5.0], np.float32))
    assert postings.index(4).shape == (BUCKETS, 4)
    assert postings.index(8).shape == (BUCKETS, 8)
    assert postings.index(8)[7, 3] == 5.0
