"""Errors as problem+json (RFC 9457). Internal errors are logged, never sent."""

from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from streams.system.logs import get_logger
from streams.views.port import ViewUnavailableError

log = get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2


def problem(
    status: int, detail: str, *, headers: dict[str, str] | None = None, errors: list[dict[str, str]] | None = None
) -> Response:
    """A problem document. `type` is about:blank, so that `title` is the phrase of the status.

    Args:
        status: HTTP status.
        detail: The error, for people.
        headers: Further headers.
        errors: One entry for each wrong parameter.
    """
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Handle every way in which a request can fail."""

    async def http_error(_: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    async def invalid(_: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        errors = [
            {"parameter": ".".join(str(part) for part in item["loc"][1:]), "reason": str(item["msg"])}
            for item in error.errors()
        ]
        return problem(422, "a parameter is invalid; see errors", errors=errors)

    async def unavailable(_: Request, error: Exception) -> Response:
        log.warning("view cannot be read; answering 503", error=str(error))
        headers = {"Retry-After": str(RETRY_SECONDS)}
        return problem(503, "the store of the live view is unreachable; try again later", headers=headers)

    async def unexpected(_: Request, error: Exception) -> Response:
        return problem(500, "this is a bug; it has been logged")

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(ViewUnavailableError, unavailable)
    app.add_exception_handler(Exception, unexpected)
