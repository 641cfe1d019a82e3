"""Lines of at most so many columns: a Chinese sign takes two, a combining accent none.

`textwrap` counts code points and breaks nothing that has no space in it, which is how whole languages are written.
"""

from collections.abc import Iterator
from unicodedata import combining, east_asian_width


def columns(text: str) -> int:
    """What `text` takes on a terminal."""
    return sum(map(_columns_of, text))


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """`text` in lines that begin with `first`, then `rest`. Only what stands in <…> may be longer: an address."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        room = width - columns(rest if lines else first)
        for piece in _pieces(word, room):
            if line and columns(line) + 1 + columns(piece) > room:
                lines.append((rest if lines else first) + line)
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    return [*lines, (rest if lines else first) + line] if line else lines


def _pieces(word: str, room: int) -> Iterator[str]:
    """`word` whole where it fits or is an address, else in pieces that fit; an accent stays with its letter."""
    if columns(word) <= room or word.startswith("<"):
        yield word
        return
    start, taken = 0, 0
    for place, sign in enumerate(word):
        if taken + _columns_of(sign) > room:
            yield word[start:place]
            start, taken = place, 0
        taken += _columns_of(sign)
    yield word[start:]


def _columns_of(sign: str) -> int:
    return 0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
