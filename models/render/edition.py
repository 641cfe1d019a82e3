"""Facts about a digest outside its value: its address, and its edition among those of its week.

A digest's bytes do not depend on an address. Links to this service are made when a form is rendered:

    BASE/digests/2021-W18                      the digest
    BASE/digests/2021-W18/posts/d-4fc37b40     posts of a section or a line; ?of=3: of its third paragraph
    BASE/posts/ID?week=2021-W18                one post

They contain a week and an id of its digest, so they survive merges, renames and corrections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from models.events import Digest, Item
from models.text.links import is_address_of, safe_url


@dataclass(frozen=True)
class Edition:
    """The publication of a digest."""

    base: str | None = None  # address of the service without a slash at its end; "" for a relative link; None: unknown
    revision: int = 0  # number of the edition in its week; 0: unknown
    corrects: bool = False  # whether it replaces another edition
    made_at: datetime | None = None  # when it was published
    changes: str = ""  # what a correction changed: "1 topic added"


UNPUBLISHED = Edition()


@dataclass(frozen=True)
class Links:
    """Addresses of one digest's evidence. Every method returns None without an address."""

    base: str | None  # as in `Edition`
    week: str
    known: Mapping[str, str] = field(default_factory=dict)  # post id -> address on its platform

    def post(self, post_id: str) -> str | None:
        """The post on its platform if that address is known, else its page here."""
        safe = safe_url(self.known.get(post_id, ""))
        return safe if safe is not None else self._here(f"/posts/{quote(post_id, safe='')}?week={self.week}")

    def digest(self) -> str | None:
        """The page of the digest."""
        return self._here(f"/digests/{self.week}")

    def posts(self, section: str, place: int | None = None) -> str | None:
        """The page with all posts of a section or a line.

        Args:
            section: Its id.
            place: Number of one paragraph, from 1; None for all of them.
        """
        part = f"?of={place}" if place is not None else ""
        return self._here(f"/digests/{self.week}/posts/{quote(section, safe='')}{part}")

    def _here(self, path: str) -> str | None:
        return None if self.base is None else self.base + path


def links_of(digest: Digest, base: str | None) -> Links:
    """The addresses of a digest. `base` is the one of `Edition`."""
    items = [item for topic in digest.topics for item in topic.items]
    known = {post: url for item in (*items, *digest.briefs) for post, url in _addresses(item)}
    return Links(base=base, week=digest.week, known=known | digest.addresses)


def _addresses(item: Item) -> list[tuple[str, str]]:
    """Addresses of a digest older than `Digest.addresses`, whose items do not say which post an address belongs to."""
    return [(post, url) for url in item.post_urls for post in item.sentence.posts[:3] if is_address_of(url, post)]
