"""Candidates for titles: the phrases of a text that could be a section's title, and their spelling.

A candidate is a sequence of one to six words within a clause that neither starts nor ends with a function word or a
word of announcement. Its key ignores case, plural, hyphens and a hashtag's sign, so that "#GPT3", "GPT-3" and "GPT 3"
are one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.text.characters import split_hashtag
from models.text.stop_words import SMALL_WORDS, TITLE_STOP_WORDS, WEAK_WORDS

MAX_WORDS = 6
LONGEST_WORD = 28  # letters; scripts without spaces give whole sentences as one word
_SIGNS = r"[.!?…:;,|()\[\]{}\"“”«»•·→>=–—]"
_CLAUSE = re.compile(  # a run of signs is tried at its first one only: the time stays linear in the text
    rf"(?<!{_SIGNS}){_SIGNS}++(?=\s|$)|(?<=\s)[(\[\"“«]+|\s[-–—|/]+\s|\n|[“”\"()\[\]]|\s(?:→|=>|\+)\s"
)
_TOKEN = re.compile(r"[#@]?\w[\w’'&+./-]*\w\+*|[#@]?\w\+*|&")
_YEAR = re.compile(r"(?<=[A-Za-z])(?=(?:19|20)\d\d$)")
_PARTICIPLE = re.compile(r"[^\W\de]{3,}ed$")  # "destroyed": its object is missing; not "speed" or "need"
_POSSESSIVE = re.compile(r"['’]s$")


@dataclass(frozen=True)
class Phrase:
    """One candidate."""

    key: str  # see `phrase_key`
    surface: str  # as written, words separated by spaces
    proper: bool  # whether every content word has a capital or a digit
    before: str  # the word before it in its clause, lower case; "" at the start of the clause
    after: str  # the word after it; "" at the end of the clause

    @property
    def words(self) -> int:
        """Number of words."""
        return self.surface.count(" ") + 1


@lru_cache(maxsize=32_768)
def phrases(text: str) -> tuple[Phrase, ...]:
    """All candidates in `text`, in reading order, repetitions included."""
    return tuple(phrase for clause in _CLAUSE.split(text) for phrase in _of_clause(clause))


def clause_words(text: str) -> Iterator[list[str]]:
    """The words of each clause. "" stands for a handle; hashtags are split into words."""
    return map(_tokens, _CLAUSE.split(text))


def phrase_key(surface: str) -> str:
    """The key that all spellings of a phrase share."""
    words = re.sub(r"[-#@/]+", " ", _POSSESSIVE.sub("", surface.casefold()).replace("’", "'"))
    return " ".join(map(_singular, words.split()))


def _singular(word: str) -> str:
    """The word without a plural s, roughly, so that "interview" and "interviews" count as one."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def compact(key: str) -> str:
    """A key without spaces: the same for "gpt 3" and "gpt3"."""
    return key.replace(" ", "")


def _tokens(clause: str) -> list[str]:
    tokens: list[str] = []
    for token in _TOKEN.findall(clause):
        if token.startswith("@"):
            tokens.append("")  # a handle ends the phrase before it
        elif token.startswith("#"):
            tokens.extend(word for part in split_hashtag(token).split() for word in _YEAR.split(part))
        else:
            tokens.append(token)
    return tokens


def _of_clause(clause: str) -> Iterator[Phrase]:
    tokens = _tokens(clause)
    for start, first in enumerate(tokens):
        if not first or not _can_begin(first):
            continue
        for end in range(start, min(len(tokens), start + MAX_WORDS)):
            last = tokens[end]
            if not last:
                break
            inner = tokens[start + 1 : end]
            if any(word.casefold() in TITLE_STOP_WORDS and word.casefold() not in SMALL_WORDS for word in inner):
                break
            if _can_end(last):
                surface = _POSSESSIVE.sub("", " ".join(tokens[start : end + 1]))
                before = tokens[start - 1].casefold() if start else ""
                after = tokens[end + 1].casefold() if end + 1 < len(tokens) else ""
                yield Phrase(phrase_key(surface), surface, _proper(tokens[start : end + 1]), before, after)


def _can_begin(word: str) -> bool:
    lower = word.casefold()
    return lower not in TITLE_STOP_WORDS and lower not in WEAK_WORDS and _content(word)


def _can_end(word: str) -> bool:
    if not _content(word):  # first: a search in a word of any length is quadratic
        return False
    lower = _POSSESSIVE.sub("", word.casefold())
    return not (
        lower in TITLE_STOP_WORDS or lower in WEAK_WORDS or _PARTICIPLE.search(lower) or _POSSESSIVE.search(word)
    )


def _content(word: str) -> bool:
    if len(word) > LONGEST_WORD:
        return False
    return any(character.isalpha() for character in word) or (word.isdigit() and len(word) == 4)


def _proper(words: list[str]) -> bool:
    return all(
        word.casefold() in SMALL_WORDS or any(character.isupper() or character.isdigit() for character in word)
        for word in words
    )
