"""The listed people over HTTP: who they are, how influential and why, how long they are silent; changes of the list.

A changing request must be JSON and, from a browser, of the same origin.
"""

from collections.abc import Awaitable
from typing import Annotated, Literal, TypeVar

import msgspec
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from streams.api.openapi import described
from streams.api.responses import respond
from streams.api.subscriptions import body_of, same_origin
from streams.kafka.influencers import InfluencerError
from streams.sources.people.desk import DAYS, Desk
from streams.sources.people.files import make, read_people

router = APIRouter(tags=["people"])
T = TypeVar("T")
EXAMPLE_POST = {"id": "1", "url": "https://x.com/ada/status/1", "author": "ada", "text": "On @grace's new paper …"}
EXAMPLE_PERSON = {
    "id": "ada", "name": "Ada Example", "handles": {"bluesky": "ada.example"}, "tags": ["nlp"], "weight": 1.0,
    "posts": 12, "share": 0.04, "influence": 0.61, "parts": {"graph": 0.7, "reach": 0.5, "curated": 0.5},
    "last_post": "2021-03-20T10:00:00+00:00",
}  # fmt: skip
EXAMPLE_SUGGESTION = {"handle": "grace", "score": 2.5, "by": ["ada", "alan"], "evidence": [EXAMPLE_POST]}


class NewPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person to add: a name and at least one handle."""

    name: str
    x: str = ""
    bluesky: str = ""
    mastodon: str = ""
    rss: str = ""
    tags: list[str] = []


class NewPeople(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a file: handles, CSV, JSON Lines or OPML."""

    text: str
    platform: Literal["x", "bluesky", "mastodon", "rss"] | None = None


def desk_of(request: Request) -> Desk:
    """The app's list. 503 without a broker."""
    desk: Desk | None = request.app.state.people
    if desk is None:
        raise HTTPException(503, "the list of people is on Kafka, and this service has no broker")
    return desk


People = Annotated[Desk, Depends(desk_of)]
Limit = Annotated[int, Query(ge=1, le=100, description="number of people", examples=[20])]
OwnId = Annotated[str, Path(max_length=300, description="id of a person", examples=["ada"])]


@router.get("/api/influencers", summary="The listed people", responses=described([EXAMPLE_PERSON]))
async def list_people(request: Request, desk: People) -> Response:
    """Most influential first, from the posts of the last four weeks."""
    return respond(request, msgspec.json.encode({"days": DAYS, "people": await _of_kafka(desk.rows())}))


@router.get("/api/influencers/suggestions", summary="Whom to add", responses=described([EXAMPLE_SUGGESTION]))
async def suggestions(request: Request, desk: People, limit: Limit = 20) -> Response:
    """Whom the listed people pass on, quote, answer and mention."""
    return respond(request, msgspec.json.encode(await _of_kafka(desk.suggestions(limit))))


@router.post(
    "/api/influencers",
    status_code=201,
    summary="Add a person",
    dependencies=[Depends(same_origin)],
    responses=described({"listed": 11}, status=201),
)
async def add(request: Request, desk: People) -> Response:
    """JSON: name, and x, bluesky, mastodon or rss; optionally tags. A listed person gets the further handles."""
    given = _decoded(await body_of(request), NewPerson)
    handles = {name: getattr(given, name) for name in ("x", "bluesky", "mastodon", "rss") if getattr(given, name)}
    if not handles:
        raise HTTPException(422, "give at least one handle")
    try:
        person = make(None, given.name.strip() or next(iter(handles.values())), handles, tags=given.tags)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    return await _added(desk.add(person))


@router.post(
    "/api/influencers/import",
    status_code=201,
    summary="Add the people of a file",
    dependencies=[Depends(same_origin)],
    responses=described({"listed": 20}, status=201),
)
async def import_people(request: Request, desk: People) -> Response:
    """JSON: text, optionally platform. All of them, or none when a line is invalid."""
    given = _decoded(await body_of(request, most=1_000_000), NewPeople)
    try:
        people = read_people(given.text, given.platform)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    return await _added(desk.add_all(people))


@router.delete(
    "/api/influencers/{own_id:path}",
    status_code=204,
    response_class=Response,
    summary="Remove a person",
    dependencies=[Depends(same_origin)],
)
async def remove(own_id: OwnId, desk: People) -> Response:
    """The posts stay."""
    if not await _of_kafka(desk.take_off(own_id)):
        raise HTTPException(404, "nobody has that id")
    return Response(status_code=204)


async def _added(work: Awaitable[int]) -> Response:
    try:
        listed = await _of_kafka(work)
    except InfluencerError as error:
        raise HTTPException(409, str(error)) from error
    return Response(msgspec.json.encode({"listed": listed}), 201, media_type="application/json")


async def _of_kafka(work: Awaitable[T]) -> T:
    try:
        return await work
    except (KafkaError, OSError, LookupError) as error:
        raise HTTPException(503, f"the list cannot be read now: {type(error).__name__}") from error


def _decoded(body: bytes, form: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(422, str(error)) from error
