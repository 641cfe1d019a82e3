"""requests reads an answer whole before anybody can look at it: here no further than a platform's page may be long."""

from typing import Any

import requests

MAX_ANSWER = 20 * 1024**2
_CHUNK = 64 * 1024


def bound(session: requests.Session) -> None:
    """From now on a longer answer, unpacked, raises requests' ContentDecodingError; streams are their readers' own."""
    session.hooks["response"].insert(0, _read)


def _read(response: requests.Response, *_arguments: Any, stream: bool = False, **_options: Any) -> None:
    if stream:
        return
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):  # urllib3 unpacks no more of it than that at once
        body += chunk
        if len(body) > MAX_ANSWER:
            response.close()
            raise requests.exceptions.ContentDecodingError(f"an answer of more than {MAX_ANSWER} bytes")
    response._content = bytes(body)  # what `content` would have made of it
