"""A client that sends half a request, or half a million connections, takes nothing from the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from streams.api import server
from streams.api.app import create_api
from streams.settings import load_settings
from tests.support.live_api import filled

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HALF = b"GET /api/topics HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
HALF_BODY = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\ntoken="


@asynccontextmanager
async def _serving() -> AsyncIterator[int]:
    """The real server; its port."""
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = create_api(load_settings(), await filled())
    running = server.create_server(app, "127.0.0.1", 0, announced.set_result)
    task = asyncio.create_task(running._serve())
    try:
        yield int((await announced).rsplit(":", 1)[1])
    finally:
        running.should_exit = True
        await task


async def _ask(port: int) -> int:
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code


async def _connect(port: int, data: bytes) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    return reader, writer


async def _is_closed(connection: Connection) -> bool:
    """Whether the server ends it; an answer counts as the end."""
    reader, writer = connection
    try:
        await asyncio.wait_for(reader.read(), 60)
    except (TimeoutError, ConnectionError) as error:
        return isinstance(error, ConnectionError)
    finally:
        writer.close()
    return True


@pytest.mark.parametrize("data", [b"", b"GET", HALF, HALF_BODY])
async def test_half_a_request_is_given_up(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, a part of the line, of the headers, of the body: it once stayed for ever."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    async with _serving() as port:
        connection = await _connect(port, data)
        assert await _is_closed(connection)
        assert await _ask(port) == 200


async def test_half_a_second_request_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection was kept after the first answer."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.5)
    async with _serving() as port:
        reader, writer = await _connect(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.write(HALF)
        assert await _is_closed((reader, writer))


async def test_many_halves_leave_room_for_whole_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are closed, so that a newcomer always gets in."""
    monkeypatch.setattr(server, "MOST_UNFINISHED", 5)
    async with _serving() as port:
        connections = [await _connect(port, HALF) for _ in range(30)]
        assert await _ask(port) == 200
        assert await _is_closed(connections[0])
        assert len(server.BoundedProtocol.unfinished) <= 5
        for _, writer in connections[1:]:
            writer.close()


async def test_a_slow_answer_is_not_half_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event stream is open for hours."""
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.3)
    async with _serving() as port:
        reader, writer = await _connect(port, b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(1.0)
        assert not reader.at_eof()
        writer.close()
