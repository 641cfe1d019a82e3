"""All digests as one feed, newest week first: Atom (RFC 4287) and JSON Feed 1.1, with the same entries.

A correction updates its week's entry and keeps the entry's id. Ids do not contain an address, because a service that
moves would repeat all its digests to every reader. They are derived from the installation's id, because a reader of
two services must get both digests of a week. A file without an installation has ids of its own.

Dates are a digest's `made_at`, or the end of its week if that is unknown. The feed reads no clock, so equal digests
give equal bytes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import orjson
from feedgen.feed import FeedGenerator

from models.editing.shown import edited_view
from models.events import EditedDigest
from models.render.html import html_body
from models.render.plain_text import plain_text
from models.render.view import View
from models.text.plain import one_line
from streams.kafka.digests import PublishedDigest

ENTRIES = 50
ATOM, JSON = "application/atom+xml", "application/feed+json"
TITLE = "Top Topics"
SUBTITLE = "What data-science and AI influencers talked about, week by week"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # an empty Atom feed needs a date too


@dataclass(frozen=True)
class Place:
    """Where a feed is published."""

    installation: UUID | None = None
    address: str | None = None  # the service's own, such as "https://example.org": links start with it
    key: str = ""  # opens the feed where a token protects the service
    edited: bool = False  # whether its digests are those that a language model edited, where it did

    def feed(self, name: str) -> str | None:
        """The feed's own address; `name` is "feed.atom" or "feed.json"."""
        query = [*([f"key={self.key}"] if self.key else []), *(["edited=true"] if self.edited else [])]
        return self.address and f"{self.address}/{name}" + (f"?{'&'.join(query)}" if query else "")

    def id_of(self, name: str) -> str:
        """An id that is unique in the world; without an installation, among the digests of one file."""
        return f"urn:toptopics:{name}" if self.installation is None else uuid5(self.installation, name).urn


NOWHERE = Place()
Editions = Mapping[str, EditedDigest]
NONE: Editions = {}


@dataclass(frozen=True)
class Entry:
    """One digest of a feed."""

    id: str
    title: str
    published: datetime
    updated: datetime
    shown: View


def atom(digests: Iterable[PublishedDigest], place: Place = NOWHERE, editions: Editions = NONE) -> bytes:
    """The feed as Atom. `editions`: week -> what a language model wrote; the other weeks have their own words."""
    found = _entries(digests, place, editions)
    generator = FeedGenerator()
    generator.id(place.id_of("digests"))
    generator.title(TITLE)
    generator.subtitle(SUBTITLE)
    generator.author(name=TITLE)
    generator.language("en")
    generator.updated(max((entry.updated for entry in found), default=EPOCH))
    if place.address is not None:
        generator.link(href=place.feed("feed.atom"), rel="self", type=ATOM)
        generator.link(href=place.address, rel="alternate", type="text/html")
    for entry in found:
        item = generator.add_entry(order="append")
        item.id(entry.id)
        item.title(entry.title)
        item.published(entry.published)
        item.updated(entry.updated)
        item.summary(_summary(entry))
        item.content(html_body(entry.shown), type="html")
        if entry.shown.page:
            item.link(href=entry.shown.page, rel="alternate", type="text/html")
    data: bytes = generator.atom_str(pretty=True)
    return data


def json_feed(digests: Iterable[PublishedDigest], place: Place = NOWHERE, editions: Editions = NONE) -> bytes:
    """The feed as JSON Feed 1.1. `editions`: as in `atom`."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": SUBTITLE,
        "home_page_url": place.address,
        "feed_url": place.feed("feed.json"),
        "language": "en",
        "authors": [{"name": TITLE}],
        "items": [_item(entry) for entry in _entries(digests, place, editions)],
    }
    return orjson.dumps(_given(document), option=orjson.OPT_INDENT_2)


def _item(entry: Entry) -> dict[str, Any]:
    return _given(
        {
            "id": entry.id,
            "url": entry.shown.page,
            "title": entry.title,
            "summary": _summary(entry),
            "content_html": html_body(entry.shown),
            "content_text": plain_text(entry.shown),
            "date_published": entry.published,
            "date_modified": entry.updated,
        }
    )


def _given(document: dict[str, Any]) -> dict[str, Any]:
    """A JSON Feed leaves out what is unknown; null is no address."""
    return {name: value for name, value in document.items() if value is not None}


def _entries(digests: Iterable[PublishedDigest], place: Place, editions: Editions) -> list[Entry]:
    newest = sorted(digests, key=lambda one: one.digest.week, reverse=True)[:ENTRIES]
    return [_entry(one, place, editions.get(one.digest.week)) for one in newest]


def _entry(one: PublishedDigest, place: Place, edited: EditedDigest | None) -> Entry:
    shown = edited_view(one.digest, edited, one.edition(place.address))
    corrected = f" (corrected, revision {one.revision})" if one.supersedes else ""
    return Entry(
        id=place.id_of(f"digest:{one.digest.week}"),
        title=shown.title + corrected,
        published=one.digest.end,
        updated=one.made_at or one.digest.end,
        shown=shown,
    )


def _summary(entry: Entry) -> str:
    return one_line(entry.shown.headline, 1_000)
