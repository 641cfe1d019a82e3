"""The news of an announcement, without the words that only announce."""

import pytest

from models.wording.announcement import announced


@pytest.mark.parametrize(
    ("sentence", "news"),
    [
        ("Today we are announcing our work on reading tide tables by ear!", "Reading tide tables by ear"),
        ("We are presenting Safe Moorings for Barges at @quayconf today!", "Safe Moorings for Barges at @quayconf"),
        ("Super excited to launch OrlopDB, our first database for barges", "OrlopDB, our first database for barges"),
        ("We’re really excited to be announcing OrlopDB today.", "OrlopDB"),
        ("Introducing Charts on Orlop!", "Charts on Orlop"),
        ('I am presenting our work "Moorings in Ice" at Quay right now!', '"Moorings in Ice" at Quay'),
        ("We're exploring ways to name a barge by its hull", "Exploring ways to name a barge by its hull"),
        ("Judging by my mail there is a growing gap in the wall", "There is a growing gap in the wall"),
        ("Turns out that the tide waits for nobody", "The tide waits for nobody"),
        ("Our paper is out: barges drift less at night", "Barges drift less at night"),
        ("New paper with Bo: barges drift less at night", "Barges drift less at night"),
        ("Our opening keynote: Bo Castell on barges in fog", "Bo Castell on barges in fog"),
        ("Check out my new blog post on mooring by ear", "Mooring by ear"),
        ("@bo: 'The harbour is open again'", "The harbour is open again"),
        ("Bo Castell and I are presenting our virtual poster on tides", "Virtual poster on tides"),
    ],
)
def test_the_news_of_an_announcement_is_kept(sentence: str, news: str) -> None:
    """The words that only announce go, and so does the day at its end."""
    assert announced(sentence) == news


@pytest.mark.parametrize(
    "sentence",
    [
        "Shared moorings are cheaper",
        "Sharing is caring",
        "We released OrlopDB 4.6 just two months ago.",
        "I'm happy to announce that we won",
        "The harbour announces new rules",
        "I'm on the quay in July",
        "We are going to open the harbour",
        "The study on barges was never published",
    ],
)
def test_other_sentences_stay(sentence: str) -> None:
    """A word of announcement alone is no announcement of something."""
    assert announced(sentence) == sentence
