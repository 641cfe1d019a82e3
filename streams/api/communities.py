"""`/c/NAME/…` is the service of one community, every other path that of the installation itself.

A community has an app of its own, with its own view, tokens and limits. The app does not know its path: here the prefix
is taken off requests, and put before redirects and next pages. Its login has a cookie of its own, and the other cookies
are kept from it. Communities that are added or removed while the service runs are noticed within `LOOK_SECONDS`.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final

from aiokafka.errors import KafkaError
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import Message, Receive, Scope, Send

from models.events import Community
from streams.api.problems import problem
from streams.api.security import BASE, COOKIE
from streams.api.services import Services
from streams.system.logs import get_logger

LOOK_SECONDS: Final = 5.0
_PATH: Final = re.compile(r"/c/([a-z][a-z0-9-]*)(/.*)?")
log = get_logger(__name__)


class Communities:
    """ASGI.

    Args:
        own: The app of the installation.
        listed: Reads the list of communities.
        opened: Makes the app of one; ValueError for one that may not be served.
    """

    def __init__(
        self,
        own: FastAPI,
        listed: Callable[[], Awaitable[Sequence[Community]]],
        opened: Callable[[Community], AbstractAsyncContextManager[FastAPI]],
    ) -> None:
        self._own = own
        self._listed = listed
        self._opened = opened
        self._apps: dict[Community, tuple[FastAPI, AsyncExitStack]] = {}
        self._refused: dict[Community, str] = {}
        self._life = Starlette(lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await self._life(scope, receive, send)
            return
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            await self._own(scope, receive, send)
            return
        name, path = found.groups()
        app = next((app for community, (app, _) in self._apps.items() if community.name == name), None)
        if app is None:
            await problem(404, "there is no such community here")(scope, receive, send)
        elif path is None:
            await RedirectResponse(f"/c/{name}/", 308)(scope, receive, send)
        else:
            await app(_inside(scope, name, path), receive, _outside(send, name))

    async def look(self) -> None:
        """Serve the communities of the list, and no other."""
        listed = await self._listed()
        for gone in [community for community in self._apps if community not in listed]:
            _, stack = self._apps.pop(gone)
            await stack.aclose()
        for community in listed:
            if community not in self._apps:
                await self._open(community)
        for app in (self._own, *(app for app, _ in self._apps.values())):
            services: Services = app.state.services
            services.communities = sorted(community.name for community in self._apps)

    async def _open(self, community: Community) -> None:
        async with AsyncExitStack() as stack:
            try:
                app = await stack.enter_async_context(self._opened(community))
            except ValueError as error:
                if self._refused.get(community) != str(error):
                    log.warning("community is not served", community=community.name, reason=str(error))
                self._refused[community] = str(error)
                return
            await stack.enter_async_context(app.router.lifespan_context(app))
            self._apps[community] = (app, stack.pop_all())

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with self._own.router.lifespan_context(self._own):
            following = asyncio.create_task(self._follow(), name="communities")
            try:
                yield
            finally:
                following.cancel()
                await asyncio.wait({following})
                for _, stack in self._apps.values():
                    await stack.aclose()
                self._apps.clear()

    async def _follow(self) -> None:
        while True:
            try:
                await self.look()
            except (KafkaError, OSError, LookupError) as error:
                log.warning("list of communities is unreadable; serving those of before", error=str(error))
            await asyncio.sleep(LOOK_SECONDS)


def _inside(scope: Scope, name: str, path: str) -> Scope:
    """The request as the community's app sees it."""
    headers = []
    for key, value in scope["headers"]:
        if key == b"cookie":
            pairs = [pair.strip() for pair in value.split(b";")]
            mine = f"{COOKIE}-{name}=".encode()
            kept = [f"{COOKIE}=".encode() + pair.removeprefix(mine) for pair in pairs if pair.startswith(mine)]
            headers += [(key, b"; ".join(kept))] if kept else []
        else:
            headers.append((key, value))
    return {**scope, "path": path, "raw_path": path.encode(), "headers": headers, BASE: f"/c/{name}"}


def _outside(send: Send, name: str) -> Send:
    """Answers as the reader of `/c/NAME/` needs them."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for field, before in (("location", "/"), ("link", "</")):
                value = headers.get(field, "")
                if value.startswith(before) and not value.startswith("//"):
                    headers[field] = f"{before[:-1]}/c/{name}{value[len(before) - 1 :]}"
            cookie = headers.get("set-cookie", "")
            if cookie.startswith(f"{COOKIE}="):
                own = cookie.replace(f"{COOKIE}=", f"{COOKIE}-{name}=", 1)
                headers["set-cookie"] = own.replace("Path=/", f"Path=/c/{name}/")
        await send(message)

    return sending
