"""How long an HTTP answer asks a client to wait."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0
_REMAINING = ("x-rate-limit-remaining", "x-ratelimit-remaining", "ratelimit-remaining")
_RESETS = ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset", "x-ratelimit-reset-after")
_EPOCH = 1e9  # seconds since 1970; a smaller number is a wait: nobody waits for 30 years
_PARTS_OF_SECONDS = 1e12


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` or from the reset of a rate limit that is used up.

    Args:
        headers: with names in lower case.
        now: the caller's clock.

    Returns:
        None where the platform names no time; 0 for one that is over.
    """
    seconds = _retry_after(headers.get("retry-after", "").strip(), now)
    if seconds is None:
        seconds = _reset(headers, now)
    return None if seconds is None else min(max(0.0, seconds), LONGEST_WAIT)


def _retry_after(given: str, now: datetime) -> float | None:
    number = _number(given)
    if number is not None:
        return number
    moment = _date(given)
    return None if moment is None else (moment - now).total_seconds()


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Platforms tell a reset as an epoch (or its milli- or microseconds), as a date, or as the seconds left."""
    waits = list(_used_up(headers.get("ratelimit", "")))
    if waits:
        return max(waits)
    left = next((headers[name] for name in _REMAINING if name in headers), "0").strip()
    if left and _number(left) != 0:
        return None
    text = next((headers[name].strip() for name in _RESETS if headers.get(name)), "")
    number = _number(text)
    if number is not None:
        while number >= _PARTS_OF_SECONDS:
            number /= 1000
        return number - now.timestamp() if number >= _EPOCH else number
    try:
        moment = _date(text) or datetime.fromisoformat(text)
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    except (ValueError, OverflowError):
        return None


def _used_up(header: str) -> Iterator[float]:
    """The waits of the limits that are used up, in the one header of the draft standard and of its earlier versions."""
    earlier = re.search(r"\bremaining=0\b", header) and re.search(r"\breset=(\d{1,15})", header)
    if earlier:
        yield float(earlier[1])
    for policy in header.split(","):
        wait = re.search(r";\s*t=(\d{1,15})", policy)
        if wait and re.search(r";\s*r=0\b", policy):
            yield float(wait[1])


def _number(text: str) -> float | None:
    """The first number of a header's value; a second one, and parameters, follow it where proxies add theirs."""
    found = re.fullmatch(r"(\d{1,17}(?:\.\d{1,9})?)\s?s?(?:[;,].*)?", text)
    return float(found[1]) if found else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
