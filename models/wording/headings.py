"""Headings from what the posts of a story say: a headline, or the beginning of a sentence, cut visibly. Pure.

A heading is a statement without the words that only announce it, or the first clauses of a long one. The best one
tells most of the story, has a good length, and reports: a question, a greeting, an appeal, an opinion or a sentence
about "me" or "us" is worth less each (`models.wording.manner`).
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from models.events import Tweet
from models.text.characters import split_hashtag
from models.text.plain import one_line
from models.text.stop_words import STOP_WORDS
from models.wording.announcement import announced
from models.wording.manner import clarity, is_news, speaker
from models.wording.passages import CUT, URL, own_words, verbatim
from models.wording.statements import Statement
from models.wording.usage import Usage, atoms

Form = Literal["name", "headline", "sentence"]
MAX_TITLE = 120  # characters
SHORTEST_HEADING = 13
ENOUGH = 30  # characters of a long sentence's first clauses, for a heading
NEAR_BEST = 0.5  # worth of a heading with the story's name, relative to the best heading
FEWEST = 2  # words of a heading that stay
FIRST_CLAUSE = 0.8  # factor of the first clause alone
CUT_SHORT = 0.4  # factor of a heading that ends inside a clause
POSTS_BY = "Posts by @"
_SPACE = re.compile(r"\s+")
_PICTURES = re.compile(r"[\U0001f000-\U0001faff\u2190-\u2bff\u3030\ufe0f\u20e3\u200d]+")
_TAG = re.compile(r"(?<!\w)[#＃](\w+)")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\w[^*\n]{0,80})\*(?![\w*])")
_BORDER = re.compile(
    r"(?:[!;:,]|(?<![ .][A-Za-z])(?<!\.)\.)(?= )| [–—-](?= )|"
    r" (?=(?:because|so that|while|but|although|though|unless)\b)"
)
_FIRST_CLAUSE = re.compile(r"[^:;–—]+?(?=[:;] | [–—-] |(?<=\w{3})[.!] [A-Z])")
_SUBORDINATE = re.compile(  # what it opens is no sentence without the next clause
    r"[\"“‘(]*(?:when|while|if|although|though|ever since|since|as|after|before|until|because|for|in|with|at|by|from|"
    r"on|during|despite|once|whether|given|unlike|like|put|not)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(  # a last clause that lacks its rest
    r"[\s,;:–—.-]*(?:(?:but|and|or|so|yet|because|which|who|where|while|when|if|that|as|such|including|like|with|in|for|"
    r"though|although|since|unless)\b|\S+(?:\s+\S+)?$)",
    re.IGNORECASE,
)
_REMARK = re.compile(r"\s?(?:\([^()]*(?:\)|$)|\[[^\[\]]*(?:\]|$))")
_GAP = re.compile(r" (?=[,.;:!?])")
_HANDLE = re.compile(r"(?<!\w)@(?=\w)")
_CREDITS = frozenset(("at", "but", "by", "cc", "via", "with"))
_NEEDS_AFTER = "a an the of to in on for with and or but by via cc from as at into your our its my their"
_LEADS_ON = frozenset(_NEEDS_AFTER.split())
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
        self._posts, self._found, self._usage = posts, found, usage
        self._people = len({post.author_id for post in posts})
        shown = [(one, text, part) for one in found for text, part in self._shown(one)]
        scored = [(self._worth(one, text) * part, one, text) for one, text, part in shown if _fits(text, taken)]
        self._ranked = sorted(scored, key=lambda entry: -entry[0])

    def best(self, name: Sequence[str] = ()) -> Title | None:
        """Return the best heading; None if there is none.

        Args:
            name: atoms of a name that it must contain, with more than these, and tell nearly as much as the best one.
        """
        least = NEAR_BEST * self._ranked[0][0] if name and self._ranked else 0.0
        for worth, one, text in self._ranked:
            if worth >= least and _tells(text, name):
                return Title(text, _places(one, self._found), "headline", one.text)
        return None

    def words(self) -> Title:
        """Return the first words of the posts, or who wrote them, for posts that say nothing."""
        posts = self._posts
        order = sorted(range(len(posts)), key=lambda place: (posts[place].kind == "retweet", posts[place].id))
        for place in order:
            text = shortened(as_heading(one_line(URL.sub(" ", own_words(posts[place].text, answer=True)), 200)))
            if any(map(str.isalnum, text)):
                return Title(text, (place,), "sentence")
        author = one_line(posts[order[0]].author, 80).lstrip("@")
        return Title(f"{POSTS_BY}{author}", (order[0],), "sentence")

    def _shown(self, one: Statement) -> Iterator[tuple[str, float]]:
        """Yield what a statement is as a heading, and its first clause, each with its share of what is told."""
        said = as_heading(announced(self._usage.without_channels(verbatim(one.text), self._people)))
        whole = whole_clauses(said, cut=not one.complete)
        first = _FIRST_CLAUSE.match(whole)
        least = SHORTEST_HEADING if first is not None and is_news(first[0]) else ENOUGH  # "Orlop-5 is live" is enough
        short = first is None or len(first[0]) < least or _SUBORDINATE.match(whole) is not None
        if first is not None and not short and whole[first.end()] in ".!":  # a heading is one sentence
            yield first[0], 1.0
            return
        yield whole, 1.0
        if first is not None and not short:
            yield first[0], FIRST_CLAUSE

    def _worth(self, one: Statement, text: str) -> float:
        worth = one.heading_as(text) * clarity(verbatim(text), heading=one.is_title or one.form > 1) * speaker(text)
        return round(worth * (CUT_SHORT if text.endswith(CUT) else 1.0), 9)


def _fits(text: str, taken: Set[str]) -> bool:
    return len(text) >= SHORTEST_HEADING and text.casefold() not in taken and any(map(str.isalnum, text))


def whole_clauses(text: str, *, cut: bool) -> str:
    """A heading of whole clauses, without remarks in brackets where it is long; else one that shows its cut.

    cut: whether the end of the sentence is missing.
    """
    if cut or len(text) > MAX_TITLE:
        text = _GAP.sub("", " ".join(_REMARK.sub(" ", text).split())).rstrip(" .")
    if len(text) <= MAX_TITLE and not cut:
        return text
    ends = [border.start() for border in _BORDER.finditer(text, 0, MAX_TITLE + 1)]
    while ends and (end := ends.pop()) >= ENOUGH:
        opens = _SUBORDINATE.match(text) and not any(_is_full_stop(text, other) for other in (*ends, end))
        last = text[ends[-1] if ends else 0 : end]  # the clause that ends here
        if not (opens or _needs_more(text[:end]) or (ends and _CONTINUES.match(last))):
            return text[:end].rstrip(" .,;:–—-")
    return shortened(text, cut=cut)


def _is_full_stop(text: str, border: int) -> bool:
    return text[border] in "!?;:." or text[border : border + 3] in {" – ", " — ", " - "}


def _needs_more(text: str) -> bool:
    return text.rpartition(" ")[2] in STOP_WORDS


def _tells(text: str, name: Sequence[str]) -> bool:
    """Whether a headline has the atoms of a name in their order, and more."""
    if not name:
        return True
    keys = [atom.key for atom in atoms(text)]
    whole = any(keys[place : place + len(name)] == list(name) for place in range(len(keys)))
    return whole and len(set(keys) - STOP_WORDS) > len(name)


def _places(one: Statement, found: Sequence[Statement]) -> tuple[int, ...]:
    same = [other.place for other in found if other.text == one.text and other.place != one.place]
    return tuple(dict.fromkeys([one.place, *same]))


def as_heading(text: str) -> str:
    """A sentence as a heading: on one line, hashtags as words, without pictures, its author and a full stop."""
    text = URL.sub("…", text)
    before = text.partition("…")[0].strip(" ,;:(")
    text = before if len(before) >= SHORTEST_HEADING else text  # "… see more": what follows a link is about the link
    text = _TAG.sub(lambda tag: split_hashtag(tag[1]), _EMPHASIS.sub(r"\1", _PICTURES.sub(" ", text)))
    text = _SPACE.sub(" ", text).strip(" |–—-•·.`")
    page, _, site = text.rpartition(" | ")
    text = page if len(page) >= SHORTEST_HEADING and len(site) < len(page) else text
    if text.endswith("!") and not text.endswith("!!"):
        text = text[:-1]
    for opening, closing in _QUOTES:
        if text[:1] == opening and text[-1:] == closing and not {opening, closing} & set(text[1:-1]):
            text = text[1:-1]
    text = _HANDLE.sub("", _without_end(text))
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def _without_end(text: str) -> str:
    """Without the people who are credited at the end, or the words that led on to a link there."""
    words = text.split(" ")
    end = len(words)
    while end > FEWEST and words[end - 1][:1] == "@":
        end -= 1
    before = words[end - 1].casefold()
    if end < len(words) and before in STOP_WORDS and before not in _CREDITS:
        return text  # "it is part of @kelp": the sentence needs the handle
    while end > FEWEST and words[end - 1].casefold() in _LEADS_ON:
        end -= 1
    return text if end == len(words) else " ".join(words[:end]).rstrip(" ,;:–—-")


def shortened(text: str, *, cut: bool = False, limit: int = MAX_TITLE) -> str:
    """`text` up to a word's end within the limit, with the mark of a cut where something is missing."""
    if len(text) > limit:
        text, cut = text[: limit - len(CUT)].rpartition(" ")[0] or text[: limit - len(CUT)], True
    return text.rstrip(",;:–—- ") + CUT if cut else text
