"""Responses with an ETag, and pages of a list."""

import hashlib
from typing import Any

import msgspec
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

REVALIDATE = "private, no-cache"  # may be cached but must be revalidated: an ETag answers in a few bytes
SETTLED = "private, max-age=60"


def respond(request: Request, body: Any, *, cache: str = REVALIDATE, media_type: str = "application/json") -> Response:
    """Answer with a body, or with 304 when the client has it already.

    Args:
        request: The request.
        body: A Struct, sent as JSON, or bytes.
        cache: Value of Cache-Control.
        media_type: Type of the body.
    """
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": cache, "Vary": "Authorization, Cookie"}
    asked = request.headers.get("if-none-match", "")
    if etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")] or asked.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def with_next(response: Response, url: URL, *, offset: int, limit: int, total: int) -> Response:
    """Add a `Link: <…>; rel="next"` header if there are more items.

    Args:
        response: The response of this page.
        url: Its address.
        offset: Items before this page.
        limit: Most items on a page.
        total: Number of all items.
    """
    if offset + limit < total:
        following = url.include_query_params(offset=offset + limit, limit=limit)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return response
