"""Recognises the names among a week's words by their spelling; stories are about names.

It needs no list and no model. A word is a name when it contains a digit ("wav2vec-U" has "2", "ICLR2021"), when it has
a capital after the first letter ("CodeNet", "ICLR"), or when people who write whole sentences nearly always capitalise
it ("Colorado"). Headlines In Title Case and the first word of a text or sentence are not counted. A hashtag is counted
if it has a digit or two capitals in a row ("#MSBuild"), not if capitals only separate its words ("#MachineLearning").
"""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from models.text.characters import LINK, MENTION, visible

CAPITALISED = 0.8  # share of the occurrences in sentences
HEADLINE = 0.6  # share of capitalised words at which a text is a headline
INNER = 0.6  # share of the occurrences with a capital or a digit after the first letter
SHORTEST = 3  # characters: "AI", "GB", "UK" and "5G" occur in every week and name no story
FEWEST = 2  # occurrences in sentences
_TOKEN = re.compile(r"[^\s]+")
_TAG_OF_A_NAME = re.compile(r"[^\W\d_]\d|[A-Z]{2}")
_POSSESSIVE = re.compile(r"['’]s?$")
_EDGES = "#.,:;!?()[]{}\"'“”‘’…|«»*-–—&/"
_SENTENCE_ENDS = (".", "!", "?", ":", "…", "|", "—", "–", "-", "\n", "•")


class NameSpelling:
    """Counts the spellings of each word; `is_name` decides by them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._all: Counter[str] = Counter()
        self._inner: Counter[str] = Counter()
        self._sentences: Counter[str] = Counter()
        self._capital: Counter[str] = Counter()
        for text in texts:
            self._count(text)

    def is_name(self, word: str) -> bool:
        """Whether `word` (casefolded, of models.text.words) is a name; a phrase is one when one of its words is."""
        if " " in word:
            return any(self.is_name(part) for part in word.split())
        if len(word) < SHORTEST:
            return False
        if self._all[word] and self._inner[word] >= INNER * self._all[word]:
            return True
        seen = self._sentences[word]
        return seen >= FEWEST and self._capital[word] >= CAPITALISED * seen

    def _count(self, text: str) -> None:
        tokens = _TOKEN.findall(MENTION.sub(" ", LINK.sub(" ", visible(text))))
        written = [token.strip(_EDGES) for token in tokens]
        letters = [token for token in written if token[:1].isalpha()]
        capitals = sum(token[0].isupper() for token in letters)
        shouted = sum(token.isupper() and len(token) > 1 for token in letters) > 0.5 * len(letters)
        headline = len(letters) < 4 or capitals >= HEADLINE * len(letters)
        opens = True
        for token, bare in zip(tokens, written, strict=True):
            if token.startswith("#") and _TAG_OF_A_NAME.search(bare):
                self._all[_singular(bare.casefold())] += 1
                self._inner[_singular(bare.casefold())] += not shouted
            elif bare and not token.startswith("#"):
                key = _singular(bare.casefold())
                self._all[key] += 1
                self._inner[key] += not shouted and _marked(bare)
                if not headline and not opens and bare[0].isalpha():
                    self._sentences[key] += 1
                    self._capital[key] += bare[0].isupper()
            opens = token.endswith(_SENTENCE_ENDS) or not bare


def _marked(word: str) -> bool:
    """Whether a word has a digit, but not in front ("10k"), or a capital inside its longest part ("GPT-Neo", not
    "AI-powered").
    """
    if word.isalpha() and word[1:].islower():  # most words
        return False
    longest = max(word.split("-"), key=len)
    inner = any(one.isalpha() and other.isupper() for one, other in pairwise(longest))
    return not word[0].isdigit() and (inner or any(map(str.isdigit, word)))


def _singular(word: str) -> str:
    return _POSSESSIVE.sub("", word) if "'" in word or "’" in word else word


def spellings(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the words (casefolded) that `text` writes as names, and those that it writes in lower case.

    A word with digits, or with a capital inside a sentence, is written as a name. A word that opens a sentence is
    neither, unless it has a capital or a digit after its first letter. Both include the parts of "GPT-5.5".
    """
    names: dict[str, None] = {}
    plain: dict[str, None] = {}
    opens = True
    for token in _TOKEN.findall(LINK.sub(" ", text)):
        bare = _POSSESSIVE.sub("", token.strip(_EDGES))
        if bare and not bare.isdigit():
            capital = bare[0].isupper() and not opens
            into = names if capital or _marked(bare) or any(map(str.isdigit, bare)) else plain
            if into is names or not opens:
                into.update(dict.fromkeys((bare.casefold(), *bare.casefold().split("-"))))
        opens = token.endswith(_SENTENCE_ENDS) or not bare
    return tuple(names), tuple(word for word in plain if word not in names)
