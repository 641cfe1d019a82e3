"""Fingerprints of feed entries: short hashes of identity and content, so that thousands fit into a cursor."""

import hashlib
import re
from datetime import datetime
from typing import NamedTuple

from models.events import Tweet

PREFIX = "rss:"  # of the post ids
LEAST_BODY = 40  # characters; a shorter body may occur in several entries
_WORD = re.compile(r"\w+(?:[.,:'’-]\w+)*")
_NUMBER = re.compile(r"[\d.,:'’-]+(?:k|m|h|d|min)?")  # also 1.2k, 3d
_IN_BRACKETS = re.compile(r"[(\[]\s*\d[\d.,]*(?:\s+\w+)?\s*[)\]]")


class Mark(NamedTuple):
    """Hashes of an entry's parts; "" for a missing part, and for a part that another entry of the feed shares."""

    guid: str
    link: str
    title: str
    body: str
    date: str


class SentEntry(NamedTuple):
    """An entry that was sent to Kafka."""

    mark: Mark
    said: str
    sent_at: int  # time of its first version, in seconds since 1970


def mark_of(post: Tweet, date: datetime | None) -> Mark:
    """Return the mark of an entry's post. The post's id is a hash of the entry's id; title and body are parts of its
    text.
    """
    title, _blank, body = post.text.partition("\n\n")
    link = post.links[0].url if post.links else ""
    moment = "" if date is None else str(int(date.timestamp()))
    return Mark(guid_of(post.id), link and _hash(link), _hash(_words(title)), _body(body), moment)


def guid_of(post_id: str) -> str:
    """Return the part of a mark that stands for the entry's own id."""
    return post_id.partition("#")[0].removeprefix(PREFIX)[:12]


def said(post: Tweet) -> str:
    """Return the words whose change a reader would notice: the text without counters.

    Stand-alone numbers in a feed's body, and numbers in brackets in its title, are usually counters (comments, minutes,
    visitors). They change at every poll and make no edit.
    """
    title, _blank, body = post.text.partition("\n\n")
    return _hash(_words(_IN_BRACKETS.sub(" ", title)) + "\n" + _words(body, numbers=False))


def _body(body: str) -> str:
    words = _words(body, numbers=False)
    return _hash(words) if len(words) >= LEAST_BODY else ""


def _words(text: str, *, numbers: bool = True) -> str:
    found = _WORD.findall(text.casefold())
    if numbers:
        return " ".join(found)
    counts = [_NUMBER.fullmatch(word) is not None for word in found]
    counted = [False, *counts]  # what is counted: "1 comment" and "2 comments" are the same word
    return " ".join(
        word.removesuffix("s") if is_counted else word
        for word, is_count, is_counted in zip(found, counts, counted, strict=False)
        if not is_count
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
