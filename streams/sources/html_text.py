"""Converts the HTML of a post or feed entry to visible text and links (selectolax)."""

import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from streams.sources import fields

_BLOCKS = {"p", "div", "li", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "section", "article"}
_HIDDEN = "script, style, template, noscript, head, iframe, svg"
_BARE_AMPERSAND = re.compile(r"&(?!#?\w{1,32};)")  # HTML reads "&copy=2" as a sign, its author means an address
# "a<b" is no tag: nothing closes it; an attribute may contain the sign
_BARE_LESS = re.compile(r"""<(?!!|[^<>]*>|[^<>]*=\s*["'])""")
MAX_HTML = 500_000  # longer articles are cut: the first pages show the subject


def html_to_text(markup: str, *, without: str = "") -> tuple[str, list[dict[str, Any]]]:
    """Return (text with blank lines between paragraphs, links in order without mentions and hashtags).

    A link whose text is its shortened address (Mastodon hides parts of it) is written out in full. `without` is a CSS
    selector of further elements to leave out.
    """
    tree = LexborHTMLParser(_BARE_LESS.sub("&lt;", _BARE_AMPERSAND.sub("&amp;", markup[:MAX_HTML])))
    for node in tree.css(f"{_HIDDEN}, {without}" if without else _HIDDEN):
        node.decompose()
    links: dict[str, dict[str, Any]] = {}
    for anchor in tree.css("a"):
        _write_out(anchor, links)
    for node in tree.css("br"):
        node.replace_with("\n")
    for tag in _BLOCKS:
        for node in tree.css(tag):
            node.insert_after("\n\n" if tag == "p" else "\n")
    body = tree.body
    text = body.text() if body is not None else ""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return _without_repeated_blanks(lines)[: fields.MAX_TEXT], list(links.values())[: fields.MAX_LINKS]


def _write_out(anchor: LexborNode, links: dict[str, dict[str, Any]]) -> None:
    target = anchor.attributes.get("href")
    classes = (anchor.attributes.get("class") or "").split()
    link = fields.link_of(target)
    if link is None or "mention" in classes or "hashtag" in classes:
        return
    links.setdefault(link["url"], link)
    shown = anchor.text().strip()
    if anchor.css_first(".invisible, .ellipsis") is not None or shown.startswith(("http://", "https://", "www.")):
        anchor.replace_with(link["url"])


def _without_repeated_blanks(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()
