"""Labels read like section titles and occur in the posts."""

from collections.abc import Sequence

import pytest

from models.wording.label import labels
from models.wording.word_use import WordUse
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, post, story_of, week_of

BACKGROUND = (
    "Nobody needs a dashboard for that, said the manager", "The office is cold and the coffee is gone",
    "We have to avoid silly meetings about data", "Will we avoid the next outage? Data says no",
    "Machine learning in the kitchen: data about soup", "A chart of machine learning jobs in the garden",
)  # fmt: skip


def _label(texts: Sequence[str], words: Sequence[str]) -> str:
    week = week_of([post(n, text, author=n % 6) for n, text in enumerate((*texts, *BACKGROUND))])
    story = story_of(week, range(len(texts)), words)
    return labels(week, [story], background=range(len(week)))[0].text


@pytest.mark.parametrize(
    ("texts", "words", "expected"),
    [
        (
            ("The Marlow spa shootings were an attack on women", "After the Marlow spa shootings I cannot work",
             "Marlow mourns", "Donate for Marlow families"),
            ["marlow", "shootings", "spa"],
            "Marlow Spa Shootings",
        ),
        (
            ("#lumen2vec is out", "lumen2vec beats our baseline", "We trained lumen2vec on whale song"),
            ["lumen2vec", "whale"],
            "lumen2vec",
        ),
        (
            ("Shoes that help the blind avoid obstacles: ultrasonic shoes at work",
             "Ultrasonic shoes for blind walkers",
             "My uncle tests ultrasonic shoes"),
            ["ultrasonic", "shoes", "blind"],
            "Ultrasonic Shoes",
        ),
        (
            ("Quarterly report on #TidalRobotics", "Why tidal robotics matters", "A start-up for tidal robotics"),
            ["tidal", "robotics"],
            "Tidal Robotics",
        ),
        (
            ("data about soup and machine learning, and Project Loom", "machine learning with Project Loom, data",
             "Project Loom, data"),
            ["data", "machine learning", "loom"],
            "Project Loom",
        ),
        (
            ("Everything we saw at Marlow Build 2024 so far", "Marlow Build 2024 is starting now, says my friend",
             "We build sheds on Sundays and went to Marlow Build 2024"),
            ["marlow", "build"],
            "Marlow Build 2024",
        ),
        (
            ("Marlow Loom 2024: all that we learned", "Marlow Loom 2024 is starting now", "MA again",
             "MA says its keynote went well", "At MA everybody sings", "MA opens its doors"),
            ["loom", "ma", "marlow"],
            "Marlow Loom 2024",
        ),
        (
            ("What Marlow flood destroyed", "A valley that the Marlow flood destroyed", "Marlow flood destroyed all"),
            ["marlow flood", "flood destroyed"],
            "Marlow Flood",
        ),
        (
            ("on the danger of stochastic herons", "stochastic herons are loud", "Those herons again"),
            ["herons", "stochastic herons"],
            "Stochastic Herons",
        ),
        (
            ("The BDC now lets fully groomed dogs swim", "Fully groomed dogs can bark again, says the BDC",
             "BDC says cats may deploy on Fridays", "I asked the BDC about my mask", "The BDC has lost its mind"),
            ["bdc", "groomed"],
            "BDC and Fully Groomed Dogs",
        ),
        (
            ("Marlow brings Super Loom to Harbour Raw", "We tried Super Loom in Harbour Raw today",
             "I like Super Loom in Harbour Raw"),
            ["harbour", "raw", "harbour raw", "super loom"],
            "Super Loom in Harbour Raw",
        ),
        (
            ("It sold for $3 million, that quilt", "Three million for a quilt", "A million, and it is a quilt",
             "Who pays a million for it"),
            ["million", "quilt"],
            "Quilt",
        ),
        (
            ("Learning robust soup from lumen2vec", "lumen2vec: learning robust soup", "lumen2vec tastes well"),
            ["robust soup", "lumen2vec"],
            "lumen2vec",
        ),
    ],
)  # fmt: skip
def test_a_label_is_the_phrase_that_tells_the_topic_from_the_week(
    texts: Sequence[str], words: Sequence[str], expected: str
) -> None:
    """Names as written, no verbs, no common words, longer phrases where enough posts use them."""
    assert _label(texts, words) == expected


def test_labels_of_a_week_are_distinct() -> None:
    """Two topics of one subject get different labels, from their other words."""
    found = labels(PLAIN, [LANTERN, HARBOUR, LANTERN])
    assert len({label.text for label in found}) == 3
    assert found[2].text.startswith("LanternNet and ")
    assert all(label.posts for label in found)


def test_a_topic_without_any_phrase_still_has_a_name() -> None:
    """Other scripts, or posts of signs only: words of the topic, else its author."""
    week = week_of([post(n, "!!! ??? 42", author=n) for n in range(3)])
    assert labels(week, [story_of(week, [0, 1, 2], [])])[0].text == "Posts by @ada0"
    assert labels(week, [story_of(week, [0, 1, 2], ["量子", "計算"])])[0].text == "Posts by @ada0"  # other people's
    week = week_of([post(n, "!!! π ??? σ", author=n) for n in range(3)])
    assert labels(week, [story_of(week, [0, 1, 2], ["π", "σ"])])[0].text == "π, σ"


def test_words_keep_the_capitals_that_people_give_them() -> None:
    """Title case that keeps names, and capitals that are no names."""
    use = WordUse(["we like iOS and GPT-Neo", "our NASA friend likes iOS", "some AMAZINGLY loud text"])
    assert use.title("ios and nasa") == "iOS and NASA"
    assert use.title("the state of gpt-neo") == "The State of GPT-Neo"
    assert use.title("amazingly loud") == "Amazingly Loud"
