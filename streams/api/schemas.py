"""What the API answers with, beside the view's own types, and the OpenAPI that describes them with examples."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from models.events import Digest, TopicEvent
from streams.views.board import TopicSummary
from streams.views.state import ShownLink, ShownPost, ViewEvent
from streams.views.trends import WindowStats


class RankedTopic(Struct, frozen=True, kw_only=True):
    """A topic and its place; move: places won (+) or lost (-), null when it was not ranked before."""

    rank: int
    move: int | None
    topic: TopicSummary


class TopicPage(Struct, frozen=True, kw_only=True):
    """Topics of a window, best first. newest: time of the newest post, which every window ends with."""

    window: str
    sort: str
    newest: datetime | None
    version: int
    posts: int
    total: int
    items: list[RankedTopic]


class TopicPerson(Struct, frozen=True, kw_only=True):
    """Somebody who posted on the topic."""

    author_id: str
    handle: str
    name: str
    posts: int


class HourlySeries(Struct, frozen=True, kw_only=True):
    """Posts per hour; start is the first hour's first moment."""

    start: datetime
    posts: list[int]


class RelatedTopic(Struct, frozen=True, kw_only=True):
    """Another topic; similarity 0–1."""

    id: str
    label: str
    similarity: float


class TopicDetail(Struct, frozen=True, kw_only=True):
    """All about one topic. lineage: its events, oldest first, with those of topics merged into it."""

    topic: TopicSummary | None
    id: str
    label: str
    aliases: list[str]
    people: list[TopicPerson]
    links: list[ShownLink]
    posts: list[ShownPost]
    posts_total: int
    series: HourlySeries | None
    lineage: list[TopicEvent]
    related: list[RelatedTopic]


class PostPage(Struct, frozen=True, kw_only=True):
    """Posts, newest first."""

    total: int
    items: list[ShownPost]


class TopicSeries(Struct, frozen=True, kw_only=True):
    """One band of the stream graph."""

    id: str
    label: str
    posts: list[int]


class SeriesSet(Struct, frozen=True, kw_only=True):
    """Posts per hour of several topics; starts: the hours' first moments."""

    starts: list[datetime]
    items: list[TopicSeries]


class MapPoint(Struct, frozen=True, kw_only=True):
    """A topic's place on the map, x and y in 0–1; near means related. growing: more posts than in the window before."""

    id: str
    label: str
    x: float
    y: float
    people: int
    posts: int
    trend: float
    growing: bool


class TopicMap(Struct, frozen=True, kw_only=True):
    """The map."""

    items: list[MapPoint]


class DigestEntry(Struct, frozen=True, kw_only=True):
    """A line of the archive."""

    week: str
    start: datetime
    end: datetime
    headline: str
    topics: list[str]
    posts: int
    people: int
    revision: int


class DigestPage(Struct, frozen=True, kw_only=True):
    """Digests, newest first."""

    total: int
    items: list[DigestEntry]


class DigestDetail(Struct, frozen=True, kw_only=True):
    """A digest (without `identities`, which are next week's matching's), and how it was made."""

    digest: Digest
    headers: dict[str, str]


class EventPage(Struct, frozen=True, kw_only=True):
    """Events, oldest first; ask again with after= the last id."""

    items: list[ViewEvent]


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether the service can do its work; checks: name -> "ok" or what is wrong. lag: records behind, by stage."""

    ready: bool
    checks: dict[str, str]
    lag: dict[str, int]


BODIES = (
    TopicPage, TopicDetail, PostPage, SeriesSet, TopicMap, DigestPage, DigestDetail, EventPage, Readiness,
)  # fmt: skip
_WHEN = datetime(2021, 3, 18, 14, 30, tzinfo=UTC)
_STATS = WindowStats(posts=12, originals=9, people=7, before=3, trend=10.4, trend_before=6.1)
EXAMPLE_TOPIC = TopicSummary(
    id="T1a2b3c",
    label="Self-supervised speech recognition",
    keywords=["speech", "unsupervised", "wav2vec"],
    status="trending",
    score=4.2,
    first_at=_WHEN,
    last_at=_WHEN,
    people=7,
    posts=12,
    windows={"24h": _STATS},
    spark=[0, 0, 1, 4, 7],
)
EXAMPLES: dict[str, Struct] = {
    "TopicPage": TopicPage(
        window="24h",
        sort="trend",
        newest=_WHEN,
        version=41,
        posts=2_480,
        total=1,
        items=[RankedTopic(rank=1, move=3, topic=EXAMPLE_TOPIC)],
    ),
    "TopicMap": TopicMap(
        items=[MapPoint(id="T1a2b3c", label="Speech", x=0.3, y=0.8, people=7, posts=12, trend=10.4, growing=True)]
    ),
    "SeriesSet": SeriesSet(starts=[_WHEN], items=[TopicSeries(id="T1a2b3c", label="Speech", posts=[7])]),
    "EventPage": EventPage(
        items=[ViewEvent(id="1616077800000-0", kind="born", topic_id="T1a2b3c", at=_WHEN, data={"label": "Speech"})]
    ),
    "Readiness": Readiness(ready=True, checks={"redis": "ok", "kafka": "ok"}, lag={"view": 0}),
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


def answers(body: type[Struct]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that answers with `body`."""
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{body.__name__}"}}
    if body.__name__ in EXAMPLES:
        content["example"] = msgspec.to_builtins(EXAMPLES[body.__name__])
    return {
        200: {"description": (body.__doc__ or "").strip(), "content": {"application/json": content}},
        304: {"description": "what If-None-Match names is still so"},
        "default": {
            "description": "a problem",
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such topic"},
                }
            },
        },
    }


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` know the bodies above."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _, components = msgspec.json.schema_components(BODIES, ref_template="#/components/schemas/{name}")
            known = schema.setdefault("components", {}).setdefault("schemas", {})
            known.update(components, Problem=PROBLEM)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
