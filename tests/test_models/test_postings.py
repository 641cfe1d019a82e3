"""The inverted index of the topics' words, against a plain table of every pair."""

import numpy as np
import pytest

from models.online.postings import Postings

BUCKETS, CAPACITY = 40, 16


@pytest.mark.parametrize("seed", range(5))
def test_it_holds_what_a_dense_table_holds(seed: int) -> None:
    """Whatever is added and dropped, read now and then in between."""
    rng = np.random.default_rng(seed)
    postings, table = Postings(BUCKETS, CAPACITY), np.zeros((BUCKETS, CAPACITY), np.float32)
    for _ in range(60):
        slots = rng.choice(CAPACITY, rng.integers(0, 4), replace=False)
        postings.drop(slots.tolist())
        table[:, slots] = 0
        for slot in slots[rng.random(len(slots)) < 0.7]:
            buckets = rng.choice(BUCKETS, rng.integers(0, 6), replace=False)
            weights = rng.integers(1, 4000, len(buckets)).astype(np.float32)
            postings.put([int(slot)], np.array([len(buckets)]), buckets, weights)
            table[buckets, slot] = weights
        if rng.random() < 0.5:
            assert np.array_equal(postings.index().toarray(), table)
            some = rng.permutation(CAPACITY)[: rng.integers(0, CAPACITY)]
            assert np.array_equal(postings.of(some.tolist()).toarray(), table[:, some].T)


def test_a_slot_holds_any_number_of_words() -> None:
    """Several slots at once, one of them with more words than there was room for; more slots change nothing."""
    postings, words = Postings(500, 4), np.random.default_rng(1).permutation(500)
    postings.put([0, 3, 1], np.array([2, 400, 0]), words[:402], np.arange(1, 403, dtype=np.float32))
    postings.grow(4)
    table = postings.index().toarray()
    assert table.shape == (500, 8)
    assert table[words[:2], 0].tolist() == [1.0, 2.0]
    assert table[words[2:402], 3].tolist() == list(range(3, 403))
    assert np.count_nonzero(table) == 402
