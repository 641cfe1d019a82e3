"""Does the time of a text function grow linearly with its text? Measured by ratios of processor time, never in seconds.

A text is one short part, repeated. A text that is `GROWTH` times as long takes `GROWTH` times as long when the function
is linear, and the square of that when it is quadratic; `ALLOWED` lies between. A text that is over quickly is measured
only once: what is quadratic is slow at this length. A ratio that is too high is measured again, for machines that are
busy: the least of several counts.
"""

import time
from collections.abc import Callable, Iterator

LONGEST = 4_000  # characters
GROWTH = 5
ALLOWED = 13.0  # 5 is linear, 25 quadratic
QUICK_SECONDS = 0.02  # processor time of the longer text
TRIES = 3
PARTS = (
    "A. ", "a ", "a", "A", "aB", ". ", ".", "!", "?! ", "\u2026 ", "\u2026", ",", ", ", ",a", "; ", ": ", "-", "- ",
    " - a", "\u2014 ", "|", "#", "#a ", "#a", "#A #B ", "@", "@a ", "@a", ".@a ", "@a@b.c ", "RT @a: ", "RT @",
    "rt @a ", "via @a ", "via ", "cc ", "by ", "https://", "https://a ", "https://a.b/c ", "https:/", "http",
    "www.", "www.a ", "t.co/", "(", "((", "[", "[a", "(a) ", "\u201c", "\u201ca\u201d ", '"', "' ", "\u2019s ", "&",
    "&amp;", "&amp", "&#38;", "&lt;", "&#", "<", "<a", "<a>", "<br>", "<p>", "</p>", "\n", "\n\n", "a\n", "A\n",
    "\r\n", "\t", "\u2028", "\xe9", "\xe9 ", "\U0001f449 ", "\U0001f449", "\u5b57", "\u5b57\u3002", "\u0301",
    "\u200b", "\u202e", "1", "1. ", "1,000 ", "$1", "%41", "%", "/", "/a", "/1/", "/2021/", "a-b-", "a-b-c-d/",
    "a_b ", "a.b.", "a.b@", "a'", "new: ", "read more: ", "paper: ", "\u201ca", "*", "`", "_", "\\", "~", "=", "==",
    "{", "}", "{{", "\x00", "\x1b[", "e.g. ", "Dr. ", "i.e. ", "U.S. ", "aA1", "iPhone ", "A and ", "and ",
    "of the ", "A of ", "?a=b&", "?", "&a=", ";", "::", ":a", "x:", "\u2026a", "a\u2026", "\U0001f1e9\U0001f1ea",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
)  # fmt: skip


def slow_parts(function: Callable[[str], object]) -> dict[str, float]:
    """The parts whose repetition takes more than linear time, with the ratio.

    Args:
        function: A function of a text. One that caches results is measured without its cache.
    """
    plain: Callable[[str], object] = getattr(function, "__wrapped__", function)
    found: dict[str, float] = {}
    for part in PARTS:
        for long, short in _texts(part):
            seconds = processor_seconds(plain, long)
            if seconds < QUICK_SECONDS:
                continue
            ratio = seconds / processor_seconds(plain, short)
            for _ in range(TRIES):
                if ratio <= ALLOWED:
                    break
                ratio = min(ratio, processor_seconds(plain, long) / processor_seconds(plain, short))
            else:
                found[part] = round(ratio, 1)
    return found


def _texts(part: str) -> Iterator[tuple[str, str]]:
    for end in ("", "!", "a"):
        yield part * (LONGEST // len(part)) + end, part * (LONGEST // GROWTH // len(part)) + end


def processor_seconds(function: Callable[[str], object], text: str) -> float:
    """Processor time of one call."""
    started = time.process_time()
    function(text)
    return max(time.process_time() - started, 1e-6)
