"""The cleaned text: what is removed, what stays, and that no string raises."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Kind, Link
from models.text import clean, content_key, hashtag_wall, hashtags, retweeted, split_hashtag, words
from models.text.characters import visible

KINDS: list[Kind] = ["original", "retweet", "quote", "reply"]
# the pieces that cleaning deals with, joined in any order with other text
PIECES = st.sampled_from(
    [
        "RT @a_b: ",
        "RT @a:",
        "#AI",
        "#MachineLearning",
        "＃日本",
        "#1",
        "#",
        "##x",
        "@you",
        ".@you",
        "@a.b.social",
        "@m@h.org",
        "@",
        "https://t.co/abc",
        "https:/…",
        "www.x.org",
        "cc ",
        "via ",
        "&amp;",
        "&amp;amp;lt;",
        "&#38;",
        "&",
        ";",
        "…",
        "-",
        "——",
        "\n",
        " ",
        "\u200b",
        "\u202e",
        "\x00",
        "\ud800",
        "e\u0301",
        "\u0301",
        "I'm ",
        "word",
        "of ",
        ", ",
        ": ",
        ". ",
        "(",
        "👍",
        "नमस्ते",
        "中文",
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join))


def cleaned(text: str, kind: Kind = "original", links: tuple[Link, ...] = ()) -> str:
    return clean(text, kind=kind, links=links)


@given(TEXTS, st.sampled_from(KINDS), TEXTS)
def test_any_text_gives_a_clean_one(text: str, kind: Kind, title: str) -> None:
    """No control, format or lone surrogate character; single spaces; NFC; and cleaning again changes nothing."""
    links = [Link(url="https://example.org", title=title)]
    result = clean(text, kind=kind, links=links)
    assert not {unicodedata.category(c) for c in result} & {"Cc", "Cf", "Cs", "Co"}
    assert result == " ".join(result.split())
    assert unicodedata.is_normalized("NFC", result)
    assert clean(result, kind=kind, links=links) == result


@given(TEXTS, TEXTS)
def test_the_other_readings_never_raise(text: str, name: str) -> None:
    """Words, wall, key and retweet of any string have the documented form."""
    found = words(text, [Link(url=name)], [name])
    assert len(set(found)) == len(found)
    assert all(word and word == word.casefold() and not set(word) & set(" \t\n#@") - {"#"} for word in found)
    assert 0.0 <= hashtag_wall(text) <= 1.0
    assert len(content_key(text)) <= 100
    assert retweeted(text) is None or text.endswith((retweeted(text) or ("", ""))[1])
    assert all(hashtags(text))


def test_every_invisible_character_goes() -> None:
    """The table of ranges has all control, format, surrogate and private characters that Python knows."""
    hidden = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) in ("Cc", "Cf", "Cs", "Co")]
    left = visible("".join(c for c in hidden if not c.isspace()))
    assert left == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RT @someone: Graphs are back", "Graphs are back"),
        ("RT @someone:Graphs are back", "Graphs are back"),
        ("RT @one: RT @two:Graphs are back", "Graphs are back"),
        ("rt @someone graphs are back", "graphs are back"),
        ("R&amp;amp;D &amp;lt;3 &quot;x&quot;", 'R&D <3 "x"'),
        ("Look https://t.co/abc123 here http://example.org/a?b=c", "Look here"),
        ("A cut link https://t.…", "A cut link"),
        ("A cut link https:/…", "A cut link"),
        ("Pick a card\u202egnp.exe\u202c\u200b now", "Pick a cardgnp.exe now"),
        ("cafe\u0301  au\nlait", "café au lait"),
    ],
)
def test_what_carries_no_meaning_goes(text: str, expected: str) -> None:
    """Both retweet prefixes, layers of escaping, links, invisible characters."""
    assert cleaned(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A new era of parsing. #AI #NLP #BigData #IoT https://t.co/x", "A new era of parsing."),
        ("A new era of parsing https://t.co/x #AI #NLP via @someone https://t.co/y", "A new era of parsing"),
        ("#AI #NLP #BigData A new era of parsing", "A new era of parsing"),
        ("New results\n\n#AI #NLP #ML @one @two @three\n\nMore inside", "New results More inside"),
        ("A new era\n————\n#AI #NLP", "A new era"),
        ("Why #MachineLearning fails in #healthcare settings", "Why Machine Learning fails in healthcare settings"),
        ("The trouble with #DeepLearning", "The trouble with Deep Learning"),
        ("What happens next in #AI? #ML #IoT #Tech", "What happens next in AI?"),
        ("We use #Python, #Rust, #Go and #Julia daily", "We use Python, Rust, Go and Julia daily"),
        ("The #1 reason to write tests", "The #1 reason to write tests"),
    ],
)
def test_the_wall_goes_and_the_word_stays(text: str, expected: str) -> None:
    """A hashtag is removed as a label and kept as a word of the sentence."""
    assert cleaned(text) == expected


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("@one thanks for the dataset", "reply", "thanks for the dataset"),
        ("@one @two @three thanks for the dataset", "original", "thanks for the dataset"),
        ("@OpenLab releases its dataset", "original", "Open Lab releases its dataset"),
        (".@OpenLab releases its dataset", "reply", "Open Lab releases its dataset"),
        ("A talk by @JaneDoe on maps", "original", "A talk by Jane Doe on maps"),
        ("A good talk on maps cc @one @two @three", "original", "A good talk on maps"),
        (
            "Posted by @jane.bsky.social and @joe@example.social today",
            "original",
            "Posted by jane.bsky.social and joe today",
        ),
        ("Mail me at someone@example.org", "original", "Mail me at someone@example.org"),
    ],
)
def test_people_addressed_go_and_people_spoken_of_stay(text: str, kind: Kind, expected: str) -> None:
    """A list of handles is an address; a handle inside a sentence is a name."""
    assert cleaned(text, kind) == expected


def test_an_empty_sentence_falls_back_to_titles_then_to_hashtags() -> None:
    """In this order: the first title with words, the hashtags' words, nothing."""
    wall = "#DeepLearning #AI #Maps https://t.co/x"
    titled = (
        Link(url="https://a.org"),
        Link(url="https://b.org", title="…"),
        Link(url="https://c.org", title="A &amp; B #x"),
    )
    assert cleaned(wall, links=titled) == "A & B x"
    assert cleaned(wall) == "Deep Learning AI Maps"
    assert cleaned("👍 https://t.co/x") == ""
    assert cleaned("") == ""


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("#MachineLearning", "Machine Learning"),
        ("AIEthics", "AI Ethics"),
        ("100DaysOfCode", "100 Days Of Code"),
        ("ICLR2021", "ICLR2021"),
        ("COVID19", "COVID19"),
        ("GPUs", "GPUs"),
        ("PyTorch", "PyTorch"),
        ("NeurIPS2021", "NeurIPS2021"),
        ("IoTCommunity", "IoT Community"),
        ("snake_case_tag", "snake case tag"),
        ("3DPrinting", "3D Printing"),
        ("ÜberMaschinenÄra", "Über Maschinen Ära"),
        ("機械学習", "機械学習"),
        ("eBook", "eBook"),
    ],
)
def test_hashtags_split_where_their_writer_meant(tag: str, expected: str) -> None:
    """Words at inner capitals; names with digits, plurals and known names stay whole."""
    assert split_hashtag(tag) == expected


def test_a_retweet_names_its_author() -> None:
    """Both forms. "RT" inside a sentence is no retweet."""
    assert retweeted("RT @Some_One: hello") == ("Some_One", "hello")
    assert retweeted("RT @x:hello") == ("x", "hello")
    assert retweeted("please RT @x: hello") is None


def test_the_share_of_hashtags() -> None:
    """Letters in hashtags over all letters; links, handles and the retweet's prefix are not counted."""
    assert hashtag_wall("no tags here") == 0.0
    assert hashtag_wall("#AI #ML https://t.co/x @you") == 1.0
    assert hashtag_wall("RT @x:abcd #efgh") == pytest.approx(0.5)
    assert hashtag_wall("") == 0.0


def test_cleaning_is_linear() -> None:
    """Texts that would make a backtracking expression hang: 30,000 characters each, within the time of the suite."""
    for piece in (
        "#",
        "@",
        "RT @a: ",
        "&amp;",
        "&#38;",
        "#a ",
        "- ",
        "…",
        "https:",
        "a.",
        "@a.",
        "#1",
        "(",
        "\n#a",
        "'",
        "​",
    ):
        text = piece * (30_000 // len(piece))
        clean(text, kind="reply", links=[])
        words(text, [], [])
        hashtag_wall(text)
        content_key(text)
