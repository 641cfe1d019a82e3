"""How long an HTTP answer asks a client to wait."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 24 * 3600.0


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or a date), or a rate limit's reset (an epoch or RFC 3339)."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return min(float(given), LONGEST_WAIT)
    moment = _date(given) or _reset(headers)
    if moment is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_WAIT)


def _reset(headers: Mapping[str, str]) -> datetime | None:
    if headers.get("x-rate-limit-remaining", headers.get("x-ratelimit-remaining", "0")) not in ("0", ""):
        return None
    text = headers.get("x-rate-limit-reset") or headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
    try:
        moment = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else datetime.fromisoformat(text)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
