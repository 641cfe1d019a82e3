"""Limits for `requests`, which reads everything that a server sends: the size of an answer, and the length of a line in
a stream.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import requests

MAX_ANSWER = 20 * 1024**2
MAX_LINE = 2 * 1024**2  # of a stream, also for an event of several lines
_CHUNK = 64 * 1024


def bound(session: requests.Session) -> None:
    """Make the session raise requests' ContentDecodingError for a longer answer (decompressed) or a longer line of a
    stream.
    """
    session.hooks["response"].insert(0, _read)


def too_long(what: str, most: int) -> requests.exceptions.ContentDecodingError:
    """The error for an answer or line above its limit."""
    return requests.exceptions.ContentDecodingError(f"{what} of more than {most} bytes")


def _read(response: requests.Response, *_arguments: Any, stream: bool = False, **_options: Any) -> None:
    if stream and response.status_code == 200:  # the text of an error status is read like other answers
        response.iter_lines = partial(_lines, response)  # type: ignore[method-assign]
        return
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):  # urllib3 decompresses only this much at once
        body += chunk
        if len(body) > MAX_ANSWER:
            response.close()
            raise too_long("an answer", MAX_ANSWER)
    response._content = bytes(body)  # as `content` would have set it


def _lines(response: requests.Response, chunk_size: int = 1) -> Iterator[bytes]:
    """Like requests' `iter_lines`, which joins and splits the whole unfinished line at every chunk, whatever its
    length.
    """
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
