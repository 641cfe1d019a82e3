"""Events of topics and digests, as a list and as server-sent events."""

import re
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from sse_starlette.sse import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from streams.api import schemas
from streams.api.openapi import answers
from streams.api.responses import respond
from streams.api.security import client_of
from streams.api.services import Use
from streams.api.topics import Limit

router = APIRouter(prefix="/api", tags=["events"])
STREAM_ID = r"^[0-9]{1,15}(-[0-9]{1,15})?$"
_STREAM_ID = re.compile(STREAM_ID)


def is_stream_id(text: str) -> bool:
    """Whether `text` is an id of the event stream."""
    return _STREAM_ID.fullmatch(text) is not None


After = Annotated[
    str | None, Query(pattern=STREAM_ID, description="only events after this id", examples=["1616077800000-0"])
]

Before = Annotated[
    str | None, Query(pattern=STREAM_ID, description="only events before this id", examples=["1616077800000-0"])
]


@router.get("/events", responses=answers(schemas.EventPage), summary="What happened to topics, and digests")
async def list_events(
    request: Request,
    use: Use,
    after: After = None,
    before: Before = None,
    limit: Limit = 50,
) -> Response:
    """The last events, the ones after an id, or the last ones before an id; oldest first."""
    if after is not None and before is not None:
        raise HTTPException(422, "give after or before, not both")
    return respond(request, schemas.EventPage(items=await use.views.events(after, limit, before=before)))


@router.get(
    "/events/stream",
    summary="The same, live: server-sent events",
    response_class=EventSourceResponse,
    responses={
        200: {
            "description": "events `topic`, `alert`, `digest` (with ids to resume from), `topics`, `status`, `reset`, "
            "`heartbeat`",
            "content": {
                "text/event-stream": {
                    "example": 'id: 1616077800000-0\nevent: topic\ndata: {"kind":"born","topic_id":"T1a2b3c"}\n\n'
                }
            },
        },
    },
)
async def stream_events(
    request: Request,
    use: Use,
    last_event_id: Annotated[
        str | None, Header(description="resume after this id", examples=["1616077800000-0"])
    ] = None,
    after: After = None,
) -> Response:
    """Stays open; heartbeats show that the connection works. A slow reader is disconnected and may resume."""
    host = client_of(request.scope)
    if not use.hub.has_room(host):
        raise HTTPException(429, "too many open event streams", headers={"Retry-After": "10"})
    known = last_event_id if last_event_id and is_stream_id(last_event_id) else after
    return EventSourceResponse(
        use.hub.subscribe(host, known), ping=0, send_timeout=use.limits.send_timeout_seconds, sep="\n"
    )
