"""Digests in the view: which record headers are known, and which revision wins. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from models.events import Digest
from models.render.edition import Edition
from streams.views.items import milliseconds

KNOWN = ("made_at", "revision", "supersedes", "slice_start", "slice_end", "changes")


@dataclass(frozen=True)
class DigestHeaders:
    """Record headers of a digest: where and when it was made, which are no part of its value."""

    headers: dict[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """0 when there is none, or it is no number."""
        text = self.headers.get("revision", "0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def order(self) -> tuple[int, str]:
        """What makes a later digest of a week later."""
        return self.revision, self.headers.get("made_at", "")

    @property
    def made_at(self) -> datetime | None:
        """When it was published; None when it is unknown."""
        try:
            return datetime.fromisoformat(self.headers.get("made_at", ""))
        except ValueError:
            return None

    def edition(self, base: str | None) -> Edition:
        """For rendering; `base`: the address under which readers reach the service."""
        return Edition(
            base=base,
            revision=self.revision,
            corrects=bool(self.headers.get("supersedes")),
            made_at=self.made_at,
            changes=self.headers.get("changes", ""),
        )


def read_headers(headers: Iterable[tuple[str, Any]]) -> DigestHeaders:
    """The known ones, as text."""
    return DigestHeaders(
        {
            name: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            for name, value in headers
            if name in KNOWN
        }
    )


def digest_item(digest: Digest, known: DigestHeaders) -> dict[str, str]:
    """The entry on the stream of events: once per week and revision."""
    data = {
        "week": digest.week,
        "headline": digest.headline.text,
        "topics": len(digest.topics),
        "revision": known.revision,
        "made_at": known.headers.get("made_at"),
    }
    key = f"digest {digest.week} {known.revision} {known.headers.get('made_at', '')}"
    return {
        "hash": hashlib.sha256(key.encode()).hexdigest()[:32],
        "kind": "digest",
        "topic": "",
        "at": str(milliseconds(digest.end)),
        "data": orjson.dumps(data).decode(),
    }
