"""requests reads whatever a server sends: here an answer no further than a platform's page may be long, a line of a
stream no further than a post may be."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import requests

MAX_ANSWER = 20 * 1024**2
MAX_LINE = 2 * 1024**2  # of a stream; so is an event of several lines
_CHUNK = 64 * 1024


def bound(session: requests.Session) -> None:
    """From now on a longer answer, unpacked, and a longer line of a stream raise requests' ContentDecodingError."""
    session.hooks["response"].insert(0, _read)


def too_long(what: str, most: int) -> requests.exceptions.ContentDecodingError:
    """The error for more than is meant well."""
    return requests.exceptions.ContentDecodingError(f"{what} of more than {most} bytes")


def _read(response: requests.Response, *_arguments: Any, stream: bool = False, **_options: Any) -> None:
    if stream and response.status_code == 200:  # the text of a refusal is an answer like any other
        response.iter_lines = partial(_lines, response)  # type: ignore[method-assign]
        return
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):  # urllib3 unpacks no more of it than that at once
        body += chunk
        if len(body) > MAX_ANSWER:
            response.close()
            raise too_long("an answer", MAX_ANSWER)
    response._content = bytes(body)  # what `content` would have made of it


def _lines(response: requests.Response, chunk_size: int = 1) -> Iterator[bytes]:
    """requests' `iter_lines` joins and splits all that has come of a line with every chunk, whatever its length."""
    line = bytearray()
    for chunk in response.iter_content(chunk_size):
        *ended, rest = chunk.split(b"\n")
        for end in ended:
            yield bytes(line + end).removesuffix(b"\r")
            line.clear()
        line += rest
        if len(line) > MAX_LINE:
            response.close()
            raise too_long("a line", MAX_LINE)
    if line:
        yield bytes(line)
