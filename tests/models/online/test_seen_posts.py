"""Seen posts, compared with a simple implementation: a dictionary in order of arrival."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.online import seen_posts
from models.online.seen_posts import SeenPosts


def in_a_dictionary(posts: Sequence[tuple[int, int]], capacity: int) -> tuple[list[str], list[list[int]]]:
    """The result for each post, and the posts kept at the end."""
    kept: OrderedDict[int, int] = OrderedDict()
    said = []
    for key, origin in posts:
        if key in kept:
            said.append("redelivered" if kept[key] == origin else "duplicate")
            continue
        said.append("new")
        kept[key] = origin
        if len(kept) > capacity:
            kept.popitem(last=False)
    return said, [list(pair) for pair in kept.items()]


# hashes that start their search at a few places, including the last of the table, and one with the highest bit
crowded = st.one_of(st.integers(0, 40), st.sampled_from([2**64 - 1, 2**63, 15, 31, 47, 63]))


@given(st.lists(st.tuples(crowded, st.integers(0, 2)), max_size=120), st.integers(1, 9), st.integers(0, 120))
def test_as_in_a_dictionary(posts: list[tuple[int, int]], capacity: int, cut: int) -> None:
    """With collisions, forgotten and repeated posts, and a save and restore in between."""
    said, kept = in_a_dictionary(posts, capacity)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_posts, "_hash", lambda text: np.uint64(int(text)))
        seen = SeenPosts(capacity)
        found: list[Any] = [seen.see(str(key), str(origin)) for key, origin in posts[:cut]]
        seen = SeenPosts.from_array(seen.to_array(), capacity)
        found += [seen.see(str(key), str(origin)) for key, origin in posts[cut:]]
        assert found == said
        assert seen.to_array().tolist() == kept
        assert len(seen) == len(kept)
        keys = [key for key, _ in kept]
        assert all((str(key) in seen) == (key in keys) for key in {key for key, _ in posts})


def test_the_oldest_is_forgotten() -> None:
    """Ids and origins are hashed on arrival."""
    seen = SeenPosts(capacity=3)
    for number in range(5):
        assert seen.see(f"p{number}", f"0:{number}") == "new"
    assert len(seen) == 3
    assert seen.see("p4", "0:9") == "duplicate"
    assert seen.see("p4", "0:4") == "redelivered"
    assert seen.see("p0", "0:0") == "new"


def test_memory_is_taken_at_the_start() -> None:
    """Arrays of one size, full or not (law 4): 24 to 32 bytes a post."""
    seen = SeenPosts(1000)
    arrays: list[npt.NDArray[Any]] = [seen._keys, seen._origins, seen._table]
    for number in range(2500):
        seen.see(f"p{number}", "0:1")
    assert all(now is then for now, then in zip([seen._keys, seen._origins, seen._table], arrays, strict=True))
    assert sum(array.nbytes for array in arrays) <= 32 * 1000


def test_of_more_posts_than_are_kept_the_last() -> None:
    """The state of a version that kept more."""
    rows = np.arange(20, dtype=np.uint64).reshape(10, 2)
    assert SeenPosts.from_array(rows, 4).to_array().tolist() == rows[-4:].tolist()
    with pytest.raises(ValueError, match="instead of uint64"):
        SeenPosts.from_array(rows.reshape(-1), 4)
