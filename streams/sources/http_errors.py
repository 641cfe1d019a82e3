"""The meaning of an HTTP status for a source: success, retry later, or give up."""

from datetime import datetime

import httpx

from streams.sources.port import DisconnectedError, RefusedError
from streams.web.retry_after import retry_after


def checked(response: httpx.Response, now: datetime) -> httpx.Response:
    """Return a successful response.

    Raises:
        DisconnectedError: The status is 408, 429 or 5xx.
        RefusedError: The status is another 4xx.
    """
    if response.is_success or response.status_code == 304:
        return response
    where = f"{response.request.url.host} answered {response.status_code}"
    if response.status_code == 429 or response.status_code == 408 or response.status_code >= 500:
        raise DisconnectedError(where, retry_after(response.headers, now))
    raise RefusedError(f"{where} {response.reason_phrase}: {response.text[:200]}")


def json_of(response: httpx.Response) -> object:
    """The decoded body.

    Raises:
        DisconnectedError: The body is not JSON (a proxy's page, a truncated body).
    """
    try:
        return response.json()
    except ValueError as error:
        raise DisconnectedError(f"{response.request.url.host} sent no JSON: {error}"[:300]) from error


def in_short(error: BaseException) -> str:
    """A short reason of a failed connection: its type and the innermost error instead of the whole chain."""
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
    reason = str(inner).rsplit("): ", 1)[-1].strip().rstrip("\"')")  # libraries also put the chain into words
    return f"{type(error).__name__}: {reason}"[:300] if reason else type(error).__name__
