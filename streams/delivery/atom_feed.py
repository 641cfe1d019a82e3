"""All digests as one Atom feed (RFC 4287), newest week first. A correction updates the week's entry and keeps its id.

Ids are addresses of the service, because they must be unique in the world: a reader of two services' feeds must get
both digests of a week. A file without an address has ids of its own.

Dates are a digest's `made_at`, or the end of its week if that is unknown. The feed reads no clock, so equal digests
give equal bytes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from feedgen.feed import FeedGenerator

from models.render.html import html_body
from models.render.view import view
from models.text.plain import one_line
from streams.kafka.digests import PublishedDigest

ENTRIES = 50
NOWHERE = "urn:toptopics"  # prefix of ids without an address
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # an empty feed needs a date too


def feed(digests: Iterable[PublishedDigest], *, address: str | None = None) -> bytes:
    """The feed. address: the service's own, such as "https://example.org": links of feed and entries start with it."""
    newest = sorted(digests, key=lambda entry: entry.digest.week, reverse=True)[:ENTRIES]
    generator = FeedGenerator()
    generator.id(f"{address}/feed.atom" if address else f"{NOWHERE}:digests")
    generator.title("Top Topics")
    generator.subtitle("What data-science and AI influencers talked about, week by week")
    generator.author(name="Top Topics")
    generator.language("en")
    generator.updated(max((_changed(entry) for entry in newest), default=EPOCH))
    if address is not None:
        generator.link(href=f"{address}/feed.atom", rel="self", type="application/atom+xml")
        generator.link(href=address, rel="alternate", type="text/html")
    for entry in newest:
        _add(generator, entry, address)
    data: bytes = generator.atom_str(pretty=True)
    return data


def _add(generator: FeedGenerator, entry: PublishedDigest, address: str | None) -> None:
    shown = view(entry.digest, entry.edition(address))
    item = generator.add_entry(order="append")
    item.id(shown.page or f"{NOWHERE}:digest:{entry.digest.week}")
    item.title(shown.title + (f" (corrected, revision {entry.revision})" if entry.supersedes else ""))
    item.published(entry.digest.end)
    item.updated(_changed(entry))
    item.summary(one_line(shown.headline, 1_000))
    item.content(html_body(shown), type="html")
    if shown.page:
        item.link(href=shown.page, rel="alternate", type="text/html")


def _changed(entry: PublishedDigest) -> datetime:
    return entry.made_at or entry.digest.end
