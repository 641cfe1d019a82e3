"""What an HTTP answer means for a source: go on, come back later (and when), or never."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from streams.sources.port import DisconnectedError, RefusedError

LONGEST_WAIT = 24 * 3600.0


def checked(response: httpx.Response, now: datetime) -> httpx.Response:
    """The response when it is a success; raises DisconnectedError for 429 and 5xx, RefusedError for the other 4xx."""
    if response.is_success or response.status_code == 304:
        return response
    where = f"{response.request.url.host} answered {response.status_code}"
    if response.status_code == 429 or response.status_code == 408 or response.status_code >= 500:
        raise DisconnectedError(where, retry_after(response.headers, now))
    raise RefusedError(f"{where} {response.reason_phrase}: {response.text[:200]}")


def json_of(response: httpx.Response) -> object:
    """The decoded body; raises DisconnectedError for something else (a proxy's page, a body cut off)."""
    try:
        return response.json()
    except ValueError as error:
        raise DisconnectedError(f"{response.request.url.host} sent no JSON: {error}"[:300]) from error


def in_short(error: BaseException) -> str:
    """What a failed connection failed of: its kind and the innermost reason, not the whole chain that carries it."""
    inner = error
    for _depth in range(10):
        nested = [
            vars(inner).get("reason"),
            inner.__cause__,
            *inner.args,
        ]  # `reason`: of urllib3
        deeper = next((one for one in nested if isinstance(one, BaseException) and one is not inner), None)
        if deeper is None:
            break
        inner = deeper
    reason = str(inner).rsplit("): ", 1)[-1].strip().rstrip("\"')")  # libraries put the chain into words, too
    return f"{type(error).__name__}: {reason}"[:300] if reason else type(error).__name__


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
