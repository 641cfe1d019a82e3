"""The body of somebody's HTTP answer, unpacked, and never longer than allowed.

httpx unpacks whatever a server names, layer upon layer: some ten kilobytes of `Content-Encoding: gzip, gzip` become
gigabytes before anybody can count them. Here one layer is unpacked, no further than there is room.
"""

import zlib

import httpx

ACCEPTED = {"Accept-Encoding": "gzip"}
_PLAIN, _GZIP = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip"})


class TooLongError(httpx.DecodingError):
    """The answer is longer than anything that is meant well."""


async def bounded_body(response: httpx.Response, most: int) -> bytes:
    """The first `most` bytes at most of an answer that is open. Raises httpx.HTTPError, also for another encoding."""
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
    """An open answer with its whole body. Raises httpx.HTTPError; TooLongError is one."""
    body = await bounded_body(response, most + 1)
    if len(body) > most:
        raise TooLongError(f"an answer of more than {most} bytes")
    kept = [pair for pair in response.headers.raw if pair[0].lower() not in (b"content-encoding", b"content-length")]
    return httpx.Response(response.status_code, headers=kept, content=body, request=response.request)
