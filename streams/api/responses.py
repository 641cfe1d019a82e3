"""JSON with an ETag, and pages."""

import hashlib
from typing import Any

import msgspec
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

REVALIDATE = "private, no-cache"  # may be kept, must be asked about: an ETag answers in a few bytes
SETTLED = "private, max-age=60"


def respond(request: Request, body: Any, *, cache: str = REVALIDATE, media_type: str = "application/json") -> Response:
    """`body` (a Struct, or bytes as they are), or 304 when the client has the same."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    headers = {"ETag": etag, "Cache-Control": cache, "Vary": "Authorization, Cookie"}
    asked = request.headers.get("if-none-match", "")
    if etag in [tag.strip().removeprefix("W/") for tag in asked.split(",")] or asked.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


def with_next(response: Response, url: URL, *, offset: int, limit: int, total: int) -> Response:
    """A `Link: <…>; rel="next"` header when there is more."""
    if offset + limit < total:
        following = url.include_query_params(offset=offset + limit, limit=limit)
        response.headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return response
