"""The passages of a post that can be quoted: verbatim substrings of its plain text, without links and tag walls.

    "RT @x: BERT is small now. Code: https://… #AI #ML #Data"  ->  "BERT is small now."

A passage is one sentence (or a short one with the next), 3 words at least, 280 characters at most. What is cut away:
the retweet's prefix, leading mentions of an answer, links, trailing hashtags and mentions ("via @x", "cc @y").
A hashtag inside a sentence is one of its words and stays.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from models.text.plain import plain

MAX_CHARACTERS = 280
ENOUGH = 60  # of a sentence that the platform cut off, for it to be quoted without its last clause
SHORT = 40  # a sentence below says too little alone and takes the next one along

RETWEET_PREFIX = re.compile(r"^\s*RT @(\w{1,30}):\s*")
URL = re.compile(r"https?://\S+|\b(?:t\.co|bit\.ly|lnkd\.in|buff\.ly|youtu\.be)/\S+", re.IGNORECASE)
_LEADING_MENTIONS = re.compile(r"^\s*(?:\.?@[\w.@-]+[\s,:]+)+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’')]*\s+(?=[\"“‘'(#@]*[A-Z0-9À-ÖØ-ÞА-Я])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|vs|e\.g|i\.e|al|etc|fig|no|st|inc|jr|u\.s|approx|ver?)|\b[A-Z])\.$", re.IGNORECASE
)
_TAG = re.compile(r"^[#＃]\w[\w-]*[.,;!]*$")
_CREDIT = re.compile(
    r"^(?:via|by|from|cc|h/t|hat|tip|ht|through|with|and|&|w/|source|credits?|read|more|here|link|on|in)[:.]?$",
    re.IGNORECASE,
)
_MENTION = re.compile(r"^[\"“(\[.]*@[\w.@-]+(?:['’]s)?[)\].,;:!]*$")
_NO_WORD = re.compile(r"^[^\w.…]+$")
_SIGNS_BEFORE = re.compile(r"^[^\w\"“‘'#@$€£(\[{]+")
_CLAUSE_ENDS = (", ", "; ", ": ", " – ", " — ", " - ")
_SHOUT = re.compile(
    r"(?:new|news|breaking(?: news)?|just in|update|icymi|top story|reminder|announcement|read|reading|watch|listen|"
    r"thread|psa|fyi|new (?:paper|post|blog post|video|article|work))\s*[:!]\s*",
    re.IGNORECASE,
)
_SITE = re.compile(r"(?:\s+[-|–—]\s+(?:[A-Z@#][\w.&’'-]*\s*|(?:of|the|and)\s+){1,6}|\s*\[[^\[\]]{1,20}\])$")
_ENDS = tuple(".!?:;…")
_OPENS_CREDIT = re.compile(r"(?:via|by|cc|h/t|from)\b")
_LABEL_BEFORE_LINK = re.compile(
    r"(?:\b(?:paper|abs|pdf|arxiv|code|repo|github|project|page|website|site|blog|post|article|video|talk|demo|data|slides|"
    r"thread|link|here|details|more|info|register|read|watch|story|source|via|free|pdfs?|web|home)\b[^\w]*)+[:：→>\-–—]+\s*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_LEADS_ON = "a an the of to in for on with and or by from as is are at your our its how using"
_FUNCTION_ENDS = frozenset(_LEADS_ON.split())


@dataclass(frozen=True)
class Passage:
    """`text` is a substring of the post's plain text; `position` its place among the post's passages."""

    text: str
    position: int
    complete: bool  # not cut off by the platform

    @property
    def words(self) -> int:
        """Number of words of two letters or more."""
        return len(_WORD.findall(self.text))


def retweeted_handle(text: str) -> str | None:
    """The handle in a "RT @x: …" prefix."""
    match = RETWEET_PREFIX.match(plain(text))
    return match[1] if match else None


@lru_cache(maxsize=65_536)
def passages(text: str, answer: bool = False) -> tuple[Passage, ...]:
    """The quotable passages of a post, in reading order; `answer` drops the mentions that it opens with."""
    found: list[Passage] = []
    for segment in _segments(plain(text), answer):
        for sentence in _joined(_sentences(segment)):
            cut = _bare(_whole_clauses(_within_limit(sentence)))
            if len(_WORD.findall(cut)) >= 3 or (len(cut) >= 8 and not cut.isascii()):
                truncated = cut.endswith(("…", ".."))
                found.append(Passage(cut, len(found), not truncated))
    return tuple(found)


def _segments(text: str, answer: bool) -> list[str]:
    text = RETWEET_PREFIX.sub("", text)
    mentions = _LEADING_MENTIONS.match(text)
    if mentions and (answer or mentions[0].count("@") > 1):
        text = text[mentions.end() :]
    pieces = [piece for line in _lines(text) for piece in URL.split(line)]
    return [trimmed for piece in pieces if (trimmed := _trim(piece))]


def _lines(text: str) -> list[str]:
    """The lines; one that goes on in lower case, without a full stop before it, is one with the line before."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if line.strip():
            own = line.lstrip()
            goes_on = own[0].isascii() and own[0].islower() and not _OPENS_CREDIT.match(own)
            if spans and goes_on and not text[spans[-1][0] : spans[-1][1]].rstrip().endswith(_ENDS):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start = end + 1
    return [text[start:end] for start, end in spans]


def _trim(piece: str) -> str:
    """Without the credits, tags and mentions that a segment ends with, and the signs around it."""
    piece = piece.strip()
    if named := _LABEL_BEFORE_LINK.search(piece, max(0, len(piece) - 60)):  # the end only: hostile text costs nothing
        piece = piece[: named.start()]
    tokens = list(re.finditer(r"\S+", piece))
    end = len(tokens)
    while end and _is_trailer(tokens[end - 1][0], tokens[end][0] if end < len(tokens) else ""):
        end -= 1
    while end < len(tokens) and _TAG.match(tokens[end][0]) and _is_word_there(tokens[end - 1][0] if end else ""):
        end += 1  # "push AI to #write #software": the sentence needs it
        if not _needs_more(tokens[end - 1][0]):
            break
    if end and _single_tag(tokens, end):
        end += 1
    kept = piece[: tokens[end - 1].end()] if end else ""
    return _SIGNS_BEFORE.sub("", kept.strip().rstrip("|•·–—-→>⤵👉👇✅🔗,:;([").strip())


def _is_trailer(token: str, following: str) -> bool:
    """Whether a token at the end is no part of the sentence; a credit is one before a name or a link only."""
    if _CREDIT.match(token):
        return not following or bool(_MENTION.match(following) or _CREDIT.match(following))
    return bool(_TAG.match(token) or _MENTION.match(token) or _NO_WORD.match(token))


def _is_word_there(before: str) -> bool:
    return before.casefold() in _FUNCTION_ENDS


def _needs_more(token: str) -> bool:
    return token.casefold() in _FUNCTION_ENDS


def _single_tag(tokens: list[re.Match[str]], end: int) -> bool:
    """Whether exactly one hashtag was cut off in the middle of a sentence: it was its last word."""
    rest = [token[0] for token in tokens[end:]]
    return (
        len(rest) == 1
        and bool(_TAG.match(rest[0]))
        and not tokens[end - 1][0].endswith((".", "!", "?", ":", "…", "”", '"'))
    )


def _sentences(segment: str) -> list[str]:
    parts, start = [], 0
    for match in _SENTENCE_END.finditer(segment):
        if not _ABBREVIATION.search(segment[start : match.start()]):
            parts.append((start, match.start() + len(match[0].rstrip())))
            start = match.end()
    parts.append((start, len(segment)))
    return _Spans(segment, parts).texts()


@dataclass(frozen=True)
class _Spans:
    text: str
    spans: list[tuple[int, int]]

    def texts(self) -> list[str]:
        """The stretches themselves; a short one reaches to the end of the next."""
        merged: list[tuple[int, int]] = []
        for start, end in self.spans:
            if merged and merged[-1][1] - merged[-1][0] < SHORT and end - merged[-1][0] <= MAX_CHARACTERS:
                merged[-1] = (merged[-1][0], end)
            else:
                merged.append((start, end))
        return [self.text[start:end].strip() for start, end in merged]


def _joined(sentences: list[str]) -> list[str]:
    return [sentence for sentence in sentences if sentence]


def _whole_clauses(sentence: str) -> str:
    """What the platform cut off ends with its last whole clause, when enough is left; else it stays as it is."""
    if not sentence.endswith(("…", "..")) or sentence.endswith("..."):
        return sentence
    last = max(sentence.rfind(sign) for sign in _CLAUSE_ENDS)
    return sentence[:last] if last >= ENOUGH else sentence


def _bare(sentence: str) -> str:
    """Without the shout that opens it ("NEW:"), and the site or the bracket that a headline ends with ("| PNAS")."""
    if (opening := _SHOUT.match(sentence)) and len(sentence) - opening.end() >= SHORT // 2:
        sentence = sentence[opening.end() :]
    sentence = _closed(sentence)
    ending = _SITE.search(sentence, max(0, len(sentence) - 40))
    return sentence[: ending.start()] if ending and ending.start() >= SHORT // 2 else sentence


def _closed(sentence: str) -> str:
    """Without a bracket that is opened at the end and never closed ("… White People [ so do something")."""
    opens = max(sentence.rfind("["), sentence.rfind("("))
    unclosed = opens >= SHORT and not {"]", ")"} & set(sentence[opens:])
    return sentence[:opens].rstrip() if unclosed else sentence


def _within_limit(sentence: str) -> str:
    """The sentence, or its first clauses when it is too long; still a verbatim substring."""
    if len(sentence) <= MAX_CHARACTERS:
        return sentence
    head = sentence[:MAX_CHARACTERS]
    cut = max(head.rfind(sign) for sign in _CLAUSE_ENDS)
    return head[:cut] if cut > SHORT else head[: head.rfind(" ")] if " " in head else head
