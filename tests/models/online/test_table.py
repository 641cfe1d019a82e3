"""The topics' words by topic and by word, compared with a plain table of all pairs."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.sparse import csr_matrix

from models.online.lexicon import Floats, WordRows
from models.online.table import Postings

BUCKETS, CAPACITY = 40, 16


def row(buckets: npt.NDArray[np.integer], weights: npt.NDArray[np.floating]) -> WordRows:
    """The words of one topic."""
    begins = np.array([0, len(buckets)], np.int32)
    return WordRows(begins, buckets.astype(np.int32), weights.astype(np.float32))


def dense(words: WordRows, columns: int) -> Floats:
    """The same as a plain table."""
    matrix = csr_matrix((words.weights, words.buckets, words.begins), shape=(len(words.begins) - 1, columns))
    return np.asarray(matrix.toarray(), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_it_holds_what_a_dense_table_holds(seed: int) -> None:
    """After any sequence of additions and removals, with reads in between."""
    rng = np.random.default_rng(seed)
    postings, table = Postings(BUCKETS, CAPACITY), np.zeros((BUCKETS, CAPACITY), np.float32)
    every = row(np.arange(BUCKETS), np.ones(BUCKETS))
    for _ in range(60):
        slots = rng.choice(CAPACITY, rng.integers(0, 4), replace=False)
        postings.drop(slots.tolist())
        table[:, slots] = 0
        for slot in slots[rng.random(len(slots)) < 0.7]:
            buckets = rng.choice(BUCKETS, rng.integers(0, 6), replace=False)
            weights = rng.integers(1, 4000, len(buckets)).astype(np.float32)
            postings.put([int(slot)], row(buckets, weights))
            table[buckets, slot] = weights
        if rng.random() < 0.5:
            assert np.array_equal(dense(postings.holders(every), CAPACITY), table)
            some = rng.permutation(CAPACITY)[: rng.integers(0, CAPACITY)]
            assert np.array_equal(dense(postings.of(some.tolist()), BUCKETS), table[:, some].T)


def test_a_slot_holds_any_number_of_words() -> None:
    """Several slots at once, one with more words than the width; further slots change nothing."""
    postings, words = Postings(500, 4), np.random.default_rng(1).permutation(500).astype(np.int32)
    begins = np.array([0, 2, 402, 402], np.int32)
    postings.put([0, 3, 1], WordRows(begins, words[:402], np.arange(1, 403, dtype=np.float32)))
    postings.grow(4)
    table = dense(postings.holders(row(words, np.ones(500))), 8)
    assert table[words[:2], 0].tolist() == [1.0, 2.0]
    assert table[words[2:402], 3].tolist() == list(range(3, 403))
    assert np.count_nonzero(table) == 402
