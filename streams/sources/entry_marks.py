"""By what an entry of a feed is known again, and what it says: short hashes, so that thousands fit into a cursor."""

import hashlib
import re
from datetime import datetime
from typing import NamedTuple

from models.events import Tweet

PREFIX = "rss:"  # of the posts' ids
LEAST_BODY = 40  # characters: a shorter body may be the same in several entries
_WORD = re.compile(r"\w+(?:[.,:'’-]\w+)*")
_NUMBER = re.compile(r"[\d.,:'’-]+")


class Mark(NamedTuple):
    """Hashes of an entry's parts; "" for a part that it lacks, or shares with another entry of its feed."""

    guid: str
    link: str
    title: str
    body: str
    date: str


class SentEntry(NamedTuple):
    """An entry that is on the log."""

    mark: Mark
    said: str
    sent_at: int  # time of its first version, in seconds since 1970


def mark_of(post: Tweet, date: datetime | None) -> Mark:
    """The mark of an entry's post, whose id is a hash of the entry's own; title and body are parts of its text."""
    title, _blank, body = post.text.partition("\n\n")
    link = post.links[0].url if post.links else ""
    moment = "" if date is None else str(int(date.timestamp()))
    return Mark(guid_of(post.id), link and _hash(link), _hash(_words(title)), _body(body), moment)


def guid_of(post_id: str) -> str:
    """The part of a mark that stands for an entry's own id."""
    return post_id.partition("#")[0].removeprefix(PREFIX)[:12]


def said(post: Tweet) -> str:
    """What readers would see change: the words, without the body's bare numbers.

    Numbers that stand alone in a feed's body are counters as a rule (comments, minutes, visitors): they change with
    every reading, and nobody reads an entry again for them.
    """
    title, _blank, body = post.text.partition("\n\n")
    return _hash(_words(title) + "\n" + _words(body, numbers=False))


def _body(body: str) -> str:
    words = _words(body, numbers=False)
    return _hash(words) if len(words) >= LEAST_BODY else ""


def _words(text: str, *, numbers: bool = True) -> str:
    found = _WORD.findall(text.casefold())
    return " ".join(word for word in found if numbers or not _NUMBER.fullmatch(word))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
