"""The words of a post for the live topics, whose labels are made of them: evidence, marked where it names nothing.

They are those of `models.text.words`. "@name" is a handle in the sentence, "@@name" one beside it (the author, who is
retweeted, credited or addressed), "~und" a function word of the post's language: a topic is called neither after
who writes about it nor after a word of a language that we have no list of our own for. The same word with and without
its mark is the same evidence (`bare`).
"""

from collections.abc import Iterable

from models.events import Tweet
from models.text.characters import MENTION
from models.text.stop_words import stop_words_of
from models.text.words import handle_words, spoken_words, with_people_and_sites

SAID = "@"
BESIDE = "@@"
SILENT = "~"


def live_words(tweet: Tweet, text: str) -> tuple[str, ...]:
    """Distinct casefolded words in order of first appearance. text: the post as encoded (`models.text.clean`)."""
    spoken = spoken_words(text)
    found = with_people_and_sites(spoken, tweet.links, tweet.mentions)
    silent = stop_words_of(tweet.lang)
    own = handle_words(tweet.author)
    handles = {*own, *handle_words(tweet.related_author or "")}.union(*map(handle_words, tweet.mentions))
    if handles.isdisjoint(found) and silent.isdisjoint(found):
        return found
    said = handles.intersection(spoken)
    if not said.issubset(own):  # "Tesla" beside "@Tesla" is a word
        plain = set(spoken_words(MENTION.sub(" ", tweet.text))).difference(own)
        handles, said = handles - plain, said - plain
    return tuple(
        (SAID if word in said else BESIDE) + word if word in handles else SILENT + word if word in silent else word
        for word in found
    )


def bare(word: str) -> str:
    """The word without its mark, which no word begins with."""
    return word.lstrip(SAID + SILENT)


def tokens_of(words: Iterable[str]) -> list[str]:
    """The words that may name a happening: without marks, and without who is beside the sentence."""
    return [bare(word) for word in words if not word.startswith((BESIDE, SILENT))]
