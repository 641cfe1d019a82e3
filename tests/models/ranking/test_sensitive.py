"""Violence, death and disaster are recognised; the field's figures of speech are not."""

import pytest

from models.ranking.sensitive import is_sensitive, mentions_harm


@pytest.mark.parametrize(
    "text",
    [
        "Eight people were murdered in Springfield last night",
        "Our hearts are with the victims of the attack on the market",
        "A colleague passed away this morning",
        "The earthquake took thousands of homes",
        "Police say a gunman opened fire",
        "Two dead and many hurt after the explosion",
    ],
)
def test_harm(text: str) -> None:
    """Plain words, or two ambiguous ones."""
    assert mentions_harm(text)


@pytest.mark.parametrize(
    "text",
    [
        "How to kill a zombie process in Linux",
        "One-shot and few-shot learners compared",
        "Disaster recovery plans for your cluster",
        "Killer app for edge computing",
        "An adversarial attack on image classifiers",
        "The talk blew me away, dead simple API",
    ],
)
def test_figures_of_speech(text: str) -> None:
    """One ambiguous word is common in this field."""
    assert not mentions_harm(text)


def test_a_topic_needs_several() -> None:
    """One post of ten about a shooting does not make a topic of tools sensitive; four of ten do."""
    calm = ["New release of the plotting library"] * 10
    harm = ["Mass shooting in Springfield"]
    assert not is_sensitive(calm[:9] + harm)
    assert is_sensitive(calm[:6] + harm * 4)
    assert is_sensitive(harm)
    assert not is_sensitive([])
