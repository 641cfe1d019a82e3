"""Pairs of words, and posts that are too slight to found a topic."""

import pytest

from models.text import clean, spoken_words
from models.text.pairs import MOST, word_pairs
from models.text.slight import is_slight


def test_pairs_are_names_however_they_are_written() -> None:
    """Hyphens are spaces, versions stay, function words and punctuation part them."""
    assert word_pairs("GPT-5.5 is out") == ("gpt 5.5",)
    assert word_pairs("gpt 5.5 and Auto Mode") == ("gpt 5.5", "auto mode")
    assert word_pairs("The cat, dog of mine. Fine day") == ("fine day",)
    assert word_pairs("state-of-the-art") == ()
    assert word_pairs("1 2 3 4") == ()


def test_pairs_of_a_long_text_are_bounded() -> None:
    """A wall of words costs no more than a post."""
    assert len(word_pairs(" ".join(f"a{k} b{k}" for k in range(5_000)))) == MOST


@pytest.mark.parametrize(
    ("text", "slight"),
    [
        ("WOW", True),
        ("yup", True),
        ("https://a.example https://b.example", True),
        ("So true! https://a.example", True),
        ("Read this #AI #ML #DataScience #IoT #BigData #Python #Cloud", True),
        ("Claude Code can control your computer now", False),
        ("The broker lost its disk last night, and every replica with it #kafka", False),
        ("นี่คือประโยคภาษาไทยที่ไม่มีช่องว่างระหว่างคำ", False),
    ],
)
def test_what_is_slight(text: str, slight: bool) -> None:
    """A word or two, links, walls of hashtags; not a sentence, in whatever script."""
    cleaned = clean(text, kind="original", links=[])
    assert is_slight(text, cleaned, spoken_words(cleaned)) is slight
