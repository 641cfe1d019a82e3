"""Words of the live topics: handles and function words are evidence, but name nothing."""

import pytest

from models.events import Tweet
from models.online.labels import keywords_of, label_of
from models.online.lexicon import Lexicon
from models.online.record import TopicRecord
from models.text import clean, words
from models.text.live_words import bare, live_words
from models.text.stop_words import stop_words_of
from tests.support.made_posts import START as AT
from tests.support.made_posts import tweet


def said(
    text: str, *mentions: str, author: str = "ada", lang: str | None = None, by: str | None = None
) -> tuple[str, ...]:
    """The words of a post. `by` is the author of the post that it retweets."""
    post = Tweet(
        id="1",
        author_id="7",
        author=author,
        created_at=AT,
        text=text,
        kind="retweet" if by else "original",
        related_author=by,
        mentions=[*mentions],
        lang=lang,
    )
    found = live_words(post, clean(text, kind=post.kind, links=[]))
    assert {bare(word) for word in found} == set(words(clean(text, kind=post.kind, links=[]), [], mentions))
    return found


def topic(*posts: tuple[str, ...]) -> TopicRecord:
    """A topic of these posts, each by another person."""
    record = TopicRecord(id="t", slot=0, founded=0.0, last=0.0)
    for number, spoken in enumerate(posts):
        record.add(f"p{number}", f"a{number}", spoken, 0.0, support=False)
    return record


def label(*posts: tuple[str, ...]) -> str:
    """The label of that topic."""
    return label_of(keywords_of(topic(*posts), Lexicon(64)))


def test_a_handle_is_told_from_a_word() -> None:
    """In the sentence, beside it, and also without a sign; always for the own handle and the retweeted one."""
    assert said("Great talk by @bobsled_ml today", "bobsled_ml") == ("great", "talk", "bobsled", "ml", "@@bobsled_ml")
    assert said("I asked @bobsled about robots", "bobsled") == ("asked", "@bobsled", "robots")
    assert said("Robots dance https://t.co/x via @bobsled", "bobsled") == ("robots", "dance", "@@bobsled")
    assert said("RT @bobsled: Robots dance", "bobsled", by="bobsled") == ("robots", "dance", "@@bobsled")
    assert said("Tesla recalls cars, says @Tesla", "Tesla") == ("tesla", "recalls", "cars", "says")
    assert said("Robot News: cars dance", author="robot") == ("@robot", "news", "cars", "dance")


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("de", "Sponsoring durch Google nach der Kritik", ("sponsoring", "~durch", "google", "kritik")),
        ("de-AT", "Die Impfung hilft", ("~die", "impfung", "hilft")),
        ("en", "Dice die, durch", ("dice", "die", "durch")),
        ("no", "Etter kurset", ("~etter", "kurset")),
        (None, "Dice die", ("dice", "die")),
        ("xx", "Dice die", ("dice", "die")),
    ],
)
def test_function_words_of_the_posts_language(lang: str | None, text: str, expected: tuple[str, ...]) -> None:
    """German words in German posts only. An unknown language, or one without a list, has none."""
    assert said(text, lang=lang) == expected


def test_languages() -> None:
    """By the first part of the tag, in any case."""
    assert stop_words_of("PT_br") == stop_words_of("pt") != frozenset()
    assert stop_words_of("und") == stop_words_of("") == stop_words_of("en-GB") == frozenset()


def test_a_topic_is_not_called_after_who_writes_about_it() -> None:
    """Nor after function words. An account that half of the posts mention is a subject, written as a handle."""
    post = ("robots", "@@bob", "~durch")
    assert label(post, post, post) == "robots"
    assert label(("robots", "@bob"), ("robots",), ("robots", "cars")) == "robots, cars"
    assert label(("robots", "@bob"), ("robots", "@bob"), ("robots",)) == "robots, @bob"
    assert label(("robots", "@bob"), ("robots", "bob"), ("robots",)) == "robots, bob"


def test_nothing_but_handles() -> None:
    """Handles are used when there is no other word."""
    assert label(("@@bob",), ("@@bob", "~durch"), ("@@eve",)) == "@bob, @eve"


def test_evidence_knows_no_marks() -> None:
    """A marked word is compared like the word itself."""
    lexicon = Lexicon(8192)
    marked, plain = lexicon.rows([("@tesla", "~durch", "@@bob")]), lexicon.rows([("tesla", "durch", "bob")])
    assert all((a == b).all() for a, b in zip(marked, plain, strict=True))
    both, one = lexicon.topics([{"@tesla": 1, "tesla": 2, "x": 1}]), lexicon.topics([{"tesla": 3, "x": 1}])
    assert all((a == b).all() for a, b in zip(both, one, strict=True))


def test_ordinary_posts_keep_their_words() -> None:
    """Most posts have nothing to mark."""
    post = tweet(3)
    assert live_words(post, post.text) == words(post.text, post.links, post.mentions)
