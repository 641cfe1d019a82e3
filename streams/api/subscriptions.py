"""Subscriptions over HTTP, and the feeds. `toptopics push` delivers; a new subscription starts with later digests.

A subscription made here cannot reach a private network; only the command line can allow that (`--allow-private`). A
secret is shown once, when it is made. Addresses are shown without their secret parts. A changing request must be JSON
and, from a browser, of the same origin.
"""

import asyncio
import hmac
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from models.live.state import StoredDigest
from streams.api.openapi import described
from streams.api.responses import respond
from streams.api.services import Services, Use
from streams.delivery.digest_message import check_address
from streams.delivery.errors import DeliveryError
from streams.delivery.feed_key import FeedKey, installation
from streams.delivery.feeds import ATOM, ENTRIES, JSON, Editions, Place, atom, json_feed
from streams.delivery.pusher import TOTAL_SECONDS
from streams.delivery.queue import DeliveryQueue
from streams.delivery.senders import senders_of
from streams.delivery.subscription import Subscription, SubscriptionError, checked
from streams.kafka.digests import PublishedDigest
from streams.views.digests import DigestHeaders

MOST_BYTES = 20_000
MOST = 1_000


def queue_of(request: Request) -> DeliveryQueue:
    """The app's queue, opened at its first use."""
    state = request.app.state
    if getattr(state, "deliveries", None) is None:
        state.deliveries = DeliveryQueue(state.deliveries_path)
    queue: DeliveryQueue = state.deliveries
    return queue


def same_origin(request: Request) -> None:
    """Refuse requests that another web site sends through a browser."""
    origin = request.headers.get("origin")
    other = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if other or request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "requests from other web sites are refused")


router = APIRouter(tags=["subscriptions"])
EXAMPLE_STATE = {
    "name": "team", "url": "https://example.org/hooks/…", "since": None, "state": "ok", "delivered": 3, "waiting": 0,
    "dead": 0, "attempts": 0, "next_at": None, "error": "",
}  # fmt: skip
EXAMPLE_FEED = {
    "address": "https://topics.example.org/feed.atom?key=…", "json": "https://topics.example.org/feed.json?key=…",
}  # fmt: skip
Queue = Annotated[DeliveryQueue, Depends(queue_of)]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$", description="a subscription's name")]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new subscription."""

    name: str
    url: str
    secret: str = ""
    since: str | None = None
    edited: bool = False


WANTED_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": msgspec.json.schema(Wanted)["$defs"]["Wanted"],
                "example": {"name": "team", "url": "https://example.org/hooks/digest", "since": "2021-W18"},
            }
        },
    }
}


@router.get("/api/subscriptions", responses=described([EXAMPLE_STATE]), summary="All subscriptions and their state")
def list_subscriptions(request: Request, queue: Queue) -> Response:
    """All subscriptions without secrets."""
    return respond(request, msgspec.json.encode([state.shown() for state in queue.states()]))


@router.post(
    "/api/subscriptions",
    status_code=201,
    summary="Subscribe",
    dependencies=[Depends(same_origin)],
    openapi_extra=WANTED_BODY,
    responses=described({"name": "team", "url": "https://example.org/hooks/digest", "secret": "whsec_…"}, status=201),
)
async def subscribe(request: Request, queue: Queue) -> Response:
    """JSON: name, url (of a webhook or of apprise), optionally secret, since and edited. Replaces the subscription
    of that name.
    """
    try:
        wanted = msgspec.json.decode(await body_of(request), type=Wanted)
        given = Subscription(**msgspec.structs.asdict(wanted))
        known = {subscription.name: subscription for subscription in queue.subscriptions()}
        if len(known) >= MOST and wanted.name not in known:
            raise HTTPException(409, f"there are {MOST} subscriptions already; remove one first")
        subscription = checked(given, known.get(wanted.name))
        await asyncio.to_thread(check_address, subscription)
    except (msgspec.DecodeError, UnicodeDecodeError, SubscriptionError) as error:
        raise HTTPException(422, str(error)) from error
    queue.put_subscription(subscription)
    kept = known.get(wanted.name)
    answer = {"name": subscription.name, "url": subscription.shown_url}
    if subscription.kind == "webhook" and (kept is None or subscription.secret != kept.secret):
        answer["secret"] = subscription.secret
    return Response(msgspec.json.encode(answer), 201, {"Cache-Control": "no-store"}, media_type="application/json")


@router.delete(
    "/api/subscriptions/{name}",
    status_code=204,
    response_class=Response,
    summary="Unsubscribe",
    dependencies=[Depends(same_origin)],
)
def unsubscribe(name: Name, queue: Queue) -> Response:
    """Also deletes its queue."""
    if not queue.remove_subscription(name):
        raise HTTPException(404, "there is no such subscription")
    return Response(status_code=204)


@router.post(
    "/api/subscriptions/{name}/retry",
    summary="Try again",
    dependencies=[Depends(same_origin)],
    responses=described({"due": 2}),
)
def retry(name: Name, queue: Queue) -> Response:
    """Makes failed and dead deliveries due now, with all their attempts."""
    if name not in {subscription.name for subscription in queue.subscriptions()}:
        raise HTTPException(404, "there is no such subscription")
    return Response(msgspec.json.encode({"due": queue.revive(name)}), media_type="application/json")


@router.post(
    "/api/subscriptions/{name}/test",
    summary="Send the newest digest now",
    dependencies=[Depends(same_origin)],
    responses=described({"week": "2021-W11"}),
)
async def send_test(name: Name, queue: Queue, use: Use) -> Response:
    """To see that it arrives; the queue stays as it is. 409 without a digest, 502 when the other side refuses it."""
    subscription = next((one for one in queue.subscriptions() if one.name == name), None)
    if subscription is None:
        raise HTTPException(404, "there is no such subscription")
    stored = await use.views.digest(weeks[0]) if (weeks := await use.views.weeks()) else None
    if stored is None:
        raise HTTPException(409, "there is no digest yet")
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            senders = senders_of(use.public_url, lambda entry: use.views.edition(entry.digest.week))
            await senders[subscription.kind].send(subscription, _published(stored), use.clock())
    except TimeoutError as error:
        raise HTTPException(502, f"no answer within {TOTAL_SECONDS:.0f} s") from error
    except DeliveryError as error:
        raise HTTPException(502, str(error)) from error
    return Response(msgspec.json.encode({"week": stored.digest.week}), media_type="application/json")


def feed_key_of(request: Request) -> FeedKey:
    """The app's."""
    key: FeedKey = request.app.state.feed_key
    return key


Key = Annotated[FeedKey, Depends(feed_key_of)]


@router.get("/api/feed", summary="The feeds' addresses for readers", responses=described(EXAMPLE_FEED))
def show_feed(request: Request, use: Use, key: Key) -> Response:
    """With a key where a token protects the service, since feed readers cannot log in."""
    return _feed(request, use, key.value() if use.tokens else "")


@router.post(
    "/api/feed/renew",
    summary="New addresses; the old ones stop working",
    responses=described(EXAMPLE_FEED),
    dependencies=[Depends(same_origin)],
)
def renew_feed(request: Request, use: Use, key: Key) -> Response:
    """For when the address got into wrong hands."""
    return _feed(request, use, key.renew() if use.tokens else "")


def _feed(request: Request, use: Services, key: str) -> Response:
    place = Place(address=use.address(request), key=key)
    answer = {"address": place.feed("feed.atom"), "json": place.feed("feed.json")}
    return Response(msgspec.json.encode(answer), 200, {"Cache-Control": "no-store"}, "application/json")


LEAVE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Top Topics</title><link rel="stylesheet" href="../static/style.css"></head>
<body class="login"><main class="card"><form method="post"><h1>{title}</h1><p>{text}</p>{button}</form></main></body>
</html>
"""


@router.get("/unsubscribe/{name}", include_in_schema=False)
def ask_to_leave(name: Name, queue: Queue, key: str = "") -> Response:
    """A page with a button: what only opens links, such as a mail scanner, ends nothing."""
    _own(queue, name, key)
    button = '<button type="submit">Unsubscribe</button>'
    text = f"No more digests will go to the subscription “{name}”."
    return HTMLResponse(LEAVE.format(title="Unsubscribe", text=text, button=button))


@router.post("/unsubscribe/{name}", include_in_schema=False)
def leave(name: Name, queue: Queue, key: str = "") -> Response:
    """The button, or a mail program's one click (RFC 8058). The key of the link is what allows it."""
    _own(queue, name, key)
    queue.remove_subscription(name)
    return HTMLResponse(LEAVE.format(title="Unsubscribed", text=f"“{name}” gets no more digests.", button=""))


def _own(queue: DeliveryQueue, name: str, key: str) -> None:
    """Raises HTTPException 404 unless it is the key of the subscription."""
    found = next((one for one in queue.subscriptions() if one.name == name), None)
    if found is None or not found.unsubscribe_key or not hmac.compare_digest(found.unsubscribe_key, key):
        raise HTTPException(404, "there is no such subscription any more")


Edited = Annotated[
    bool, Query(description="with the words of a language model, where it edited a digest", examples=[True])
]


@router.get("/feed.atom", summary="All digests as an Atom feed", response_class=Response)
async def atom_feed(request: Request, use: Use, edited: Edited = False) -> Response:
    """Newest week first. A correction updates its week's entry."""
    return respond(request, atom(*await _feed_of(request, use, edited=edited)), media_type=f"{ATOM}; charset=utf-8")


@router.get("/feed.json", summary="All digests as a JSON Feed", response_class=Response)
async def json_feed_1_1(request: Request, use: Use, edited: Edited = False) -> Response:
    """Version 1.1, with the entries of the Atom feed."""
    return respond(request, json_feed(*await _feed_of(request, use, edited=edited)), media_type=JSON)


async def _feed_of(request: Request, use: Services, *, edited: bool) -> tuple[list[PublishedDigest], Place, Editions]:
    weeks = (await use.views.weeks())[:ENTRIES]
    stored = [await use.views.digest(week) for week in weeks]
    editions = {week: one for week in weeks if edited and (one := await use.views.edition(week)) is not None}
    # a reader that follows the feed's own address needs the key that it came with
    given = request.query_params.get("key", "")
    key = given if use.tokens and feed_key_of(request).opens(given) else ""
    place = Place(installation(request.app.state.installation_path), use.address(request), key, edited)
    return [_published(one) for one in stored if one is not None], place, editions


def _published(stored: StoredDigest) -> PublishedDigest:
    headers = stored.headers
    made_at = headers.get("made_at")
    return PublishedDigest(
        digest=stored.digest,
        revision=DigestHeaders(headers).revision,
        slice_start=0,
        slice_end=0,
        made_at=datetime.fromisoformat(made_at) if made_at else None,
        supersedes=headers.get("supersedes") or None,
    )


async def body_of(request: Request, *, most: int = MOST_BYTES) -> bytes:
    """The JSON body of a changing request.

    Raises:
        HTTPException: 415 for another type, 413 above `most` bytes.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body must be application/json")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"the body is larger than {most} bytes")
    return bytes(body)
