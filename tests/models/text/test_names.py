"""Names are recognised by their spelling."""

import pytest

from models.text.names import NameSpelling

TEXTS = [
    "We tried CodeNet today and the code is good",
    "I think codenet is what the people in Colorado need, said nobody",
    "The wav2vec-U paper is out and the Colorado talk was nice",
    "Deep Learning For Smart Cities Explained In Ten Slides",
    "a smart person once said that deep waters are fine",
    "Everyone at ICLR was happy. People at iclr talk a lot",
    "#Banana #Mango and the rest are hashtags of mine, all of them",
]


@pytest.mark.parametrize("word", ["codenet", "wav2vec-u", "iclr", "colorado"])
def test_names(word: str) -> None:
    """A digit or capital inside, or a capital in the middle of sentences."""
    assert NameSpelling([*TEXTS, "The ICLR and CodeNet teams are here, and so am I"]).is_name(word)


@pytest.mark.parametrize("word", ["smart", "deep", "cities", "people", "the", "we", "banana", "unseen"])
def test_no_names(word: str) -> None:
    """Title Case, starts of sentences and hashtags do not count."""
    assert not NameSpelling(TEXTS).is_name(word)


def test_shouting_is_no_name() -> None:
    """A post in capitals says nothing about its words."""
    assert not NameSpelling(["THIS IS SO GREAT EVERYONE LOOK"]).is_name("great")


def test_a_phrase_with_a_name_is_one() -> None:
    """Keywords can be phrases."""
    spelling = NameSpelling(TEXTS)
    assert spelling.is_name("colorado talk")
    assert not spelling.is_name("smart person")


def test_two_characters_name_no_story() -> None:
    """ "AI", "UK" and "5G" are written like names and occur in every week."""
    spelling = NameSpelling(["We like AI in the UK and 5G", "They put AI into 5G in the UK", "but the ICLR is ours"])
    assert not any(map(spelling.is_name, ("ai", "uk", "5g", "new ai")))
    assert spelling.is_name("iclr")
