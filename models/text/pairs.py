"""Pairs of adjacent words: "auto mode", "managed agents", "gpt 5.5", with or without hyphens.

A pair can name an event whose single words are in every other post. Function words and punctuation separate pairs. A
number is part of a pair only after a word: this accepts a version ("gpt 5.5") and rejects a list of numbers.
"""

import re

from models.text.stop_words import STOP_WORDS

_SIGNS = r".,:;!?()\[\]{}\n|“”\"…—–"
# from the first sign of a run only: a search that began again at every sign would be quadratic
_BREAK = re.compile(rf"(?<![{_SIGNS}])[{_SIGNS}]+(?=\s|$)|[()\[\]{{}}\n|“”\"…—–]+")
_TOKEN = re.compile(r"[^\W_](?:[\w.'’&+/-]*[\w+])?")
_POSSESSIVE = re.compile(r"['’]s?$")
_MAX_PARTS = 3  # "state-of-the-art" is not a name
_LONGEST = 80  # maximum characters of a pair
MOST = 60  # maximum pairs of a post: long texts repeat themselves


def word_pairs(text: str) -> tuple[str, ...]:
    """Return the distinct casefolded pairs of `text` (a post as encoded, see `models.text.clean`), in order."""
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
