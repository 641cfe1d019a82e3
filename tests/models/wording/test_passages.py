"""What of a post may be quoted: verbatim, without links, credits and walls of tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.plain import plain
from models.wording.passages import MAX_CHARACTERS, Passage, passages, retweeted_handle, verbatim
from models.wording.quotations import quality


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RT @ada0: Depth maps are cheap now. https://t.co/AbCdEfGhIj #AI #ML #CV", ["Depth maps are cheap now."]),
        ("Depth maps are cheap now via @bo1 @cy2\n\n#AI #BigData", ["Depth maps are cheap now"]),
        ("How far can you push AI to #write #software", ["How far can you push AI to #write #software"]),
        ("How far can software be pushed by #AI", ["How far can software be pushed by #AI"]),
        ("@ada0 @bo1 the horizon came out bent on every frame", ["the horizon came out bent on every frame"]),
        ("A line that goes\n\non in lower case is one", ["A line that goes\n\non in lower case is one"]),
        ("💥 The kelp cable is laid!", ["The kelp cable is laid!"]),
        ("Terms & conditions of the kelp cable", ["Terms & conditions of the kelp cable"]),
        ("Paper: https://t.co/AbCdEfGhIj", []),
        ("#AI #ML #BigData @bo1 @cy2", []),
        ("Dr. Birch measured the kelp cable twice today.", ["Dr. Birch measured the kelp cable twice today."]),
        ("Kelp cables carry more than copper | The Harbour Post", ["Kelp cables carry more than copper"]),
        ("What the kelp cable carried last night [Video]", ["What the kelp cable carried last night"]),
        ("NEW: the kelp cable carries light over eleven miles", ["the kelp cable carries light over eleven miles"]),
        ("{kelp} @bo1 4.0 is on the shelves now", ["{kelp} @bo1 4.0 is on the shelves now"]),
        ("Kelp cables are strong - much stronger than rope", ["Kelp cables are strong - much stronger than rope"]),
        ("The harbour must stop selling kelp data: https://t.co/a", ["The harbour must stop selling kelp data"]),
        ("The coast guard declares the bay kelp-free: https://t.co/a", ["The coast guard declares the bay kelp-free"]),
        ("The kelp is worth Oct. 5 million crowns", ["The kelp is worth Oct. 5 million crowns"]),
        ("The bay is safe for everybody - Not For Kelp", ["The bay is safe for everybody - Not For Kelp"]),
        ("The cable was laid by everybody but @bo1", ["The cable was laid by everybody but @bo1"]),
        ("The kelp is out on https://t.co/a, the Bay", ["The kelp is out on https://t.co/a, the Bay"]),
        ("The story (https://t.co/a) of the kelp", ["The story (https://t.co/a) of the kelp"]),
        ("2/5 The kelp cable carries light again.", ["The kelp cable carries light again."]),
        ("Kelp Cables for\nEvery Single House\nabs: https://t.co/a", ["Kelp Cables for\nEvery Single House"]),
        ("“Kelp carries light over the bay” — Ada Birch", ["“Kelp carries light over the bay” — Ada Birch"]),
        ('"Kelp carries light over the bay."', ["Kelp carries light over the bay."]),
        ("This is a (public!) Cable Lecture by the sea.", ["This is a (public!) Cable Lecture by the sea."]),
        (
            "港の海底ケーブルがきのう全長十一マイルにわたって敷設され、今朝から光を運び始めたと港湾局が発表した。次は湾の反対側だ！",
            [
                "港の海底ケーブルがきのう全長十一マイルにわたって敷設され、今朝から光を運び始めたと港湾局が発表した。",
                "次は湾の反対側だ！",
            ],
        ),
    ],
)
def test_what_is_quoted(text: str, expected: list[str]) -> None:
    """Each case is a way in which posts are written."""
    assert [passage.text for passage in passages(text)] == expected


@pytest.mark.parametrize(
    ("text", "quotable"),
    [
        ("{kelp} 4.0 carries columns of light over eleven miles", True),
        ("The kelp cable (all eleven miles [of it]) carries light", True),
        ("The kelp cable carries light over eleven miles :)", True),
        ("Two things: 1) the kelp cable is laid (at last), 2) it carries light", True),
        ("1)The kelp cable is laid over eleven miles", True),
        ("kelp} 4.0 carries columns of light over eleven miles", False),
        (") the kelp cable carries light over eleven miles", False),
        ("The kelp cable carries light {{ over eleven miles }", False),
        ("The kelp cable carries light over eleven miles (of", False),
        ("The kelp cable [carries light) over eleven miles", False),
    ],
)
def test_a_fragment_of_a_bracket_is_not_quoted(text: str, quotable: bool) -> None:
    """What was opened elsewhere or is never closed was cut out of something; faces and numbered points were not."""
    assert (quality(Passage(text, 0), 1.0) > 0) is quotable


def test_a_cut_off_post_is_known_to_be_incomplete() -> None:
    """Old retweets end in the middle of a word with an ellipsis."""
    first, second = passages("RT @ada0: The kelp cable carries light over eleven miles. The second cable will be lo…")
    assert (first.complete, second.complete) == (True, False)


def test_a_cut_off_sentence_ends_with_its_last_whole_clause() -> None:
    """Where enough is left to be quoted; the mark of the cut says that there is more."""
    (found,) = passages(
        "RT @ada0: The kelp cable carries light over eleven miles of cold water, and the second cable wil…"
    )
    assert found.text == "The kelp cable carries light over eleven miles of cold water …"
    assert not found.complete


def test_the_author_of_a_retweet_stands_in_its_prefix() -> None:
    """With or without a space after the colon."""
    assert retweeted_handle("RT @ada0:Depth maps") == "ada0"
    assert retweeted_handle("Depth maps") is None


@given(st.text(max_size=600), st.booleans())
def test_passages_are_verbatim_and_bounded(text: str, answer: bool) -> None:
    """Law 6, for whatever text."""
    for passage in passages(text, answer):
        assert verbatim(passage.text) in plain(text)
        assert passage.text == passage.text.strip() != ""
        assert len(passage.text) <= MAX_CHARACTERS


@pytest.mark.parametrize(
    "part", ["paper ", "paper:", "paper" + ":" * 40, "!", "@a ", "#b ", ". ", "\n", "(", "https://", "\u202e"]
)
@pytest.mark.timeout(120)
def test_the_longest_hostile_text_is_cut_in_no_time(part: str) -> None:
    """30,000 characters against every expression with a repetition; a quadratic one would take minutes."""
    passages((part * 30_000)[:29_999] + "x")


def test_a_bracket_that_never_closes_is_not_quoted() -> None:
    """What stands before it is a sentence of its own."""
    (told,) = passages(
        "The lighthouse admits that its lamp is biased towards ships [ so do something about it https://a.example"
    )
    assert told.text == "The lighthouse admits that its lamp is biased towards ships …"
    (closed,) = passages("The lighthouse admits that its lamp (the old one) is biased [towards ships]")
    assert closed.text.startswith("The lighthouse admits that its lamp (the old one) is biased")


def test_a_link_and_the_call_to_read_on_are_no_words_of_a_sentence() -> None:
    """Some feeds end every post with them."""
    assert [one.text for one in passages("What the storm left of the pier https://a.example/1, see more")] == [
        "What the storm left of the pier"
    ]


def test_a_link_in_brackets_at_the_end_is_no_part_of_the_sentence() -> None:
    """It is shown apart."""
    found = passages("The results are in a new harbour paper (https://t.co/abcdefghij)")
    assert [one.text for one in found] == ["The results are in a new harbour paper"]


def test_a_greeting_is_not_joined_to_the_sentence_behind_it() -> None:
    """A short sentence that names something is."""
    assert passages("Thanks to you all! The harbour is open to every barge.")[-1].text == (
        "The harbour is open to every barge."
    )
    assert len(passages("Meet LanternNet. It lights the harbour for every barge.")) == 1
