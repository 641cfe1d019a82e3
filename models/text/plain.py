"""Post text as readers see it: hostile input in, printable text out.

Anyone can write control characters and direction overrides that reorder the text around them. `plain` is the form that
the digest quotes from: those characters gone, nothing else touched. A quotation is verbatim when it is a substring of
`plain(text)`. HTML entities are the sources' business: each one decodes what its platform escapes, once, so that a text
that shows `&lt;br&gt;` and an address with `&copy=2` stay what they are.
"""

import re
import unicodedata

_UNSURE = re.compile(r"[^ -~\n]")  # all but the characters that most texts consist of
_JOINERS = "\u200c\u200d"  # needed for Persian spelling and emoji families
_FLAG_TAGS = range(0xE0000, 0xE0080)


def plain(text: str) -> str:
    """Remove control, format and surrogate characters. Line breaks become newlines."""
    return printable(text)


def printable(text: str) -> str:
    """`text` without invisible characters. Entities stay as they are."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return _UNSURE.sub(lambda found: _visible(found[0]), text)


def one_line(text: str, limit: int = 300) -> str:
    """`plain(text)` on one line of at most `limit` characters. A longer one ends with an ellipsis."""
    line = " ".join(plain(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() or character == "\n" else " " if character == "\t" else ""
    if character in _JOINERS:
        return character
    category = unicodedata.category(character)
    if category == "Zs":
        return " "
    if category in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} or ord(character) in _FLAG_TAGS:
        return ""
    return character


def alphanumeric(text: str) -> str:
    """The casefolded letters and digits of a word, without punctuation around or inside it."""
    return "".join(character for character in text.casefold() if character.isalnum())


def beginning(text: str, limit: int) -> str:
    """The whole words within the first `limit` characters, with "…" where the text goes on."""
    if len(text) <= limit:
        return text
    head = text[:limit]
    return f"{head.rpartition(' ')[0] or head}…"  # scripts without spaces have one word
