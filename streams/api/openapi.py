"""The OpenAPI document: schemas and examples of all bodies, problems, and the answers of the routes."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from streams.api import schemas
from streams.api.examples import EXAMPLES
from streams.api.security import COOKIE, FEED_PATHS, OPEN_PATHS

BODIES = (
    schemas.TopicPage,
    schemas.TopicDetail,
    schemas.PostPage,
    schemas.PostDetail,
    schemas.CitedPosts,
    schemas.SeriesSet,
    schemas.DigestPage,
    schemas.DigestDetail,
    schemas.EditedDetail,
    schemas.WeekChanges,
    schemas.EventPage,
    schemas.Readiness,
)
SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Made by `toptopics tokens add`. One with the role `read` may send GET only.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Set by the form at /login."},
    "feed": {"type": "apiKey", "in": "query", "name": "key", "description": "Opens the feeds only; see /api/feed."},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
_PROBLEM_ANSWER: dict[str, Any] = {
    "description": "a problem",
    "content": {
        "application/problem+json": {
            "schema": {"$ref": "#/components/schemas/Problem"},
            "example": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such topic"},
        }
    },
}


def answers(body: type[Struct]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that answers with `body`."""
    content = {
        "schema": {"$ref": f"#/components/schemas/{body.__name__}"},
        "example": msgspec.to_builtins(EXAMPLES[body.__name__]),
    }
    return {
        200: {"description": (body.__doc__ or "").strip(), "content": {"application/json": content}},
        304: {"description": "the version in If-None-Match is still current"},
        "default": _PROBLEM_ANSWER,
    }


def described(example: Any, *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route with an answer so small that an example describes it."""
    kind = "array" if isinstance(example, list) else "object"
    content = {"application/json": {"schema": {"type": kind}, "example": example}}
    return {status: {"description": "as in the example", "content": content}, "default": _PROBLEM_ANSWER}


def describe(app: FastAPI, *, guarded: bool) -> None:
    """Add the bodies above to `app.openapi()`, and the ways to log in, which a guarded service needs."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, components = msgspec.json.schema_components(BODIES, ref_template="#/components/schemas/{name}")
            known = schema.setdefault("components", {}).setdefault("schemas", {})
            known.update(components, Problem=PROBLEM)
            schema["components"]["securitySchemes"] = SECURITY_SCHEMES
            if guarded:
                schema["security"] = [{"token": []}, {"session": []}]
                for path in OPEN_PATHS & schema["paths"].keys():
                    schema["paths"][path]["get"]["security"] = []
                for path in FEED_PATHS:
                    schema["paths"][path]["get"]["security"] = [*schema["security"], {"feed": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
