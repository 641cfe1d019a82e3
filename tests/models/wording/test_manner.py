"""A sentence that reports something to a stranger is worth more than one that asks, appeals, greets or goes on."""

import pytest

from models.wording.manner import clarity, has_verb, speaker

REPORT = "The Kelp Bank closes its harbour branch"


@pytest.mark.parametrize(
    "text",
    [
        "Does the Kelp Bank close its harbour branch?",
        "Add the harbour branch to your Kelp Bank account",
        "Please share the list of Kelp Bank branches",
        "Happy Kelp Bank 4.1 day, with a new harbour branch",
        "Congratulations to the Kelp Bank on its harbour branch",
        "They closed the harbour branch of the Kelp Bank",
        "Still thinking about the harbour branch of the Kelp Bank",
        "To the nine people of the harbour branch",
        "My Kelp Bank talk on the harbour branch is in one hour",
        "I love the harbour branch of the Kelp Bank",
        "The Kelp Bank branch is shockingly good",
        "Grateful to the people of the harbour branch",
        "12:30 Why the Kelp Bank closes its harbour branch",
        "The Kelp Bank harbour branch + its vault",
        "From the Kelp Bank of the harbour we are excited to share",
        "[curated by the harbour branch of the Kelp Bank]",
        "The Kelp Bank, the vault, the quay, the pier, the harbour branch",
    ],
)
def test_a_report_is_clearest(text: str) -> None:
    """Each of these has one fault."""
    assert clarity(text) < clarity(REPORT) == 1.0


def test_a_heading_needs_no_verb() -> None:
    """The title of a paper or a page has none."""
    title = "Counting Barges by Ear: A Study in Fog"
    assert not has_verb(title)
    assert clarity(title, heading=True) == 1.0 > clarity(title)


def test_a_sentence_without_its_subject_is_about_its_speaker() -> None:
    """Posts leave out the "I"."""
    assert speaker("Tried the Orlop-5 barge in fog") == speaker("I tried the Orlop-5 barge in fog") < 1.0


def test_i_is_worth_less_than_we_and_both_less_than_a_name() -> None:
    """Of three sentences on one thing."""
    texts = ("I closed the branch", "We closed the branch", "The Kelp Bank closed the branch")
    assert speaker(texts[0]) < speaker(texts[1]) == speaker("You can close the branch") < speaker(texts[2]) == 1.0


@pytest.mark.parametrize(
    "text", ["Orlop sinks", "The barge was late", "We moor here", "Nobody told us", "Kelp beats coal"]
)
def test_a_verb_is_found(text: str) -> None:
    """By its form, by the word before it, or because it is a verb of news."""
    assert has_verb(text)
