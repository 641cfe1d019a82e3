"""Parses RSS and Atom entries to posts (feedparser).

* Ids: a post's id is a hash of feed and entry id, because feeds write any text there. Its author's id is the feed's
  address.

* Text: the title, and the first part of the content. The entry's own link comes first, with title and description.
  Relative links are resolved; plain text is not parsed as HTML.

* Edits: a changed entry becomes an edit (`history`).

* Dates: an entry without a date gets the time at which it was first seen.

* Deletions: feeds do not report them; an entry that left a feed may only be old.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import feedparser

from models.events import Tweet
from models.text.handles import feed_id
from streams.sources import fields
from streams.sources.entry_marks import PREFIX
from streams.sources.feeds.dates import date_of
from streams.sources.html_text import html_to_text
from streams.sources.port import Bad, Ignored, Outcome

SOURCE = "rss"
MAX_SUMMARY = 2_000
DEEPEST = 1_000  # elements; HTML inside CDATA, which closes what it likes, is not counted
# feedparser reports most damage, but raises for some (an unknown encoding)
_PARSER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RecursionError)
_TAG = re.compile(rb"<!\[CDATA\[|\]\]>|<(?:(/)|(?=[A-Za-z]))[^<>]*?(/)?>")
_END = re.compile(rb"</\s*(?:\w+:)?(?:feed|rss|rdf)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a document."""

    post: Tweet  # with the entry's date, or the time at which it was first seen
    has_id: bool  # whether the post's id is a hash of the entry's own id or link; otherwise of its title
    date: datetime | None  # None: the feed has no valid date for it


def parse_feed(
    data: bytes, address: str, seen_at: datetime, *, base: str | None = None, charset: str | None = None
) -> Iterator[Outcome]:
    """Return the posts of `read_entries`."""
    for entry in read_entries(data, address, seen_at, base=base, charset=charset):
        yield entry.post if isinstance(entry, Entry) else entry


def read_entries(
    data: bytes, address: str, seen_at: datetime, *, base: str | None = None, charset: str | None = None
) -> Iterator["Entry | Bad | Ignored"]:
    """Return the entries of one document, oldest first; `Bad` if it is not a feed.

    Args:
        data: the document.
        address: the listed address; it separates entries of different feeds.
        seen_at: time of reading: the date of entries without one, and the upper limit of all dates.
        base: address of the document, for its relative links.
        charset: charset of the HTTP header; it overrides the document's.
    """
    if is_too_deep(data):
        yield Bad(f"no feed: its elements are nested more than {DEEPEST} deep", data[:100_000])
        return
    kind = "application/xml" + (f"; charset={charset}" if charset else "")
    headers = {"content-location": base or address, "content-type": kind}
    try:
        feed = feedparser.parse(data, sanitize_html=False, response_headers=headers)
    except _PARSER_ERRORS as error:
        yield Bad(f"no feed that feedparser can read: {type(error).__name__}: {error}"[:500], data[:100_000])
        return
    if not feed.entries and (feed.bozo or not feed.version):
        yield Bad(f"no feed: {feed.get('bozo_exception') or 'no entries'}"[:500], data[:100_000])
        return
    dated = [(_date(entry), entry) for entry in feed.entries]
    for date, entry in sorted(dated, key=lambda pair: min(pair[0] or seen_at, seen_at)):
        when = min(date or seen_at, seen_at)  # a scheduled entry becomes a post at its date
        outcomes = fields.guarded(
            _kept(entry),
            lambda when=when, entry=entry: _tweet(entry, feed.feed, address, when),  # type: ignore[misc]
        )
        for outcome in outcomes:
            if isinstance(outcome, Tweet):
                yield Entry(outcome, bool(entry.get("id") or entry.get("link")), date)
            elif isinstance(outcome, Bad | Ignored):
                yield outcome


def is_too_deep(data: bytes) -> bool:
    """Whether elements are nested deeper than in any real feed: feedparser needs time quadratic in the depth."""
    depth, quoted = 0, False
    for tag in _TAG.finditer(data):
        if tag[0] in {b"<![CDATA[", b"]]>"}:
            quoted = tag[0] != b"]]>"
        elif not quoted:
            depth = max(0, depth + (-1 if tag[1] else 0 if tag[2] else 1))
            if depth > DEEPEST:
                return True
    return False


def is_whole(data: bytes) -> bool:
    """Whether the document is complete: half an entry would become a post, and the whole one an edit."""
    return _END.search(data[-4_000:].replace(b"\0", b"")) is not None  # UTF-16 has zero bytes between the letters


def entry_id(address: str, entry: Any) -> str:
    """Return a stable id for an entry: its own id, else its link, else its title."""
    return id_from(address, str(entry.get("id") or entry.get("link") or entry.get("title") or ""))


def id_from(address: str, *parts: str) -> str:
    """Return a post's id from the feed's address and the key of the entry within the feed."""
    own = "\n".join((address, *parts))
    return PREFIX + hashlib.sha256(own.encode("utf-8", "replace")).hexdigest()[:32]


def _tweet(entry: Any, feed: Any, address: str, when: datetime) -> Tweet:
    title, _links = _text_of(entry.get("title_detail"), entry.get("title"))
    body, links = _body(entry)
    own = fields.link_of(entry.get("link"), title, body[:500], feed.get("title"))
    body = "" if body.startswith(title) and len(body) - len(title) < 5 else body
    text = "\n\n".join(part for part in (title, body[:MAX_SUMMARY].strip()) if part)
    author_name = fields.as_text(entry.get("author") or feed.get("title"), fields.MAX_NAME)
    return fields.build_tweet(
        id=entry_id(address, entry),
        author_id=feed_id(address),
        author=address[: fields.MAX_NAME],
        author_name=author_name,
        created_at=when,
        text=text,
        lang=fields.as_text(feed.get("language"), fields.MAX_LANG),
        links=[*([own] if own else []), *(link for link in links if not own or link["url"] != own["url"])][
            : fields.MAX_LINKS
        ],
        source=SOURCE,
    )


def _body(entry: Any) -> tuple[str, list[dict[str, Any]]]:
    """Return the first textual content, else the summary."""
    contents = [one for one in entry.get("content") or [] if re.search("text|html", str(one.get("type")))]
    for detail in (*contents, entry.get("summary_detail")):
        text, links = _text_of(detail, None)
        if text or links:
            return text, links
    return _text_of(None, entry.get("summary"))


def _text_of(detail: Any, value: Any) -> tuple[str, list[dict[str, Any]]]:
    """Return text and links of an element by its declared type; RSS declares none, and its text is HTML."""
    value = str((detail or {}).get("value") or value or "")
    if (detail or {}).get("type") == "text/plain":
        return "\n".join(" ".join(line.split()) for line in value.splitlines()).strip(), fields.links_in(value)
    return html_to_text(value)


def _date(entry: Any) -> datetime | None:
    """Return the entry's own date; a feed's build date does not apply to its entries."""
    for name in ("published", "updated", "created"):
        # dict.get, because feedparser's own get falls back from "updated" to "published" with a warning
        date = date_of(dict.get(entry, name), dict.get(entry, f"{name}_parsed"))
        if date is not None:
            return date
    return None


def _kept(entry: Any) -> bytes:
    return fields.record_bytes({name: str(entry.get(name)) for name in ("id", "link", "title", "published", "summary")})
