"""The words of a post: names whole, small talk removed, hosts included; and the key of repeated posts."""

import pytest

from models.events import Link
from models.text import content_key, words
from models.text.words import link_host


def found(text: str, *, links: tuple[str, ...] = (), mentions: tuple[str, ...] = ()) -> tuple[str, ...]:
    return words(text, [Link(url=url) for url in links], mentions)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GPT-Neo beats wav2vec-U at ICLR2021", ("gpt-neo", "beats", "wav2vec-u", "iclr2021")),
        ("C++ and C# and Node.js 3.5", ("c++", "c#", "node.js")),
        ("It's the lab's new state-of-the-art model", ("lab", "new", "state", "art", "model")),
        ("7 ways to win in 2021 with 5G and v2.1", ("ways", "win", "5g", "v2.1")),
        ("tesla recall vehicle woe", ("tesla", "recall", "vehicle", "woe")),
        ("機械学習の論文をGPTで要約した", ("機械", "学習", "論文", "要約", "gpt")),
        ("深圳发布推理芯片", ("深圳", "发布", "推理")),
        ("ประเทศไทยเปิดตัวโมเดลภาษา", ("ประเทศไทย", "เปิด", "ตัว", "โมเดล", "ภาษา")),
        ("모델을 공개", ("모델", "델을", "공개")),
        ("हिन्दी में लेख", ("हिन्दी", "में", "लेख")),
    ],
)
def test_names_stay_whole_and_chatter_goes(text: str, expected: tuple[str, ...]) -> None:
    """Casefolded, in order, without stop words, plain numbers and single letters."""
    assert found(text) == expected


def test_a_hashtag_and_the_word_are_one() -> None:
    """Without its sign. A compound counts as its words and as a whole."""
    assert found("#ICLR2021 starts") == ("iclr2021", "starts") == found("ICLR2021 starts")
    assert found("Why #DeepLearning works") == ("deep", "learning", "works", "deeplearning")


def test_a_wall_is_no_evidence() -> None:
    """Of four or more hashtags only names with digits count, in addition to those in the sentence."""
    assert found("Parsing at #ACL2021. #AI #ML #BigData #IoT #NLP") == ("parsing", "acl2021")


def test_the_words_of_the_cleaned_text_are_those_of_the_post() -> None:
    """A stage may have only the cleaned text."""
    assert found("Graphs for drug discovery") == found("RT @x:Graphs for drug discovery https://t.co/x")


def test_hosts_and_few_mentions_count() -> None:
    """Expanded links by host, without shorteners; up to three mentions, because a longer list is an address."""
    links = ("https://www.arxiv.org/abs/1", "https://t.co/x", "https://bit.ly/y", "not a link", "http://[broken")
    assert found("", links=links) == ("arxiv.org",)
    assert found("", mentions=("@OpenLab", "joe@example.social")) == ("openlab", "joe")
    assert found("", mentions=("a1", "b1", "c1", "d1")) == ()


def test_hosts() -> None:
    """Lower case, without www; "" for hosts that say nothing."""
    assert link_host("HTTPS://WWW.Nature.com/articles/x") == "nature.com"
    assert link_host("https://youtu.be/x") == ""
    assert link_host("https://localhost/x") == ""
    assert link_host("") == ""


def test_repeated_posts_share_a_key() -> None:
    """A retweet, a copy with another link, and a truncated retweet, if it is long enough."""
    long = "A very long headline about the way in which graph networks changed the search for new antibiotics, and"
    original = f"{long} what comes next in the laboratory https://t.co/a #AI"
    assert content_key(f"RT @x:{original}") == content_key(original.replace("/a", "/b"))
    assert content_key(f"RT @x: {long} wha…") == content_key(original)
    assert content_key("Graphs!") == content_key("graphs https://t.co/c")
    assert content_key("Graphs") != content_key("Trees")
    assert content_key("👍 https://t.co/c") == ""
