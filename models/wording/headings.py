"""Headings from what the posts of a story say: a headline, or the beginning of a sentence, cut visibly. Pure.

A headline is a whole statement, or the first clauses of a long one, that says nearly as much as the best statement. It
asks nothing, greets nobody, calls for nothing, and is not about "me". "We" and "our" are accepted only where nothing
else says as much: a party's own announcement.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Literal

from models.events import Tweet
from models.ranking.junk import GREETING
from models.text.characters import split_hashtag
from models.text.plain import one_line
from models.text.stop_words import STOP_WORDS
from models.wording.announcement import announced
from models.wording.passages import CUT, URL, own_words, verbatim
from models.wording.quotations import CALL, DANGLING
from models.wording.statements import Statement
from models.wording.usage import Usage, atoms

Form = Literal["name", "headline", "sentence"]
MAX_TITLE = 90  # characters
SHORTEST_HEADING = 13
ENOUGH = 45  # characters of a long sentence's first clauses, for a heading
NEAR_BEST = 0.6  # of what the best statement tells, for a heading
FAR = 0.3  # the same, before a sentence is cut
POSTS_BY = "Posts by @"
_ME = re.compile(r"\b(?:i(?:['’](?:m|ve|d|ll))?|my|me)\b", re.IGNORECASE)
_WE = re.compile(r"\b(?:we(?:['’](?:re|ve|d|ll))?|our|let['’]s)\b", re.IGNORECASE)
_INTERJECTION = re.compile(
    r"^(?:h+m+|huh|hey|hi|hello|phew|yikes|oh|ooh|wow|ah|aha|ha|well|so|ok(?:ay)?|yes|no|yay|lol|omg)[.,!…]+\s+(?=\w)",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")
_PICTURES = re.compile(r"[\U0001f000-\U0001faff\u2190-\u2bff\u3030\ufe0f\u20e3\u200d]+")
_TAG = re.compile(r"(?<!\w)[#＃](\w+)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w[^*\n]{0,80})\*(?![\w*])")
_BY = re.compile(r"\s+(?:(?:by|via|from)\s+)@[\w.-]+$", re.IGNORECASE)
_CLAUSE_ENDS = ("! ", "; ", ": ", " – ", " — ", " - ", ". ")
_QUOTES = (("“", "”"), ('"', '"'), ("‘", "’"))


@dataclass(frozen=True)
class Title:
    """`text` as a heading; `posts`: the places, in what was given, of posts that hold it, most central first."""

    text: str
    posts: tuple[int, ...]
    form: Form
    said: str = ""  # the statement that it is, in full; "" for a name


class Headings:
    """The headings of a story.

    Args:
        posts: everything that tells the story.
        found: its statements, best first.
        usage: of all posts of the week or of the window.
        taken: titles (case folded) that are in use, or were last week's.
    """

    def __init__(
        self, posts: Sequence[Tweet], found: Sequence[Statement], usage: Usage, taken: Set[str] = frozenset()
    ) -> None:
        self._posts, self._found, self._usage, self._taken = posts, found, usage, taken
        self._people = len({post.author_id for post in posts})
        self._best = max((one.telling for one in found), default=0.0)

    def headline(
        self, keys: Sequence[str] = (), *, only_news: bool = False, near: float = NEAR_BEST, of_me: bool = False
    ) -> Title | None:
        """The best headline; None if there is none.

        Args:
            keys: atoms of a name that it must have, and more than these.
            only_news: whether it must tell news.
            near: how much it must tell, relative to the best statement.
            of_me: whether a person may speak of themselves.
        """
        near_best = [one for one in self._found if one.complete and one.telling >= near * self._best]
        usable = [one for one in near_best if one.is_news or not only_news]
        shown = [(one, _clause(self._shown(one.text))) for one in usable]
        ranked = sorted(shown, key=lambda pair: -pair[0].heading_as(pair[1]))
        fit = [(one, text) for one, text in ranked if self._fits(text, of_me=of_me) and _tells(text, keys)]
        for one, text in sorted(fit, key=lambda pair: _WE.search(pair[1]) is not None):
            return Title(text, _places(one, self._found), "headline", one.text)
        return None

    def sentence(self) -> Title:
        """The best statement, cut; of posts that say nothing their first words, or who wrote them."""
        for one in sorted(self._found, key=lambda one: bool(_ME.search(one.text) or DANGLING.match(one.text))):
            text = shortened(self._shown(verbatim(one.text)), cut=not one.complete)
            if text.casefold() not in self._taken and any(map(str.isalnum, text)):
                return Title(text, _places(one, self._found), "sentence", one.text)
        posts = self._posts
        order = sorted(range(len(posts)), key=lambda place: (posts[place].kind == "retweet", posts[place].id))
        for place in order:
            text = shortened(as_heading(one_line(URL.sub(" ", own_words(posts[place].text, answer=True)), 200)))
            if any(map(str.isalnum, text)):
                return Title(text, (place,), "sentence")
        author = one_line(posts[order[0]].author, 80).lstrip("@")
        return Title(f"{POSTS_BY}{author}", (order[0],), "sentence")

    def _shown(self, text: str) -> str:
        return as_heading(announced(self._usage.without_channels(text, self._people)))

    def _fits(self, text: str, *, of_me: bool) -> bool:
        if not SHORTEST_HEADING <= len(text) <= MAX_TITLE or text.endswith("?") or text.casefold() in self._taken:
            return False
        return not (
            (_ME.search(text) and not of_me) or GREETING.search(text) or CALL.search(text) or DANGLING.match(text)
        )


def _clause(text: str) -> str:
    """A long heading up to the end of its last clause within the limit, if enough of it is left."""
    if len(text) <= MAX_TITLE:
        return text
    end = max(text.rfind(sign, 0, MAX_TITLE) for sign in _CLAUSE_ENDS)
    return text[:end] if end >= ENOUGH else text


def _tells(text: str, name: Sequence[str]) -> bool:
    """Whether a headline has the atoms of a name, and more."""
    keys = {atom.key for atom in atoms(text)} if name else set()
    return not name or (set(name) <= keys and len(keys - STOP_WORDS) > len(name))


def _places(one: Statement, found: Sequence[Statement]) -> tuple[int, ...]:
    same = [other.place for other in found if other.text == one.text and other.place != one.place]
    return tuple(dict.fromkeys([one.place, *same]))


def as_heading(text: str) -> str:
    """A sentence as a heading: on one line, hashtags as words, without pictures, its author and a full stop."""
    text = _INTERJECTION.sub("", URL.sub("…", text))
    before = text.partition("…")[0].strip(" ,;:(")
    text = before if len(before) >= SHORTEST_HEADING else text  # "… see more": what follows a link is about the link
    text = _TAG.sub(lambda tag: split_hashtag(tag[1]), _EMPHASIS.sub(r"\1", _PICTURES.sub(" ", text)))
    text = _BY.sub("", _SPACE.sub(" ", text).strip(" |–—-•·.`"))
    page, _, site = text.rpartition(" | ")
    text = page if len(page) >= SHORTEST_HEADING and len(site) < len(page) else text
    if text.endswith("!") and not text.endswith("!!"):
        text = text[:-1]
    for opening, closing in _QUOTES:
        if text[:1] == opening and text[-1:] == closing and not {opening, closing} & set(text[1:-1]):
            text = text[1:-1]
    text = text.removeprefix("@")
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def shortened(text: str, *, cut: bool = False, limit: int = MAX_TITLE) -> str:
    """`text` up to a word's end within the limit, with the mark of a cut where something is missing."""
    if len(text) > limit:
        text, cut = text[: limit - len(CUT)].rpartition(" ")[0] or text[: limit - len(CUT)], True
    return text.rstrip(",;:–—- ") + CUT if cut else text
