"""Makes external text safe for a terminal."""

import re

# C0 and C1 controls (except tab and line feed), line separators and bidirectional overrides, which would control it
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """`text` without terminal escape sequences and bidirectional overrides."""
    return _CONTROL.sub("", text)


def on_one_line(text: str) -> str:
    """The same without line breaks, so that it cannot look like a line of ours."""
    return printable(" ".join(text.split()))


def json_text(document: bytes) -> str:
    """A JSON document in UTF-8 as safe text. Control characters are escaped, so the values stay the same."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", document.decode())
