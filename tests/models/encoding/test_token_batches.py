"""Batches by token budget: every text once, nothing over budget, little padding."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.encoding.token_batches import pad, plan

LENGTHS = st.lists(st.integers(1, 300), max_size=120)


@given(LENGTHS, st.integers(1, 1000), st.integers(1, 50))
def test_every_text_is_in_one_batch_within_the_budget(lengths: list[int], budget: int, most: int) -> None:
    """A partition of the texts, longest first. Only a single text may exceed the budget."""
    batches = plan(lengths, budget, most)
    assert sorted(int(i) for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget
        assert len(batch) <= most
    longest = [max(lengths[i] for i in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=12), min_size=2, max_size=20))
def test_padding_and_halving_keep_every_token(ids: list[list[int]]) -> None:
    """The mask marks exactly the tokens. Two halves contain the whole, without columns of only padding."""
    batch = pad(ids, np.arange(len(ids)), 0)
    assert batch.padded == (len({len(row) for row in ids}) > 1)
    parts = batch.halves()
    assert [int(row) for part in parts for row in part.rows] == list(range(len(ids)))
    for part in (batch, *parts):
        for row, tokens, mask in zip(part.rows, part.ids, part.mask, strict=True):
            assert list(tokens[mask == 1]) == ids[row]
        assert part.mask.any(axis=0).all()


def test_hardly_any_padding_on_posts_of_mixed_length() -> None:
    """Less than a twentieth of the computation; batches in order of arrival waste more than a third."""
    lengths = np.random.default_rng(1).integers(5, 80, 4000).tolist()
    computed = sum(len(b) * max(lengths[i] for i in b) for b in plan(lengths, 512, 64))
    arrival = sum(32 * max(lengths[start : start + 32]) for start in range(0, 4000, 32))
    assert sum(lengths) / computed > 0.95
    assert sum(lengths) / arrival < 0.65
