"""Parses the dates of feeds. An ambiguous date and the zero of a calendar count as no date."""

import re
from calendar import timegm
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import struct_time

from streams.sources.reach import is_date

_EPOCH = re.compile(r"\d{9,10}|\d{12,13}")
_NUMBERS = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*(?:Z|UTC|GMT)?", re.IGNORECASE
)
_YEAR_ZERO = re.compile(r"\b0\d{3}\b")  # mail parsers take "0001" for 2001
_DAYS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", ", %H:%M")


def date_of(text: object, parsed: struct_time | None = None) -> datetime | None:
    """Return the date of an element in UTC; a date without a zone is in UTC.

    Args:
        text: the element's text.
        parsed: feedparser's date, for languages that it knows; used only if its day occurs in the text, because
            feedparser completes partial dates.

    Returns:
        The date; None for a text that is not a date, and for years that stand for "unknown" (1, 1900 and 1970).
    """
    words = str(text or "").strip()
    moment = _read(words) or _parsed(words, parsed)
    return moment if moment is not None and is_date(moment) else None


def _read(words: str) -> datetime | None:
    if not words or len(words) > 100 or _YEAR_ZERO.search(words.partition(":")[0]):
        return None
    if _EPOCH.fullmatch(words):
        return datetime.fromtimestamp(int(words) / (1000 if len(words) > 10 else 1), UTC)
    if numbers := _NUMBERS.fullmatch(words):
        return _of_numbers(numbers)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, OverflowError, IndexError, TypeError):
            return _in_utc(read(words))
    for day in _DAYS:
        for time in _TIMES:
            with suppress(ValueError):
                return datetime.strptime(words, day + time).replace(tzinfo=UTC)
    return None


def _of_numbers(found: re.Match[str]) -> datetime | None:
    """Parse a date with the year first, or last. Then a day above 12, or dots (day first), give the order."""
    first, mark, second, third = int(found[1]), found[2], int(found[3]), int(found[4])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    elif len(found[4]) != 4 or (first <= 12 and second <= 12 and mark != "." and first != second):
        return None
    else:
        year, month, day = (third, second, first) if first > 12 or mark == "." else (third, first, second)
    try:
        return datetime(year, month, day, int(found[5] or 0), int(found[6] or 0), int(found[7] or 0), tzinfo=UTC)
    except ValueError:
        return None


def _parsed(words: str, parsed: struct_time | None) -> datetime | None:
    if parsed is None or _YEAR_ZERO.search(words.partition(":")[0]):
        return None
    try:
        moment = datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    days = {int(number) for number in re.findall(r"(?<!\d)\d{1,2}(?!\d)", words)}
    near = {moment.day + step for step in (-1, 0, 1)}  # the time zone may have moved it
    return moment if days & near else None


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
