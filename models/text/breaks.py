"""Words of scripts that are written without spaces: Chinese, Japanese, Thai, Lao, Burmese, Khmer.

ICU cuts them with its dictionaries. Text in other scripts is not touched and does not load ICU.
"""

import re

# kana, ideographs, Thai and Lao, Burmese, Khmer
UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+")
_GRAMMAR = re.compile("[\u3040-\u309f]{1,3}")  # short words of hiragana alone: particles and endings


def unspaced_words(run: str) -> list[str]:
    """The words of a run of `UNSPACED`, in order, without those that are only grammar in Japanese."""
    from icu4py.breakers import WordBreaker

    return [word for word in WordBreaker(run, "und") if not _GRAMMAR.fullmatch(word)]
