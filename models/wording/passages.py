"""The passages of a post that can be quoted: whole sentences of its plain text, without links and walls of tags.

    "RT @x: BERT is small now. Code: https://… #AI #ML #Data"  ->  "BERT is small now."

A passage is one sentence (a short one with the next), 3 words at least, 280 characters at most. It is a verbatim
substring of the plain text. A passage that ends before its sentence has `CUT` at its end, for every cause: the
platform, the limit, or a bracket that is never closed.

Parts around a sentence are removed without a mark: the prefix of a retweet, the mentions at the start of an answer,
links and their introductions ("Paper:"), a wall of hashtags, credits ("via @x"), the site of a headline ("| PNAS"). A
hashtag or a mention inside a sentence, or a single one at its end, is a word of it.

All functions are linear in the length of the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from models.text.plain import beginning, plain
from models.text.stop_words import STOP_WORDS
from models.wording.manner import clarity

MAX_CHARACTERS = 280
MAX_READ = 4_000  # characters of a post that are read for what it says: what a text costs is bounded
CUT = " …"  # at the end of a passage that ends before its sentence does
ENOUGH = 60  # characters of a sentence that is cut off, from which it is cut back to its last whole clause
SHORT = 40  # a sentence below says too little alone and takes the next one along
REPORTS = 0.5  # least clarity of such a sentence
LONGEST_ABBREVIATION = 12

RETWEET_PREFIX = re.compile(r"^\s*RT @(\w{1,30}):\s*")
URL = re.compile(r"https?://\S+|\b(?:t\.co|bit\.ly|lnkd\.in|buff\.ly|youtu\.be)/\S+", re.IGNORECASE)
_LINK_AT_ITS_END = re.compile(r"\s?[(\[]https?://[^\s()\[\]]{1,300}[)\]][.!]?$")
_LEADING_MENTIONS = re.compile(r"^\s*(?:\.?@[\w.@-]+[\s,:]+)+")
_SENTENCE_END = re.compile(  # in Chinese and Japanese no space follows
    r"(?<=[.!?…])[\"”’')]*\s+(?=(?:[^\w\s\"“‘'(#@]{1,6}\s+)?[\"“‘'(#@]{0,3}[A-Z0-9À-ÖØ-ÞА-Я])"
    r"|(?<=[。！？｡])[”」』）]*\s*(?=[^\s”」』）。！？｡])"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|sen|gov|rep|gen|col|lt|capt|rev|hon|vs|e\.g|i\.e|al|etc|fig|eq|no|nos|vol|pp|ed|st|mt|"
    r"inc|corp|co|ltd|ft|feat|jr|sr|u\.s|u\.k|approx|ver?|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat)"
    r"|\b[A-Z])\.$",
    re.IGNORECASE,
)
_TAG = re.compile(r"^[#＃]\w[\w-]*[.,;!]*$")
_CREDIT = re.compile(r"^[(/]?(?:via|cc|h/t|ht|hat|tip|source|credits?|photo|image|v/|w/)[:.]?$", re.IGNORECASE)
_MENTION = re.compile(r"^[\"“(\[.]*@[\w.@-]+(?:['’]s)?[)\].,;:!]*$")
_NO_WORD = re.compile(r"^[^\w.…!?\"”’')\]]+$")
_SIGNS_BEFORE = re.compile(r"^[^\w\"“‘'#@$€£(\[{]+")
_CLAUSE_ENDS = (", ", "; ", ": ", " – ", " — ", " - ")
_SHOUT = re.compile(
    r"(?:new|news|breaking(?: news)?|just in|update|icymi|top story|reminder|announcement|read|reading|watch|listen|"
    r"thread|psa|fyi|(?:an? )?(?:good|great|nice) read|interesting(?: \w{1,15})?|(?:hot|quick) take|"
    r"unpopular opinion|fun fact|must[- ]read|new (?:paper|post|blog post|video|article|work))\s*[:!]\s*",
    re.IGNORECASE,
)
_INTERJECTION = re.compile(
    r"^(?:h+m+|huh|hey|hi|hello|phew|yikes|oh|ooh|wow|ah|aha|ha|well|so|ok(?:ay)?|yes|no|yay|lol|omg)[.,!…]+\s+(?=\w)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(  # its place in a thread or list
    r"^(?:\d\ufe0f?\u20e3|\(?\d{1,2}(?:/(?:\d{1,3}|[nN])?\)?[:.)]?|[.)]))\s+"
)
# possessive: six words could share a run of capitals in half a million ways
_SITE = re.compile(r"(?:\s+[-|–—]\s+((?:[A-Z@][\w.&’'-]*+\s*+|(?:of|the|and)\s++){1,6})|\s*\[[^\[\]]{1,20}\])$")
_QUOTES = {('"', '"'), ("“", "”")}
_OPEN, _CLOSE = ("(", "[", "{", "“"), ")]}”"
_ENDS = tuple(".!?:;…")
_MORE = re.compile(r"[,;]?\s*(?:see|read|learn) more\b", re.IGNORECASE)
_OPENS_CREDIT = re.compile(r"(?:via|by|cc|h/t|from)\b")
_LABEL_BEFORE_LINK = re.compile(  # all of a line or of a sentence: "data:" in "selling user data:" is no label
    r"(?:^|(?<=[.!?…|•·→\n])|(?<=[^\w\s]\s))\W*(?:(?:the |my |our |full |more )?(?:paper|abs|pdfs?|arxiv|code|repo|"
    r"github|project|page|website|web|site|blog|post|article|video|talk|demo|data|dataset|slides|thread|link|links|here|"
    r"details|more|info|register|read|watch|listen|story|source|via|home|home ?page|read more|learn more|more here|"
    r"read here|full story|preprint|abstract|model|models|docs|colab|book|podcast|event)\b[^\w]*){1,4}[:：→>\-–—]+\s*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_LEADS_ON = "a an the of to in for on with and or by from as is are at your our its how using not no but"
_FUNCTION_ENDS = frozenset(_LEADS_ON.split())
_WALL = 3  # so many hashtags and mentions at a sentence's end are no words of it


@dataclass(frozen=True)
class Passage:
    """`text` is a substring of the post's plain text, plus `CUT` where its sentence goes on."""

    text: str
    position: int  # its place among the post's passages

    @property
    def complete(self) -> bool:
        """Whether it ends where its sentence ends."""
        return not self.text.endswith(CUT)

    @property
    def words(self) -> int:
        """Number of words of two letters or more."""
        return len(_WORD.findall(self.text))


def verbatim(quotation: str) -> str:
    """Return the part of a quotation that is in its source: all but the mark of a cut."""
    return quotation.removesuffix(CUT)


def retweeted_handle(text: str) -> str | None:
    """The handle in a "RT @x: …" prefix."""
    match = RETWEET_PREFIX.match(plain(text))
    return match[1] if match else None


def own_words(text: str, answer: bool = False) -> str:
    """The beginning of the plain text without a retweet's prefix and the people addressed.

    answer: a single person is addressed, too.
    """
    text = beginning(RETWEET_PREFIX.sub("", plain(text)), MAX_READ)
    mentions = _LEADING_MENTIONS.match(text)
    if mentions and (answer or mentions[0].count("@") > 1):
        return text[mentions.end() :]
    return text


@lru_cache(maxsize=65_536)
def passages(text: str, answer: bool = False) -> tuple[Passage, ...]:
    """The quotable passages of a post, in reading order; `answer` drops the mentions that it opens with."""
    found: list[Passage] = []
    for segment in _segments(own_words(text, answer)):
        for sentence in _sentences(segment):
            shown = _shown(sentence)
            if len(_WORD.findall(URL.sub(" ", shown))) >= 3 or (len(shown) >= 8 and not verbatim(shown).isascii()):
                found.append(Passage(shown, len(found)))
    return tuple(found)


def _segments(text: str) -> Iterator[str]:
    """The stretches between line breaks and links, trimmed; a link in the middle of a sentence stays in it."""
    for line in _lines(text):
        start = 0
        for link in URL.finditer(line):
            if not _continues(line[start : link.start()], line[link.end() : link.end() + MAX_CHARACTERS]):
                yield from _segment(line[start : link.start()], linked=True)
                start = link.end()
        yield from _segment(line[start:], linked=False)


def _segment(piece: str, *, linked: bool) -> Iterator[str]:
    if piece.lstrip().startswith(("…", "..")):  # it goes on with a sentence of another post
        match = _SENTENCE_END.search(piece)
        piece = piece[match.end() :] if match else ""
    if trimmed := _trim(piece, linked=linked):
        yield trimmed


def _continues(piece: str, following: str) -> bool:
    """Whether a link stands in the middle of a sentence: "see https://… for details", "the paper (https://…) says"."""
    before, after = piece.rstrip(), following.lstrip()
    if before.endswith(_OPEN):
        after = after.lstrip(_CLOSE + " ")
        return bool(after) and after[0] not in ".!?…"
    if _MORE.match(after):
        return False
    lower = after[:1].isalpha() and after[:1].islower() and not _OPENS_CREDIT.match(after)
    return bool(before) and (lower or after[:1] in {",", ";"}) and not before.endswith((".", "!", "?", "…", ":"))


def _lines(text: str) -> list[str]:
    """The lines; one that goes on in lower case, or after a word that needs another, is one with the line before."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        if own := line.strip():
            if spans and _goes_on(
                text[spans[-1][1] - min(40, spans[-1][1] - spans[-1][0]) : spans[-1][1]].rstrip(), own
            ):
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start = end + 1
    return [text[start:end] for start, end in spans]


def _goes_on(before: str, line: str) -> bool:
    """before: the end of the line before."""
    if before.endswith(_ENDS) or _OPENS_CREDIT.match(line):
        return False
    if line[0].isascii() and line[0].islower():
        return True
    return before.rpartition(" ")[2].casefold() in _FUNCTION_ENDS and line[0].isalnum()


def _trim(piece: str, *, linked: bool) -> str:
    """Without the credits and walls that a segment ends with, and the signs around it. linked: a link follows."""
    piece = piece.strip()
    if linked and (named := _LABEL_BEFORE_LINK.search(piece, max(0, len(piece) - 60))):
        piece = piece[: named.start()]
    tokens = list(re.finditer(r"\S+", piece))
    end = len(tokens)
    while end and _is_sign_or_name(tokens[end - 1][0]):
        end -= 1
    rest = [token[0] for token in tokens[end:] if not _NO_WORD.match(token[0])]
    if end and rest and not _is_apart(tokens[end - 1][0], rest):
        kept = len(rest)
        if len(rest) >= _WALL:  # "push AI to #write #software #AI #ML": the sentence needs the first ones
            kept = 0
            while kept < len(rest) and _needs_more(rest[kept - 1] if kept else tokens[end - 1][0]):
                kept += 1
        while kept:
            kept -= not _NO_WORD.match(tokens[end][0])
            end += 1
    while end and (_CREDIT.match(tokens[end - 1][0]) or _NO_WORD.match(tokens[end - 1][0])):
        end -= 1
    text = piece[: tokens[end - 1].end()] if end else ""
    return _SIGNS_BEFORE.sub("", text.strip().rstrip("|•·–—-→>⤵👉👇✅🔗,:;([{“").strip())


def _is_sign_or_name(token: str) -> bool:
    return bool(_TAG.match(token) or _MENTION.match(token) or _NO_WORD.match(token))


def _is_apart(before: str, names: list[str]) -> bool:
    """Whether hashtags and mentions after the word `before` are no part of its sentence: it has ended or credits them.

    Two or more mentions alone name people who are to see the post; so does a single one after a credit.
    """
    if before.endswith((".", "!", "?", ":", "…", "”", '"', "|")) or _CREDIT.match(before):
        return True
    return len(names) > 1 and not _needs_more(before) and all(name.lstrip('"“([.').startswith("@") for name in names)


def _needs_more(token: str) -> bool:
    return token.casefold() in _FUNCTION_ENDS


def _sentences(segment: str) -> list[str]:
    """The sentences; a short one reaches to the end of the next."""
    merged: list[tuple[int, int]] = []
    start, counted, depth = 0, 0, 0
    for match in _SENTENCE_END.finditer(segment):
        stop = match.start()
        depth += segment.count("(", counted, match.end()) - segment.count(")", counted, match.end())
        counted = match.end()
        names_on = match[0].startswith(")") and segment[match.end() : match.end() + 1] in {"@", "#"}
        if depth == 1 or names_on:  # "this (public!) series": a bracket that is never closed does not matter for long
            continue
        depth = 0
        if not _ABBREVIATION.search(segment, max(start, stop - LONGEST_ABBREVIATION), stop):
            _add(merged, segment, start, stop + len(match[0].rstrip()))
            start = match.end()
    _add(merged, segment, start, len(segment))
    return [text for first, last in merged if (text := segment[first:last].strip())]


def _add(merged: list[tuple[int, int]], segment: str, start: int, end: int) -> None:
    """Append a sentence, or join it to the short one before it, unless that one greets or appeals."""
    first, last = merged[-1] if merged else (0, MAX_CHARACTERS)
    if last - first < SHORT and end - first <= MAX_CHARACTERS and clarity(segment[first:last]) >= REPORTS:
        merged[-1] = (first, end)
    else:
        merged.append((start, end))


def _shown(sentence: str) -> str:
    """The sentence as it is quoted, with `CUT` where it goes on."""
    cut = False
    sentence = _unquoted(_SIGNS_BEFORE.sub("", _bare(sentence)))
    whole = sentence
    if sentence.endswith(("…", "..")) and not sentence.endswith("..."):
        sentence = _last_clause(sentence.rstrip("….").rpartition(" ")[0])  # the last word may be half of one
        cut = True
    sentence = _closed(sentence)
    if len(sentence) > MAX_CHARACTERS - len(CUT):
        sentence = _within_limit(sentence, MAX_CHARACTERS - len(CUT))
    sentence = sentence.rstrip()
    if not sentence or not (cut or len(sentence) < len(whole.rstrip())):
        return sentence
    while sentence and _needs_more(sentence.rpartition(" ")[2]):
        sentence = sentence.rpartition(" ")[0]
    return sentence.rstrip(",;:–—- ") + CUT if sentence else ""


def _bare(sentence: str) -> str:
    """Without the shout that opens it ("NEW:"), its place in a thread, and the site that a headline ends with."""
    if (place := _NUMBERED.match(sentence)) is not None:
        sentence = sentence[place.end() :]
    if (opening := _SHOUT.match(sentence)) and len(sentence) - opening.end() >= SHORT // 2:
        sentence = sentence[opening.end() :]
    sentence = _LINK_AT_ITS_END.sub("", _INTERJECTION.sub("", sentence))
    ending = _SITE.search(sentence, max(0, len(sentence) - 40))
    if ending is None or ending.start() < SHORT // 2 or sentence[: ending.start()].rstrip().endswith(("”", '"')):
        return sentence
    words = {word.casefold() for word in (ending[1] or "").split()} - {"of", "the", "and"}
    return sentence if words & STOP_WORDS else sentence[: ending.start()]


def _unquoted(sentence: str) -> str:
    """Without the marks of a quotation that is all of it."""
    inner = sentence[1:-1]
    if (sentence[:1], sentence[-1:]) in _QUOTES and not set('"“”') & set(inner):
        return inner.strip()
    opened = sentence[:1] in {'"', "“"} and sentence.count('"') % 2 + sentence.count("“") - sentence.count("”") == 1
    return sentence[1:].lstrip() if opened else sentence  # the quotation ends with a later sentence


def _closed(sentence: str) -> str:
    """Without a bracket that is opened at the end and never closed ("… White People [ so do something")."""
    opens = max(sentence.rfind("["), sentence.rfind("("))
    unclosed = opens >= SHORT and not {"]", ")"} & set(sentence[opens:])
    return sentence[:opens].rstrip() if unclosed else sentence


def _last_clause(sentence: str) -> str:
    """What the platform cut off, back to its last whole clause where enough of it is left."""
    last = max(sentence.rfind(sign) for sign in _CLAUSE_ENDS)
    return sentence[:last] if last >= ENOUGH else sentence


def _within_limit(sentence: str, limit: int) -> str:
    """The first clauses of a sentence that is too long, else its first words."""
    head = sentence[:limit]
    clause = max(head.rfind(sign) for sign in _CLAUSE_ENDS)
    return head[:clause] if clause > SHORT else head[: head.rfind(" ")] if " " in head else head
