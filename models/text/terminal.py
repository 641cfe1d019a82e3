"""Text from outside on its way to a terminal."""

import re

# C0 and C1 controls, except tab and line feed, line separators and bidirectional overrides: post text must not drive it
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """`text` without terminal escape sequences and bidirectional overrides."""
    return _CONTROL.sub("", text)


def on_one_line(text: str) -> str:
    """The same without line breaks, so that nothing in it looks like a line of ours."""
    return printable(" ".join(text.split()))


def json_text(document: bytes) -> str:
    """A JSON document in UTF-8 as text that drives no terminal: what would is escaped, so the values stay the same."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", document.decode())
