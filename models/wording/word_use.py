"""How the words of a week are used and written: whether a word is a verb, and which capitals it has.

It needs no tagger: a word that follows "to", "will", "can't" or "we" more often than "the" or "of" is a verb there, and
a title does not use it as a noun ("forget", "avoid").
"""

from collections import Counter
from collections.abc import Iterable

from models.text.stop_words import SMALL_WORDS, VERBS
from models.wording.phrases import clause_words

_VERB_FOLLOWS = """
to will can could should would may might must not don't doesn't didn't can't won't i we you they he she it who let's
please i'm we're
"""
_NOUN_FOLLOWS = "a an the this these of in on for with by our my your their its his her from no any some"
_BEFORE_VERB = frozenset(_VERB_FOLLOWS.split())
_BEFORE_NOUN = frozenset(_NOUN_FOLLOWS.split())
LONGEST_CAPITALS = 6  # letters of a word in capitals that stays so: "NASA", "IEEE"


class WordUse:
    """Counts for each lower-case word in the texts of a week."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._forms: dict[str, Counter[str]] = {}
        self._verb: Counter[str] = Counter()
        self._noun: Counter[str] = Counter()
        for text in texts:
            for clause in clause_words(text):
                before = ""
                for place, word in enumerate(clause):
                    lower = word.casefold()
                    self._verb[lower] += before in _BEFORE_VERB
                    self._noun[lower] += before in _BEFORE_NOUN
                    if word and (place or not word[:1].isupper() or not word[1:].islower()):
                        self._forms.setdefault(lower, Counter())[word] += 1
                    before = lower

    def is_verb(self, word: str) -> bool:
        """Whether the week's posts use `word` (lower case) as a verb, or it is one of the common verbs."""
        common = word in VERBS or word.removesuffix("s") in VERBS
        return common or (self._verb[word] >= 2 and self._verb[word] > self._noun[word])

    def title(self, surface: str) -> str:
        """`surface` in title case, with the capitals that people use for names ("wav2vec-U", "GPT-Neo", "iOS")."""
        words = surface.split(" ")
        return " ".join(self._cased(word, at_end=place in {0, len(words) - 1}) for place, word in enumerate(words))

    def _cased(self, word: str, at_end: bool) -> str:
        counts = self._forms.get(word.casefold())
        usual = min(counts, key=lambda form: (-counts[form], form)) if counts else word
        if word.casefold() in SMALL_WORDS and not at_end:
            return word.casefold()
        if usual.isupper() and usual.isalpha():  # not "GPT-5.5"
            return usual if len(usual) <= LONGEST_CAPITALS else usual.capitalize()
        if usual.partition("-")[0] in SMALL_WORDS and "-" in usual:  # "in-Depth"
            return "-".join(part[:1].upper() + part[1:] for part in usual.split("-"))
        if usual[:1].isupper() and usual[1:2] == "-":  # "P-tuning"
            return usual
        if any(map(str.isupper, usual[1:])) or (any(map(str.isdigit, usual)) and any(map(str.isalpha, usual))):
            return usual
        return "-".join(part[:1].upper() + part[1:] for part in usual.split("-"))
