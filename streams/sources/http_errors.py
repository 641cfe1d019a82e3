"""What an HTTP answer means for a source: go on, come back later (and when), or never."""

from datetime import datetime

import httpx

from streams.sources.port import DisconnectedError, RefusedError
from streams.web.retry_after import retry_after


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
