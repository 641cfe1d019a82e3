"""Digests in the view: the known record headers, and which revision wins. Pure."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from models.events import Digest
from models.render.edition import Edition
from streams.views.items import milliseconds

KNOWN = ("made_at", "revision", "supersedes", "slice_start", "slice_end", "changes", "hash")


@dataclass(frozen=True)
class DigestHeaders:
    """Record headers of a digest: facts about its making, which are no part of its value."""

    headers: dict[str, str] = field(default_factory=dict)

    @property
    def revision(self) -> int:
        """The revision; 0 when it is missing or no number."""
        text = self.headers.get("revision", "0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    @property
    def order(self) -> tuple[int, str]:
        """The key by which the later of two digests of a week is larger."""
        return self.revision, self.headers.get("made_at", "")

    @property
    def made_at(self) -> datetime | None:
        """The time of publication; None when it is unknown."""
        try:
            return datetime.fromisoformat(self.headers.get("made_at", ""))
        except ValueError:
            return None

    def edition(self, base: str | None) -> Edition:
        """The edition for rendering. `base` is the address of the service."""
        return Edition(
            base=base,
            revision=self.revision,
            corrects=bool(self.headers.get("supersedes")),
            made_at=self.made_at,
            changes=self.headers.get("changes", ""),
        )


def read_headers(headers: Iterable[tuple[str, Any]]) -> DigestHeaders:
    """The known headers, as text."""
    return DigestHeaders(
        {
            name: value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
            for name, value in headers
            if name in KNOWN
        }
    )


def digest_item(digest: Digest, known: DigestHeaders) -> dict[str, str]:
    """The entry for the stream of events: once for each week and revision."""
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
