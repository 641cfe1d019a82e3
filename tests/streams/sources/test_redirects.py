"""A source that is led elsewhere: to the public internet it follows, into the operator's network it does not."""

from http import HTTPStatus

import httpx
import pytest
import structlog
from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from models.events import Tweet
from streams.clock import system_clock
from streams.sources.bluesky.appview import AppView
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.feeds.poll import Feeds
from streams.sources.mastodon.stream import MastodonInstance
from streams.sources.port import DisconnectedError, RefusedError
from streams.sources.redirects import Reach
from streams.sources.x.api import XApi
from streams.sources.x.stream import Plan, XStream
from tests.support.feed_reader import ReaderHere
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.collecting import people
from tests.support.source_servers.hosting import Stop, hosted, serve_app
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer


class Inside:
    """A service that nobody outside shall reach; it notes who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return await serve_app(app)

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.json_response({"id": "1"})


class Leading:
    """Answers every request with a redirect to the same path of another server, by `localhost` or by its address."""

    def __init__(self, target: str) -> None:
        self._target = target

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        return await serve_app(app)

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": self._target + request.path_qs})


class LeadingStream:
    """A websocket server that leads to another one."""

    def __init__(self, target: str) -> None:
        self._target = target

    async def start(self) -> tuple[int, Stop]:
        server = await serve(self._nothing, "127.0.0.1", 0, process_request=self._answer)
        port: int = server.sockets[0].getsockname()[1]

        async def stop() -> None:
            server.close()
            await server.wait_closed()

        return port, stop

    async def _nothing(self, _: ServerConnection) -> None: ...

    def _answer(self, connection: ServerConnection, _: Request) -> Response:
        response = connection.respond(HTTPStatus.TEMPORARY_REDIRECT, "")
        response.headers["Location"] = self._target
        return response


class NamingMastodon(MastodonServer):
    """An instance that names a streaming server inside the operator's network."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    async def _instance(self, _request: web.Request) -> web.Response:
        return web.json_response({"uri": "home.test", "version": "4.4.0", "urls": {"streaming_api": self._target}})


async def loopback(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


async def read_feed(address: str, reach: Reach | None = None) -> tuple[list[str], list[str]]:
    """Texts of one reading, and what the log says of it."""
    async with httpx.AsyncClient() as client:
        source = Feeds(people(rss=address), client, clock=system_clock, reach=reach, reader=ReaderHere())
        texts = []
        with structlog.testing.capture_logs() as told:
            async for item in source.events(None):
                if item.cursor is not None:
                    break
                texts += [item.outcome.text] if isinstance(item.outcome, Tweet) else []
    return texts, [line["reason"] for line in told]


async def test_a_feed_does_not_lead_into_the_network() -> None:
    """Neither to this machine nor, by a second redirect, to any other place of it; and nothing was asked there."""
    inside = Inside()
    with (
        hosted(inside) as port,
        hosted(Leading(f"http://127.0.0.1:{port}")) as leading,
        hosted(Leading(f"http://localhost:{leading}")) as twice,
    ):
        for first in (leading, twice):
            texts, told = await read_feed(f"http://localhost:{first}/feed.xml")
            assert texts == []
            assert told == ["localhost redirects to 127.0.0.1, which is not on the public internet"]
    assert inside.asked == []


async def test_a_feed_that_moved_is_read_where_it_is() -> None:
    """On the same host, which the operator has named; on another one at the address that was checked, by its name."""
    blog = Blog()
    blog.write("Moved", "")
    with hosted(blog) as port:
        assert await read_feed(f"http://127.0.0.1:{port}/old.xml") == (["Moved"], [])
        with hosted(Leading(f"http://blog.invalid:{port}")) as leading:
            address = f"http://127.0.0.1:{leading}/old.xml"
            assert await read_feed(address, Reach(loopback, lambda _: True)) == (["Moved"], [])


async def test_a_feed_that_leads_in_circles_or_nowhere_is_not_read() -> None:
    """It waits out its pause."""

    async def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    with hosted(Leading("")) as port:
        assert await read_feed(f"http://127.0.0.1:{port}/a") == ([], ["more than 10 redirects"])
    with hosted(Leading("http://nowhere.invalid")) as port:
        found = await read_feed(f"http://127.0.0.1:{port}/a", Reach(nowhere))
        assert found == ([], ["127.0.0.1 redirects to nowhere.invalid: no such host"])


async def test_a_platform_does_not_lead_into_the_network() -> None:
    """X, Mastodon and Bluesky: none of their requests arrives there."""
    inside = Inside()
    with hosted(inside) as port, hosted(Leading(f"http://127.0.0.1:{port}")) as leading:
        url = f"http://localhost:{leading}"
        with pytest.raises(DisconnectedError, match=r"127\.0\.0\.1.* not on the public internet"):
            XApi("token", base_url=url, clock=system_clock).user_ids(["ada"])
        api = XApi("token", base_url=url, clock=system_clock)
        stream = XStream(people(x="101"), api, bearer_token="token", base_url=url, clock=system_clock, plan=Plan(2, 20))
        with pytest.raises(RefusedError, match="307"):
            await anext(stream.events(None))
        for token in (None, TOKEN):
            instance = MastodonInstance(people(mastodon="ada@a.test"), url=url, token=token, clock=system_clock)
            with pytest.raises(DisconnectedError, match=r"127\.0\.0\.1.* not on the public internet"):
                await anext(instance.events(None))
        async with httpx.AsyncClient() as client:
            with pytest.raises(RefusedError, match="307"):
                await AppView(url, client, system_clock).did_of("ada.test")
    assert inside.asked == []


async def test_a_mastodon_instance_names_no_streaming_server_in_the_network() -> None:
    """Mastodon.py takes its address from the instance, and sends the token there."""
    inside = Inside()
    with hosted(inside) as port, hosted(NamingMastodon(f"ws://127.0.0.1:{port}")) as server:
        instance = MastodonInstance(
            people(mastodon="ada"), url=f"http://localhost:{server}", token=TOKEN, clock=system_clock
        )
        with pytest.raises(DisconnectedError, match=r"127\.0\.0\.1.* not on the public internet"):
            await anext(instance.events(None))
    assert inside.asked == []


async def test_a_jetstream_does_not_lead_to_another_host() -> None:
    """Websockets follow redirects by themselves."""
    inside = Inside()
    with hosted(inside) as port, hosted(LeadingStream(f"ws://127.0.0.1:{port}/subscribe")) as leading:
        async with httpx.AsyncClient() as client:
            source = Bluesky(
                people(bluesky="did:plc:ada"),
                url=f"ws://localhost:{leading}/subscribe",
                appview=AppView(f"http://127.0.0.1:{port}", client, system_clock),
                clock=system_clock,
            )
            with pytest.raises(DisconnectedError, match="Jetstream answered 307"):
                await anext(source.events(None))
    assert [path for path in inside.asked if not path.startswith("/xrpc/")] == []
