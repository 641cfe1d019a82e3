"""The parts of a post that can be quoted, and how well a passage says what the post is about.

`quality` ranks passages for readers: whole sentences of a good length that use the topic's words, rather than shouts,
calls to subscribe or strings of hashtags.
"""

import math
import re
from collections.abc import Sequence

from models.events import Tweet
from models.text.stop_words import TITLE_STOP_WORDS
from models.wording.manner import clarity
from models.wording.passages import URL, Passage, passages, verbatim

LEAD, HEADING = 120, 60  # characters that a lead and a heading have best
ENOUGH_OF_IT = 80  # characters of such a sentence
CUT_OFF = 0.6  # worth of a sentence that is not there to its end
OFF_SUBJECT = 0.25  # worth of a passage without any of the story's words
_BRACKETS = {")": "(", "]": "[", "}": "{"}
# faces and the numbers of points, whose brackets open and close nothing
_LONE = re.compile(r"(?<!\w)[:;=8xX][-'^o]?[()\[\]{}]+|(?<![\w(])(?:\d{1,2}|\w)\)")
ALIKE = 0.6  # of all words of two passages: the same headline
NEARBY = 300
_LETTERS = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"\w[\w’'-]*")


def post_passages(post: Tweet) -> tuple[Passage, ...]:
    """The passages of a post that may be quoted."""
    return passages(post.text, post.kind == "reply")


def quality(passage: Passage, told: float, *, sensitive: bool = False, heading: bool = False) -> float:
    """Return 0 (not to be shown) to about 1.

    Args:
        passage: the passage.
        told: share of the story's subject that is in it, 0 to 1.
        sensitive: whether the story is about harm.
        heading: whether it is written as a heading.
    """
    text = verbatim(passage.text)
    tokens = text.split()
    if (passage.words < 4 and text.isascii()) or not _whole(text):
        return 0.0
    score = 1.0 if passage.complete else CUT_OFF * min(1.0, len(text) / ENOUGH_OF_IT)
    signs = sum(token.startswith(("#", "@")) for token in tokens) / len(tokens)
    score *= (1 - signs) ** 2
    letters = _LETTERS.findall(text)
    shouted = sum(letter.isupper() for letter in letters) / max(1, len(letters))
    score *= 0.3 if shouted > 0.5 else 1.0
    score *= clarity(text, heading=heading)
    score *= 0.75 if text[0].islower() else 1.0
    score *= 0.7 if URL.search(text) else 1.0
    score *= (0.05 if sensitive else 0.8) if "!" in text else 1.0
    score *= 0.6 if text.count('"') % 2 or text.count("“") != text.count("”") else 1.0
    score *= 1 / (1 + 0.3 * passage.position)
    return round(score * (OFF_SUBJECT + told), 9)


def fits(text: str, best: int) -> float:
    """Whether the length suits: 1 for `best` characters, less for others."""
    return math.exp(-(((len(text) - best) / (0.75 * best)) ** 2) / 2)


def _whole(text: str) -> bool:
    """Whether every bracket is closed, and was opened, in the text itself: else it was cut out of something."""
    return _balanced(text) or _balanced(_LONE.sub("", text))


def _balanced(text: str) -> bool:
    opened: list[str] = []
    for sign in text:
        if sign in "([{":
            opened.append(sign)
        elif sign in _BRACKETS and (not opened or opened.pop() != _BRACKETS[sign]):
            return False
    return not opened


def embeddable(text: str) -> bool:
    """Whether a sentence of ours can hold the text between “ and ” and still be read back unambiguously."""
    return not ({"“", "”"} & set(text))


def like_worded(posts: Sequence[tuple[int, Sequence[Passage]]]) -> list[tuple[int, int]]:
    """Return pairs of posts with most words of their first passages in common: one headline in two wordings.

    They need five words at least. Each post is paired with the first similar one among the next `NEARBY` posts.
    """
    bags = [(index, _bag(found[0].text)) for index, found in posts if found]
    bags = [(index, bag) for index, bag in bags if len(bag) >= 5]
    pairs = []
    for place, (index, bag) in enumerate(bags):
        for other, words in bags[place + 1 : place + 1 + NEARBY]:
            if len(bag & words) >= ALIKE * len(bag | words):
                pairs.append((index, other))
                break
    return pairs


def _bag(text: str) -> frozenset[str]:
    return frozenset(word for word in map(str.casefold, _WORD.findall(text)) if word not in TITLE_STOP_WORDS)
