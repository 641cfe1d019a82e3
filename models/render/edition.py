"""What the value of a digest does not say: under which address it is read, and which edition of its week it is.

A digest's bytes never depend on an address. Links to this service are made when a form is rendered:

    BASE/digests/2021-W18                      the digest
    BASE/digests/2021-W18/posts/d-4fc37b40     posts of a section or a line; ?of=3: of its third paragraph
    BASE/posts/ID?week=2021-W18                one post

All of these name a week and an id of its digest, so they survive merges, renames and corrections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from models.events import Digest, Item
from models.text.links import is_address_of, safe_url


@dataclass(frozen=True)
class Edition:
    """How and when a digest was published."""

    base: str | None = None  # address of the service, no slash at its end; "": the reader is there; None: unknown
    revision: int = 0  # counts the editions of the week; 0: unknown
    corrects: bool = False  # whether it replaces another edition
    made_at: datetime | None = None  # when it was published
    changes: str = ""  # what a correction changed: "1 topic added"


UNPUBLISHED = Edition()


@dataclass(frozen=True)
class Links:
    """Addresses of one digest's evidence. Every method returns None where there is no address."""

    base: str | None  # as in `Edition`
    week: str
    known: Mapping[str, str] = field(default_factory=dict)  # post -> its address on its platform

    def post(self, post_id: str) -> str | None:
        """The post on its platform where that is known, else its page here."""
        safe = safe_url(self.known.get(post_id, ""))
        return safe if safe is not None else self._here(f"/posts/{quote(post_id, safe='')}?week={self.week}")

    def digest(self) -> str | None:
        """The page of the digest."""
        return self._here(f"/digests/{self.week}")

    def posts(self, section: str, place: int | None = None) -> str | None:
        """All posts of a section or a line.

        Args:
            section: its id.
            place: of one paragraph, from 1; None: of all.
        """
        part = f"?of={place}" if place is not None else ""
        return self._here(f"/digests/{self.week}/posts/{quote(section, safe='')}{part}")

    def _here(self, path: str) -> str | None:
        return None if self.base is None else self.base + path


def links_of(digest: Digest, base: str | None) -> Links:
    """`base`: as in `Edition`."""
    items = [item for topic in digest.topics for item in topic.items]
    known = {post: url for item in (*items, *digest.briefs) for post, url in _addresses(item)}
    return Links(base=base, week=digest.week, known=known | digest.addresses)


def _addresses(item: Item) -> list[tuple[str, str]]:
    """Of a digest from before `Digest.addresses`: an item's addresses do not say whose they are."""
    return [(post, url) for url in item.post_urls for post in item.sentence.posts[:3] if is_address_of(url, post)]
