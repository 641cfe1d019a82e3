"""Finds the sentence in a post: removes the retweet's prefix, links, and walls of hashtags and handles.

A *run* is a sequence of hashtags, handles, links and line breaks without another word. A run at either end, or a long
one anywhere, is a wall. It is removed together with the "via" or "cc" before it. A short run inside a sentence is part
of it.
"""

import re
import unicodedata

from models.events import Kind
from models.text.characters import HASHTAG, LINK, MENTION, fold_space, split_hashtag

_RETWEET = re.compile(r"\s*(?:RT|rt)\s+@([A-Za-z0-9_.-]{1,100}?)(?::\s*|\s+|$)")
_EDGE = "\x00"  # stands for a link while walls are searched; `visible` has removed it from the text
_TOKEN = re.compile(r"\x00|\n|[^\s\x00]+")
_TAG = re.compile(rf"[(\[\"'“]*(?:{HASHTAG.pattern})(?:['’]s)?[)\]\"'”.,;:!?…|]*")
_HANDLE = re.compile(rf"[(\[.]*(?:{MENTION.pattern})(?:['’]s)?[)\].,;:!?…|]*")
_CREDIT = re.compile(r"[(/]?(?:cc|via|by|h/t|ht|v/|w/|with|from|credits?|source|ft|feat)[.:/]*", re.IGNORECASE)
_SENTENCE_END = tuple('.!?…:;|)"”»\n' + _EDGE)
# a hashtag after one of these is a word of the sentence, even at its end
_FUNCTION_WORDS = """
a an and are as at be by do for from has have how if in into is it its more my new no not of on or our own that the
their this to use using v via vs was we what when why will with your & + about against between like over than
de la le les des du en et el los las un una y der das dem den und ein eine im mit zu für von del di il e da do
"""
_LEADS_ON = frozenset(_FUNCTION_WORDS.split())
_BULLET = re.compile(r"(?:[-…|:·•–—]+\s+)+")
_RULE = re.compile(r"[-—–―_=~•·]{3,}")  # a drawn line
_DANGLING = "…|:,;~•·–—―/>&=*+([-"  # characters that may introduce a removed link or wall
_WALL = 3  # this many hashtags and handles in a row are a wall at any place


def retweeted(text: str) -> tuple[str, str] | None:
    """Author and text of the post that `text` repeats ("RT @x: …" or "RT @x:…"), or None."""
    match = _RETWEET.match(text)
    return (match.group(1), text[match.end() :]) if match else None


def without_retweet(text: str) -> str:
    """`text` without its retweet prefixes. A retweet of a retweet has several."""
    while match := _RETWEET.match(text):
        text = text[match.end() :]
    return text


def sentence_of(text: str, kind: Kind) -> str:
    """The sentence of `text` (already `visible`): no retweet prefix, links and walls; hashtags and handles as words."""
    text = _RULE.sub("\n", without_retweet(text))
    if "#" in text or "@" in text or "＃" in text:
        text = LINK.sub(f" {_EDGE} ", text)
        tokens = _TOKEN.findall(text)
        text = " ".join(_without_walls(tokens, kind)).replace(_EDGE, " ")
        text = HASHTAG.sub(lambda match: split_hashtag(match.group(1)), text)
        text = MENTION.sub(lambda match: split_hashtag(match.group(1)), text)
    else:
        text = LINK.sub(" ", text)
    text = _trim(fold_space(text))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _trim(text: str) -> str:
    """Remove the bullet at the start and the dangling marks at the end."""
    bullet = _BULLET.match(text)
    words = text[bullet.end() if bullet else 0 :].strip("… ").split(" ")
    while len(words) > 1 and not words[-1].strip(_DANGLING):
        words.pop()
    return " ".join(words).rstrip("… ")


def _without_walls(tokens: list[str], kind: Kind) -> list[str]:
    """Remove the runs of hashtags and handles that are no part of a sentence."""
    marks = _marks(tokens)
    first = marks.index("w") if "w" in marks else len(marks)
    kept: list[str] = []
    index = 0
    while index < len(tokens):
        if marks[index] not in "#@":
            kept.append(tokens[index])
            index += 1
            continue
        end = index
        while end < len(tokens) and marks[end] != "w":
            end += 1
        stays = _of_run(tokens, marks, index, end, first > index, kind)
        while not stays and kept and (kept[-1] == "\n" or _CREDIT.fullmatch(kept[-1])):
            kept.pop()
        kept.extend(stays)
        index = end
    return kept


def _of_run(tokens: list[str], marks: list[str], start: int, end: int, opens: bool, kind: Kind) -> list[str]:
    """The tokens to keep of the run tokens[start:end].

    Args:
        tokens: All tokens.
        marks: Their marks.
        start: First token of the run.
        end: First token after the run.
        opens: Whether the run is at the start of the text.
        kind: Kind of the post.
    """
    run = [index for index in range(start, end) if marks[index] in "#@"]
    closes, long = end == len(tokens), len(run) >= _WALL
    if opens and not closes:
        addressed = marks[start] == "@" and (len(run) > 1 or (kind == "reply" and not tokens[start].startswith(".")))
        return [] if addressed or long else tokens[start:end]
    if not closes and any(tokens[index].endswith(",") for index in run):
        return tokens[start:end]  # "#A, #B and #C": an enumeration
    first_is_a_word = marks[start] == "#" and _reads_on(tokens, marks, start, len(run))
    if closes or long:
        return tokens[start : start + 1] if first_is_a_word else []
    return tokens[start:end]


def _reads_on(tokens: list[str], marks: list[str], start: int, run: int) -> bool:
    """Whether the sentence continues with tokens[start], the first hashtag of a run of length `run`."""
    if start == 0:
        return False
    before = tokens[start - 1]
    if before.casefold() in _LEADS_ON:
        return True
    bounded = before.endswith(_SENTENCE_END) or marks[start - 1] in "\n "
    return not bounded and (run == 1 or tokens[start].endswith((".", "!", "?", ":")))


def _marks(tokens: list[str]) -> list[str]:
    """The mark of each token. "via" between a link or hashtag and a handle belongs to their run."""
    marks = [_mark(token) for token in tokens]
    for index in range(1, len(tokens) - 1):
        if (
            marks[index + 1] == "@"
            and marks[index] == "w"
            and marks[index - 1] != "w"
            and _CREDIT.fullmatch(tokens[index])
        ):
            marks[index] = "\n"
    return marks


def _mark(word: str) -> str:
    """The class of a token: hashtag "#", handle "@", link " ", line break itself, other words "w"."""
    if word in ("\n", _EDGE):
        return "\n" if word == "\n" else " "
    if "#" not in word and "@" not in word and "＃" not in word:  # most words: no regular expression is needed
        return "w"
    if _TAG.fullmatch(word):
        return "#"
    return "@" if _HANDLE.fullmatch(word) else "w"
