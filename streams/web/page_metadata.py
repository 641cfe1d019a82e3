"""Reads the head of an HTML page: Open Graph, citation and plain tags. The page is untrusted; the caller limits its
size.
"""

import codecs
import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from models.events import ResourceKind

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
# Python's codecs that no web page uses; the first needs time quadratic in the length of the text
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7"})
MOST_TAGS = 5_000  # building a deep tree takes time quadratic in its depth; the metadata are at the beginning
_KINDS: dict[str, ResourceKind] = {
    "article": "article",
    "video": "video",
    "video.other": "video",
    "video.movie": "video",
}


@dataclass(frozen=True)
class PageHead:
    """Metadata as the page gives them, untrimmed; None for missing ones."""

    title: str | None = None
    description: str | None = None
    site: str | None = None
    canonical: str | None = None
    kind: ResourceKind | None = None
    is_paper: bool = False


def page_head(body: bytes, charset: str | None) -> PageHead:
    """Parse the head of a page. `charset` is the one of the HTTP header."""
    tree = LexborHTMLParser("<".join(_decoded(body, charset).split("<", MOST_TAGS + 1)[: MOST_TAGS + 1]))
    meta: dict[str, str] = {}
    for node in tree.css("meta"):
        name = (node.attributes.get("property") or node.attributes.get("name") or "").lower()
        content = node.attributes.get("content")
        if name and content and content.strip():
            meta.setdefault(name, content)
    title = tree.css_first("title")
    canonical = tree.css_first("link[rel=canonical]")
    own = title.text() if title is not None else None
    return PageHead(
        title=meta.get("citation_title") or meta.get("og:title") or meta.get("twitter:title") or own or None,
        description=meta.get("og:description") or meta.get("description") or meta.get("twitter:description"),
        site=meta.get("og:site_name"),
        canonical=canonical.attributes.get("href") if canonical is not None else None,
        kind=_KINDS.get(meta.get("og:type", "").lower()),
        is_paper="citation_title" in meta,
    )


def _decoded(body: bytes, charset: str | None) -> str:
    found = _META_CHARSET.search(body[:4096])
    for name in (charset, found[1].decode("ascii") if found else None):
        if name is not None:
            try:
                known = codecs.lookup(name).name
                if known not in _NO_CHARSETS:
                    return body.decode(known, "replace")
            except (LookupError, ValueError):
                continue  # an unknown name: try the next
    return body.decode("utf-8", "replace")
