"""`create_api(settings, views, …)` composes the HTTP service. Nothing happens before the app's lifespan starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from time import perf_counter

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.api import digests, events, health, openapi, pages, people, posts, subscriptions, topics
from streams.api.hub import Hub, StageCheck
from streams.api.limits import ApiLimits
from streams.api.problems import add_problem_handlers
from streams.api.security import (
    Audit,
    Identify,
    LoopbackHostOnly,
    RateLimit,
    SecurityHeaders,
    TokenAuth,
    WrongTokens,
    is_loopback,
)
from streams.api.services import Services
from streams.api.tokens import Tokens, tokens_of
from streams.delivery.feed_key import FeedKey
from streams.settings import Settings
from streams.sources.people.desk import Desk
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.port import ViewReader

DESCRIPTION = """What data-science and AI influencers are talking about, live, and as one digest every week.

Times are UTC. All windows end with the newest post, not with the wall clock. Errors are `application/problem+json`.
Send `If-None-Match` with the last `ETag`: an unchanged answer costs a few bytes. Lists take `limit` and
`offset` and answer with a `Link` header to the next page."""


class UnsafeBindingError(ValueError):
    """Other machines could reach the service without a token."""


def check_binding(settings: Settings, *, needed: bool = False) -> Tokens | None:
    """Return the tokens of which every request needs one; None when only this machine can send requests.

    Args:
        settings: Address, token and data folder.
        needed: Whether there must be a token also on loopback, where others come in through a proxy.

    Raises:
        UnsafeBindingError: The address is not loopback, and there is no token.
        ValueError: The file of the tokens is damaged.
    """
    tokens = tokens_of(settings)
    if tokens.all():
        return tokens
    if settings.community and (needed or not is_loopback(settings.host)):
        raise UnsafeBindingError(f"it has no token: toptopics --community {settings.community} tokens add NAME")
    if not is_loopback(settings.host):
        raise UnsafeBindingError(
            f"{settings.host} can be reached from other machines: set TOPTOPICS_API_TOKEN, add a token with "
            "`toptopics tokens add`, or bind to 127.0.0.1"
        )
    return None


def create_api(
    settings: Settings,
    views: ViewReader,
    *,
    metrics: Metrics | None = None,
    stages: StageCheck | None = None,
    desk: Desk | None = None,
    limits: ApiLimits | None = None,
    guarded: bool = True,
    token_needed: bool = False,
) -> FastAPI:
    """Create the app. It reads nothing before its lifespan starts.

    Args:
        settings: Address, token and data folder.
        views: The live view.
        metrics: Registry for the service's metrics.
        lag: Asks the broker for the lag of the stages.
        desk: The list of people; None without a broker.
        limits: Limits of the service.
        guarded: False for a service that only this process reaches; it asks for no token.
        token_needed: Whether there must be a token also on loopback.

    Raises:
        UnsafeBindingError: Other machines could reach the service without a token.
    """
    tokens = check_binding(settings, needed=token_needed) if guarded else None
    metrics, limits = metrics or Metrics(), limits or ApiLimits()
    metrics.describe_process()
    board = Board(views)
    hub = Hub(views, board, metrics, limits)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = {asyncio.create_task(hub.run(), name="hub")}
        if stages is not None:
            tasks.add(asyncio.create_task(hub.follow_stages(stages), name="stages"))
        try:
            yield
        finally:
            # repeated: a client library may take a cancellation for its own timeout, and the service would never stop
            while running := {task for task in tasks if not task.done()}:
                for task in running:
                    task.cancel()
                await asyncio.wait(running, timeout=0.5)

    app = FastAPI(
        title="Top Topics",
        version=version("toptopics"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # its page loads scripts from a third party
        redoc_url=None,
    )
    app.state.services = Services(
        views=views,
        board=board,
        hub=hub,
        metrics=metrics,
        limits=limits,
        stages=stages,
        tokens=tokens,
        public_url=settings.public_url or None,
        base=f"/c/{settings.community}" if settings.community else "",
        timezone=settings.timezone,
        lateness=timedelta(hours=settings.lateness_hours),
    )
    app.state.wrong_tokens = WrongTokens(
        per_client=limits.wrong_tokens_per_minute, in_total=limits.wrong_tokens_in_total
    )
    app.state.deliveries_path = settings.data_dir / "push.sqlite3"
    app.state.people = desk
    app.state.feed_key = FeedKey(settings.data_dir / "feed.key")
    app.state.installation_path = settings.data_dir / "installation.id"
    for module in (topics, posts, digests, events, people, subscriptions, health, pages):
        app.include_router(module.router)
    pages.mount_assets(app)
    add_problem_handlers(app)
    openapi.describe(app, guarded=tokens is not None)
    # the middleware added last sees a request first
    app.add_middleware(Audit)
    if tokens:
        app.add_middleware(TokenAuth, feed_key=app.state.feed_key)
    else:
        app.add_middleware(LoopbackHostOnly)
    app.add_middleware(RateLimit, per_minute=limits.requests_per_minute)
    if tokens:
        app.add_middleware(Identify, tokens=tokens)
    app.add_middleware(CountRequests, metrics=metrics)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(HeadIsGet)
    return app


class HeadIsGet:
    """Answers HEAD, used by uptime checks, as GET; the server leaves the body out. Streams are excluded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"] != "/api/events/stream":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


class CountRequests:
    """Counts requests and seconds by route. The label is the route's pattern (see `_route_of`), never the path."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._requests = metrics.counter("http_requests")
        self._seconds = metrics.histogram("http_seconds")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = _route_of(scope, message["status"])
                method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE") else "other"
                self._requests.labels(route=route, method=method, status=str(message["status"])).inc()
                if route != "/api/events/stream":
                    self._seconds.labels(route=route).observe(perf_counter() - start)
            await send(message)

        await self._app(scope, receive, counting)


def _route_of(scope: Scope, status: int) -> str:
    """The pattern of the route; "refused" for what the checks before the routes answered, "unknown" for no route."""
    pattern = getattr(scope.get("route"), "path", None)
    if pattern is not None:
        return str(pattern)
    if scope["path"].startswith("/static/"):
        return "/static"
    if scope["path"] == "/openapi.json":
        return "/openapi.json"
    return "unknown" if status == 404 else "refused"
