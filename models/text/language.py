"""Detects the language of a post: the platform's language, unless the text contradicts it.

Clients send the language of the keyboard, and some platforms guess from three words. The platform's language counts if
the text is too short to tell, and if it is English and the text has English function words. Otherwise py3langid (which
includes its model) reads the text. Its language counts against the platform's if it is a hundred times as likely, and
without the platform's if it is more likely than all others together.
"""

import re
from functools import cache
from typing import Any

from models.text.breaks import UNSPACED, unspaced_words
from models.text.stop_words import english_only

LEAST_WORDS = 5
LEAST_LETTERS = 20
SURE = 0.99  # of the two languages, the share of the text's
LIKELY = 0.5
MOST_CHARACTERS = 400  # a long text is read from its beginning only
_NO_WORDS = re.compile(r"https?://\S+|[@#]\w+|^RT @?\w*:?|&\w+;")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


def language_of(text: str, told: str | None) -> str | None:
    """Return the language of a post as a BCP 47 tag.

    Args:
        text: the post's words.
        told: the platform's language; None if it is missing.

    Returns:
        `told` if the text does not contradict it; another language if the identifier is certain; None if it is unknown.
    """
    words = _WORD.findall(_NO_WORDS.sub(" ", text[:MOST_CHARACTERS]))
    runs = [run for word in words if not word.isascii() for run in UNSPACED.findall(word)]
    cut = sum(len(unspaced_words(run)) for run in runs)
    if cut < LEAST_WORDS and (len(words) < LEAST_WORDS or sum(map(len, words)) < LEAST_LETTERS):
        return told
    base = (told or "").casefold().partition("-")[0].partition("_")[0]
    if base == "en" and _reads_english(words):
        return told
    ranked = [(str(language), float(probability)) for language, probability in _identifier().rank(" ".join(words))]
    found, probability = max(ranked, key=lambda one: one[1])
    beside = dict(ranked).get(base, 0.0)
    if found == base or probability < LIKELY or probability < SURE * (probability + beside):
        return told
    return found


def _reads_english(words: list[str]) -> bool:
    """Whether at least a fifth of the words, and at least three, are function words of English only."""
    count = sum(word.casefold() in english_only() for word in words)
    return count >= 3 and 5 * count >= len(words)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
