"""Live streams of hostile servers: an endless line, event or message is given up, not stored."""

import asyncio

import httpx
import pytest
from aiohttp import web
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from streams.sources.bluesky import jetstream as bluesky_source
from streams.sources.port import DisconnectedError, Source
from streams.web import bounded_session
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.live import bluesky, mastodon, x_stream
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.support.source_servers.x_platform import XPlatform

MOST = 50_000
PIECES = {  # the repeated part; each entry is a way to grow an event
    "one line": [b"a" * 1_000],
    "lines of one name": [b"data: " + b"a" * 993 + b"\n"],
    "lines of many names": [b"name%d:\n" % number for number in range(MOST)],
}


async def _flood(request: web.Request, what: str) -> web.StreamResponse:
    """Several times the limit, then the end of the line, the event and the answer."""
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    pieces = PIECES[what] * (5 * MOST // sum(map(len, PIECES[what])) + 1)
    try:
        for piece in pieces:
            await response.write(piece)
        await response.write(b"\n\n")
    except ConnectionError:
        pass
    return response


class EndlessX(XPlatform):
    """Its stream is one line."""

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await _flood(request, "one line")


class RefusingX(XPlatform):
    """Refuses the stream with a long text."""

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, body=b"a" * 3 * MOST)


class EndlessMastodon(MastodonServer):
    """Its stream is one line, or one event of many lines."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return await _flood(request, self._what)


class RefusingMastodon(MastodonServer):
    """Refuses the stream with a long text."""

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=503, body=b"a" * 3 * MOST)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches quickly."""
    monkeypatch.setattr(bounded_session, "MAX_LINE", MOST)
    monkeypatch.setattr(bounded_session, "MAX_ANSWER", MOST)
    monkeypatch.setattr(bluesky_source, "MAX_MESSAGE", MOST)


async def read(source: Source) -> None:
    """One connection, of which nothing is a record."""
    async for item in source.events(None):
        assert item.outcome is None


async def ending(source: Source) -> str:
    """The reason why a connection ended."""
    with pytest.raises(DisconnectedError) as ended:
        await read(source)
    return str(ended.value)


async def test_an_endless_line_of_x_ends_the_connection() -> None:
    """The next connection fills the gap."""
    with hosted(EndlessX()) as port:
        reason = await ending(x_stream(port))
    assert reason == f"ContentDecodingError: a line of more than {MOST} bytes"


@pytest.mark.parametrize("what", PIECES)
async def test_an_endless_line_or_event_of_mastodon_ends_the_connection(what: str) -> None:
    """Without an end of the line, or without an end of the event."""
    with hosted(EndlessMastodon(what)) as port:
        reason = await ending(mastodon(port, TOKEN))
    assert reason.endswith(f"of more than {MOST} bytes")


async def test_a_refusal_of_a_stream_is_read_no_further_than_any_answer() -> None:
    """Its text is for the log."""
    for server, source in ((RefusingX(), x_stream), (RefusingMastodon(), lambda port: mastodon(port, TOKEN))):
        with hosted(server) as port:
            reason = await ending(source(port))
        assert reason == f"ContentDecodingError: an answer of more than {MOST} bytes"


class EndlessJetstream(Jetstream):
    """Sends one message: a long frame, the same in short frames, or empty frames."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._pieces = pieces

    async def _connection(self, socket: ServerConnection) -> None:
        await socket.recv()
        for number, piece in enumerate(self._pieces, 1):
            if socket.state is not State.OPEN:
                break
            frame = Frame(Opcode.CONT if number > 1 else Opcode.TEXT, piece, fin=number == len(self._pieces))
            socket.transport.write(frame.serialize(mask=False))
            await asyncio.sleep(0)
        await socket.wait_closed()


@pytest.mark.parametrize(
    "pieces", [[b"a" * 2 * MOST], [b"a" * 1_000] * 100, [b""] * 20_000], ids=["long", "in pieces", "of nothing"]
)
async def test_an_endless_message_of_bluesky_ends_the_connection(pieces: list[bytes]) -> None:
    """However it is divided."""
    network = EndlessJetstream(pieces)
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            reason = await ending(bluesky(port, view, client))
    assert "exceeds limit" in reason
