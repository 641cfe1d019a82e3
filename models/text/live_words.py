"""The words of a post for the live topics, whose labels consist of them. Words that cannot name a topic are marked.

They are the words of `models.text.words`. "@name" is a handle in the sentence, "@@name" a handle beside it (the author,
or a person who is retweeted, credited or addressed), "~und" a function word of the post's language. A topic is not
named after its authors, nor after a function word of a language without a list of ours. A word with and without its
mark is the same evidence (`bare`).
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
    """Distinct casefolded words in order of first appearance. `text` is the cleaned text (`models.text.clean`)."""
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
    """The word without its mark. No word starts with a mark."""
    return word.lstrip(SAID + SILENT)


def tokens_of(words: Iterable[str]) -> list[str]:
    """The words that may name a happening: without marks, and without who is beside the sentence."""
    return [bare(word) for word in words if not word.startswith((BESIDE, SILENT))]
