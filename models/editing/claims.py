"""Holds a sentence of a language model to the posts that it cites. Strict in the reader's favour: what the check does
not understand, it refuses.

A claim stands when

* it is one plain line without markup, a link that no cited post has, or a day that is relative to a post ("yesterday");
* each quotation in it is verbatim in a cited post, by the named speaker if there is one;
* it names its speaker, or two people's posts (or the title of a shared page) say it, each alone. Titles name nobody;
* each of its clauses rests on one sentence of one post (merged stories share none): all its words but grammar
  are there in the same order, up to their endings (so nobody changes roles), each number beside the same word and with
  the same qualifier and ratio, and negations, hedges and reports of what others say are the same;
* a question stays a question.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.editing.words import (
    DOUBTS,
    FREE,
    MODALS,
    NEGATIONS,
    QUALIFIERS,
    RELATIONS,
    RELATIVE_DAYS,
    REPORTING,
    UNTRUE,
    Token,
    sentences,
    tokens,
)
from models.events import Tweet
from models.text.plain import plain, printable
from models.wording.passages import verbatim
from models.wording.people import clean_handle, display_name

LONGEST = 240  # characters of a claim
BESIDE = 4  # tokens between a number and the word that it counts
BETWEEN = 3  # tokens from one number of a ratio to the other
MOST_TEXT = 4_000  # characters of a post that are read
_MARKUP = re.compile(r"[<>`\[\]{}|\\*~^]|__")  # one underscore is part of a handle
_URL = re.compile(r"https?://[^\s)”\"]+|www\.\S+|\S+@\S+\.\w", re.IGNORECASE)
_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»")
_CLAUSE = re.compile(r"(?<=[.!?])\s+|;\s*|,?\s+(?:while|whereas)\s+")
OWN = frozenset(["i", "we", "i'm", "we're", "i've", "we've", "i’m", "we’re", "i’ve", "we’ve"])
_ENDS = " ,.:;–—-"


@dataclass(frozen=True)
class Verdict:
    """Whether a claim stands."""

    reason: str = ""  # why it does not
    posts: tuple[str, ...] = ()  # the cited posts that it rests on, in the order of the citation

    @property
    def stands(self) -> bool:
        """Whether readers may see it."""
        return not self.reason


@dataclass(frozen=True)
class Span:
    """One sentence of a post, or the title of a page that it shares."""

    post: Tweet
    words: tuple[Token, ...]
    by_page: bool  # whether the words are those of a shared page
    asks: bool


def check(text: str, cited: Sequence[Tweet], *, is_title: bool = False) -> Verdict:
    """Check one claim.

    Args:
        text: The claim.
        cited: The posts that it cites.
        is_title: Whether it is a title or headline, which names no speaker.
    """
    if problem := _form(text, cited):
        return Verdict(problem)
    body, speakers = (text, set[str]()) if is_title else _speakers(text, cited)
    if not is_title and not speakers:
        body, speakers = _actor(text, cited)
    posts = [post for post in cited if not speakers or post.author_id in speakers]
    quoted = _quotations(body)
    spoken = [post for post in posts if all(verbatim(words) in plain(post.text) for words in quoted)]
    if quoted and not spoken:
        return Verdict("a quotation is not in the cited posts of its speaker")
    rest = _QUOTED.sub(" ", body)
    asks = "?" in text or re.search(r"\basks?(?:ed)?\b", text) is not None
    clauses = [clause for clause in _CLAUSE.split(rest) if _content(tokens(clause))]
    if not clauses and not quoted:
        return Verdict("it says nothing")
    resting: list[str] = [post.id for post in spoken] if quoted else []
    for clause in clauses:
        found = [span for post in (spoken if quoted else posts) for span in _spans(post, attributed=bool(speakers))]
        standing = [span for span in found if _rests_on(tokens(clause), span, asks=asks)]
        if not standing:
            return Verdict("no cited post says all of it")
        people = {span.post.author_id for span in standing}
        if not (is_title or speakers or len(people) > 1 or any(span.by_page for span in standing)):
            return Verdict("one person says it, who is not named")
        resting += [span.post.id for span in standing]
    if speakers and speakers - {post.author_id for post in cited if post.id in resting}:
        return Verdict("a named speaker does not say it")
    return Verdict(posts=tuple(post.id for post in cited if post.id in set(resting)))


def _form(text: str, cited: Sequence[Tweet]) -> str:
    """What is wrong with the form of a claim; "" for nothing."""
    if not text.strip() or text != " ".join(printable(text).split()):
        return "it is empty, or not one printable line"
    if len(text) > LONGEST or _MARKUP.search(text) or text.count('"') % 2:
        return "it is too long, or has markup"
    if not cited:
        return "it cites no post of its section"
    links = {link.url for post in cited for link in post.links}
    if any(url.rstrip(".,;:") not in links for url in _URL.findall(text)):
        return "a link is not in the cited posts"
    if any(token.word in RELATIVE_DAYS for token in tokens(text)):
        return "a day is relative to the post"
    return ""


def _speakers(text: str, cited: Sequence[Tweet]) -> tuple[str, set[str]]:
    """The claim without "Ann Lee (@ann) says that", and the authors whom it names as speakers."""
    body = text
    found: set[str] = set()
    for post in sorted(cited, key=lambda one: -len(display_name(one))):
        handle, name = re.escape(clean_handle(post.author)), re.escape(display_name(post))
        who = rf"(?:{name}\s*\(@?{handle}\)|{name}|@{handle})"
        for pattern in (
            rf"^{who}(?:,)?\s+(?:{REPORTING})\b(?:\s+that)?[:,]?\s*",
            rf"^{who}:\s*",
            rf"^according to {who},\s*",
            rf",?\s*(?:according to {who}|(?:{REPORTING})\s+{who}|{who}\s+(?:{REPORTING}))[.]?$",
            rf"\s*[–—]\s*{who}[.]?$",
        ):
            shorter = re.sub(pattern, "", body, count=1, flags=re.IGNORECASE)
            if shorter != body:
                body, found = shorter, found | {post.author_id}
    return body.strip(), found


def _actor(text: str, cited: Sequence[Tweet]) -> tuple[str, set[str]]:
    """The claim without the author who "moved the meetup", if the post says so of itself: "We moved", "Moved"."""
    for post in cited:
        handle, name = re.escape(clean_handle(post.author)), re.escape(display_name(post))
        rest = re.sub(rf"^(?:{name}\s*\(@?{handle}\)|{name}|@{handle})\s+", "", text, count=1)
        deed = _content(tokens(rest))[:1] if rest != text else []
        words = tokens(plain(post.text)[:MOST_TEXT])
        for place, one in enumerate(words):
            by_author = one.first or any(other.word in OWN for other in words[max(0, place - 2) : place])
            if deed and one.stem == deed[0].stem and by_author and not one.text.isupper():
                return rest, {post.author_id}
    return text, set()


def _quotations(text: str) -> list[str]:
    return [next(filter(None, groups), "").strip(_ENDS) for groups in _QUOTED.findall(text)]


def _spans(post: Tweet, *, attributed: bool) -> Iterator[Span]:
    """The sentences of a post; the words of its pages as well, unless a person is said to say them."""
    for text in sentences(plain(post.text)[:MOST_TEXT]):
        yield Span(post, tokens(text), False, text.endswith("?"))
    if attributed:
        return
    for link in post.links:
        for text in filter(None, (link.title, link.description)):
            if text.strip():
                yield Span(post, tokens(plain(text)[:MOST_TEXT]), True, text.rstrip().endswith("?"))


def _rests_on(clause: Sequence[Token], span: Span, *, asks: bool) -> bool:
    """Whether one span says all of a clause."""
    if span.asks and not asks:
        return False
    known = {one.stem for one in span.words}
    content = _content(clause)
    if any(one.stem not in known for one in content):
        return False
    order = iter([one.stem for one in span.words])
    if not all(one.stem in order for one in content):
        return False
    if not (_pairs(clause, RELATIONS) <= _pairs(span.words, RELATIONS) and _denies_the_same(clause, span)):
        return False
    return all(_counts_the_same(place, clause, span) for place, one in enumerate(clause) if one.is_number)


def _denies_the_same(clause: Sequence[Token], span: Span) -> bool:
    """Whether negations, doubts and modals are the same, as far as they concern what the clause says."""
    own, theirs = _pairs(clause, NEGATIONS | MODALS), _pairs(span.words, NEGATIONS | MODALS)
    said = {one.stem for one in _content(clause)}
    if not own <= theirs or any(pair not in own for pair in theirs if pair[1] in said):
        return False
    # a negation concerns the whole part between commas: "did not say whether it runs" does not say that it runs
    parts = {one.part for one in span.words if one.stem in said and one.word not in FREE}
    if any(one.denies for one in clause) != any(one.denies for one in span.words if one.part in parts):
        return False
    taken_back = {one.word for one in tokens(plain(span.post.text)[:MOST_TEXT]) if one.word in UNTRUE}
    if not taken_back <= {one.word for one in clause}:
        return False
    return {one.stem for one in clause if one.word in DOUBTS} == {one.stem for one in span.words if one.word in DOUBTS}


def _pairs(words: Sequence[Token], which: frozenset[str]) -> set[tuple[str, str]]:
    """Each of some words with the word that it concerns: the next one of its part, else the one before."""
    found = set()
    for place, one in enumerate(words):
        if one.word in which or (one.denies and which >= NEGATIONS):
            after = [other.stem for other in _content(words[place + 1 :]) if other.part == one.part]
            before = [other.stem for other in _content(words[:place]) if other.part == one.part]
            found.add(("not" if one.denies else one.stem, (after[:1] or before[-1:] or [""])[0]))
    return found


def _content(words: Sequence[Token]) -> list[Token]:
    """All words but grammar; a negation is compared as such."""
    return [one for one in words if one.word not in FREE and not one.denies]


def _counts_the_same(place: int, clause: Sequence[Token], span: Span) -> bool:
    """Whether a number of the clause stands in the span beside the same word, with the same qualifier."""
    number = clause[place]
    beside = [one for one in _content(clause[place + 1 :]) if not one.is_number][:1]
    beside = beside or [one for one in _content(clause[:place]) if not one.is_number][-1:]
    before = clause[place - 1].word if place and clause[place - 1].word in QUALIFIERS else ""
    given = {one.stem for one in clause}
    for at, one in enumerate(span.words):
        if one.stem != number.stem or not _shares(span.words, at) <= given:
            continue
        near = {other.stem for other in span.words[max(0, at - BESIDE) : at + BESIDE + 1]}
        previous = span.words[at - 1].word if at and span.words[at - 1].word in QUALIFIERS else ""
        if previous == before and all(other.stem in near for other in beside):
            return True
    return False


def _shares(words: Sequence[Token], at: int) -> set[str]:
    """The other number of "3 of 5" or "from 3 to 5", which says something else alone."""
    found = set()
    for other in range(max(0, at - BETWEEN), min(len(words), at + BETWEEN + 1)):
        between = {one.word for one in words[min(at, other) : max(at, other)]}
        if other != at and words[other].is_number and between & {"of", "to"}:
            found.add(words[other].stem)
    return found
