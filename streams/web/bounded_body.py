"""Reads the body of an untrusted HTTP answer, decompressed and limited in size.

httpx decompresses every layer that a server names: ten kilobytes with `Content-Encoding: gzip, gzip` become gigabytes
before they can be counted. Here one layer is decompressed, and only up to the limit.
"""

import zlib

import httpx

ACCEPTED = {"Accept-Encoding": "gzip"}
_PLAIN, _GZIP = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip"})


class TooLongError(httpx.DecodingError):
    """The answer is longer than allowed."""


async def bounded_body(response: httpx.Response, most: int) -> bytes:
    """At most the first `most` bytes of an open answer.

    Raises:
        httpx.HTTPError: The answer failed, is damaged, or has another encoding than gzip.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in _PLAIN | _GZIP:
        raise httpx.DecodingError(f"content encoding {encoding[:40]}")
    unpack = zlib.decompressobj(wbits=31) if encoding in _GZIP else None
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            room = most - len(body)
            body += unpack.decompress(chunk, room) if unpack else chunk[:room]
            if len(body) >= most:
                break
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from error
    return bytes(body)


async def bounded_answer(response: httpx.Response, most: int) -> httpx.Response:
    """An open answer with its whole body.

    Raises:
        TooLongError: The body is longer than `most` bytes. httpx.HTTPError: The answer failed, is damaged, or has
            another encoding than gzip.
    """
    body = await bounded_body(response, most + 1)
    if len(body) > most:
        raise TooLongError(f"the answer is longer than {most} bytes")
    kept = [pair for pair in response.headers.raw if pair[0].lower() not in (b"content-encoding", b"content-length")]
    return httpx.Response(response.status_code, headers=kept, content=body, request=response.request)
