"""Remembered hashes of words equal new ones, however many there are."""

import pytest

from models.online import lexicon
from models.online.lexicon import WordBuckets


def test_the_same_whether_known_or_new() -> None:
    """Known and new words, twice in one call, in any script, also half a surrogate pair and the empty word."""
    buckets = WordBuckets(1000)
    said = ["ai", "gpt-neo", "", "学习", "\ud800", "ai"]
    expected = [buckets.one(word) for word in said]
    assert all(0 <= bucket < 1000 for bucket in expected)
    assert len(set(expected)) > 3
    for _ in range(2):
        assert buckets.of(said).tolist() == expected
    assert buckets.of(["new", *said]).tolist() == [buckets.one("new"), *expected]
    assert buckets.of([]).tolist() == []


def test_many_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table grows and is cleared when full, even during a call with known words: results do not change."""
    monkeypatch.setattr(lexicon, "KEPT", 5_000)
    monkeypatch.setattr(lexicon, "SMALL", 8)
    buckets = WordBuckets(8192)
    for start in range(0, 12_000, 700):
        words = [f"w{number}" for number in range(max(0, start - 300), start + 700)]
        assert buckets.of(words).tolist() == [buckets.one(word) for word in words]
    assert len(buckets._keys) <= 4 * 5_000
    many = [f"x{number}" for number in range(6_000)]  # more at once than are kept
    assert buckets.of(many).tolist() == [buckets.one(word) for word in many]
