"""Text from outside on its way to a terminal."""

import re

# C0 and C1 controls, except tab and line feed, and the bidirectional overrides: post text must not drive a terminal
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """`text` without terminal escape sequences and bidirectional overrides."""
    return _CONTROL.sub("", text)
