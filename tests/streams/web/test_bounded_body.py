"""Hostile answers: no body grows beyond its limit, however it is compressed."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import httpx
import pytest
import structlog
from aiohttp import web

from streams.clock import system_clock
from streams.sources.bluesky import appview as bluesky_appview
from streams.sources.feeds import poll as rss
from streams.sources.mastodon.stream import MastodonInstance
from streams.sources.port import Bad, DisconnectedError
from streams.sources.x.api import XApi
from streams.web import bounded_session
from streams.web.bounded_body import bounded_answer, bounded_body
from tests.support.feed_reader import ReaderHere
from tests.support.source_servers.collecting import people
from tests.support.source_servers.hosting import Stop, hosted, serve_app

ZEROS, MOST = 50_000_000, 1_000_000
LAYER = gzip.compress(bytes(ZEROS), compresslevel=9)
BOMBS = {
    "gzip": ("gzip", LAYER),
    "gzip twice": ("gzip, gzip", gzip.compress(LAYER)),
    "deflate": ("deflate", zlib.compress(bytes(ZEROS), 9)),
    "plain": ("identity", b"a" * 3 * MOST),
}


class Hostile:
    """Answers every request with one decompression bomb."""

    def __init__(self, encoding: str, body: bytes) -> None:
        self._encoding, self._body = encoding, body

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        return await serve_app(app)

    async def _answer(self, _: web.Request) -> web.Response:
        return web.Response(body=self._body, headers={"Content-Encoding": self._encoding})


@pytest.fixture(params=BOMBS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a hostile server."""
    with hosted(Hostile(*BOMBS[request.param])) as port:
        yield f"http://127.0.0.1:{port}/feed.xml"


@pytest.fixture
def memory() -> Iterator[Callable[[], int]]:
    """Largest memory use since the test began, in bytes."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


async def test_a_feed_is_given_up_before_it_unfolds(
    address: str, memory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The feed waits for its pause, other feeds are not affected, and nothing of it is kept."""
    monkeypatch.setattr(rss, "MAX_FEED", MOST)
    async with httpx.AsyncClient() as client:
        source = rss.Feeds(people(rss=address), client, clock=system_clock, reader=ReaderHere())
        with structlog.testing.capture_logs() as told:
            item = await anext(source.events(None))
    assert item.outcome is None or (isinstance(item.outcome, Bad) and item.outcome.record == b"")
    assert [line["event"] for line in told] == ["feed could not be read, trying again later"]
    assert memory() < 15 * MOST


async def test_a_look_up_is_given_up_before_it_unfolds(
    address: str, memory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bluesky's AppView, or a server in its place."""
    monkeypatch.setattr(bluesky_appview, "MAX_ANSWER", MOST)
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.HTTPError):
            await bluesky_appview.AppView(address, client, system_clock).did_of("ada.test")
    assert memory() < 15 * MOST


async def test_a_page_of_x_or_mastodon_is_given_up_before_it_unfolds(
    address: str, memory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By clients that read an answer before anything can check it."""
    monkeypatch.setattr(bounded_session, "MAX_ANSWER", MOST)
    base = address.removesuffix("/feed.xml")
    with pytest.raises(DisconnectedError):
        XApi("token", base_url=base, clock=system_clock).user_ids(["ada"])
    for token in (None, "token"):
        source = MastodonInstance(people(mastodon="ada@a.test"), url=base, token=token, clock=system_clock)
        with pytest.raises(DisconnectedError):
            await anext(source.events(None))
    assert memory() < 15 * MOST


async def test_an_honest_answer_is_whole() -> None:
    """Compressed once or not at all."""
    for encoding, body in (("gzip", gzip.compress(b"words " * 9)), ("identity", b"words " * 9), ("", b"words " * 9)):
        with hosted(Hostile(encoding, body)) as port:
            async with httpx.AsyncClient() as client, client.stream("GET", f"http://127.0.0.1:{port}/") as response:
                answer = await bounded_answer(response, 54)
        assert answer.text == "words " * 9


async def test_a_damaged_packing_is_an_error_of_the_answer() -> None:
    """As httpx's error, which callers expect."""
    with hosted(Hostile("gzip", b"no gzip")) as port:
        async with httpx.AsyncClient() as client, client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            with pytest.raises(httpx.DecodingError):
                await bounded_body(response, 10)
