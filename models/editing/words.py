"""Tokens of a claim and of a post, and the closed lists that the check of claims needs. English."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(r"[#@]?\w(?:[\w’'.&+/-]*\w)?[%+]?|[$€£]")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_PART = re.compile(r"[,;:]|\s[-–—]\s")  # between parts of a sentence
_POSSESSIVE = re.compile(r"['’]s?$")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SUFFIXES = ("ings", "ing", "edly", "ed", "es", "s", "ly")

_FREE = """
a an the of in on at to for from by with as is are was were be been being has have had do does did it its itself this
that these those which whether who whom whose what when where how and he she they his her their theirs them him hers
himself herself themselves into onto there here also about so
"""
_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SCALES = "hundred thousand million billion trillion half third quarter double triple twice dozen"
_QUALIFIERS = "only almost nearly about around roughly over under up than least most some fewer less more"
_NEGATIONS = "no not never none nobody nothing nowhere neither nor without cannot hardly barely unless"
_DOUBTS = """
deny denies denied denial refute refuted reject rejected doubt doubts rumour rumours rumor rumors alleged allegedly
reportedly supposed supposedly unconfirmed hoax fake joke satire myth debunked if maybe perhaps likely unlikely possibly
probably apparently claim claims claimed think thinks guess bet hope hopes wish want wants plan plans planned predict
predicts prediction expect expects seem seems imagine suppose assume pretend wonder
"""
_UNTRUE = "hoax fake joke joking kidding satire myth debunked untrue"
_MODALS = """
would could may might should must will can rather instead against stop stops stopped fail fails failed lack lacks refuse
refused end ends before after until yet
"""
_RELATIONS = "than from against over under after before versus"
REPORTING = (
    "says|said|writes|wrote|notes|noted|adds|added|reports|reported|argues|argued|asks|asked|observes|observed|"
    "remarks|remarked|comments|commented|points out|pointed out"
)
# grammar without quantity, direction, polarity or modality: only these may be in a claim and not in its post
FREE = frozenset(_FREE.split())
NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTED.split())} | {
    word: str(10 * number) for number, word in enumerate(_TENS.split(), start=2)
}
SCALES = frozenset(_SCALES.split())
QUALIFIERS = frozenset(_QUALIFIERS.split())  # before a number they change it
NEGATIONS = frozenset(_NEGATIONS.split())
# what a sentence denies, guesses, wishes, or reports of somebody else is not said to be so
DOUBTS = frozenset([*_DOUBTS.split(), "whether", *REPORTING.replace(" out", "").split("|"), "say", "according", "told"])
UNTRUE = frozenset(_UNTRUE.split())  # anywhere in a post they take back what it says
MODALS = frozenset(_MODALS.split())  # these change the word that they stand before
RELATIONS = frozenset(_RELATIONS.split())  # what follows them cannot change places with what stands before
RELATIVE_DAYS = frozenset(["today", "yesterday", "tomorrow", "tonight"])  # the day of a post is not the reader's


@dataclass(frozen=True)
class Token:
    """A word of a text."""

    text: str  # as it stands, without marks at its ends
    word: str  # casefolded, numbers as digits
    stem: str
    first: bool  # whether it begins a sentence, where a capital says nothing
    part: int  # which part between commas it is in

    @property
    def is_number(self) -> bool:
        """Digits, a number word, or a scale."""
        return any(character.isdigit() for character in self.word) or self.word in SCALES

    @property
    def denies(self) -> bool:
        """Whether it is a negation."""
        return self.word in NEGATIONS or self.word.endswith(("n't", "n’t"))


def tokens(text: str) -> tuple[Token, ...]:
    """The words of a text, in order."""
    found, part = [], 0
    for sentence in sentences(text):
        part += 1
        sentence, end = _THOUSANDS.sub("", sentence), 0
        for match in _TOKEN.finditer(sentence):
            part += _PART.search(sentence[end : match.start()]) is not None
            found.append(_token(match[0], first=end == 0, part=part))
            end = match.end()
    return tuple(found)


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def _token(text: str, *, first: bool, part: int) -> Token:
    bare = _POSSESSIVE.sub("", text.strip(".,'’-/&"))
    word = bare.casefold().lstrip("#@")
    word = NUMBER_WORDS.get(word, word)
    return Token(bare or text, word, stem(word), first, part)


def stem(word: str) -> str:
    """The word without the endings of number and tense: "releases", "released", "releasing" -> "releas"."""
    if any(character.isdigit() for character in word):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    word = word[:-1] + "y" if word.endswith("i") else word
    return word.rstrip("e") if len(word) > 3 else word
