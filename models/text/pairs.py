"""Pairs of words that stand side by side: "auto mode", "managed agents", "gpt 5.5", however they are hyphenated.

A pair names a happening where each of its words alone is in every other post. Function words and punctuation part
pairs. A number is part of a pair only behind a word, so that a version is ("gpt 5.5") and a list of numbers is not.
"""

import re

from models.text.stop_words import STOP_WORDS

_BREAK = re.compile(r"[.,:;!?()\[\]{}\n|“”\"…—–]+(?=\s|$)|[()\[\]{}\n|“”\"…—–]+")
_TOKEN = re.compile(r"[^\W_](?:[\w.'’&+/-]*[\w+])?")
_POSSESSIVE = re.compile(r"['’]s?$")
_MAX_PARTS = 3  # "state-of-the-art" is no name
_LONGEST = 80  # characters of a pair
MOST = 60  # pairs of a post: a long text says the same things again


def word_pairs(text: str) -> tuple[str, ...]:
    """Distinct casefolded pairs of `text` (a post as encoded, see `models.text.clean`), in order."""
    found: dict[str, None] = {}
    for piece in _BREAK.split(text.casefold()):
        before = ""
        for token in _TOKEN.findall(piece):
            for part in token.split("-") if token.count("-") < _MAX_PARTS else (token,):
                word = _POSSESSIVE.sub("", part)
                if not word or word in STOP_WORDS:
                    before = ""
                    continue
                if before and len(before) + len(word) < _LONGEST:
                    found[f"{before} {word}"] = None
                before = "" if word[0].isdigit() else word
        if len(found) >= MOST:
            break
    return tuple(found)[:MOST]
