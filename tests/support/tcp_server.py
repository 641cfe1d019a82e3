"""A loopback server for arbitrary bytes. None of its connections outlives it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
# iterations of the loop: after four at most, accepted connections have started and cancelled ones have ended
ROUNDS = 20
END_SECONDS = 120.0


@asynccontextmanager
async def tcp_server(
    handle: Handle,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    *,
    end_seconds: float = END_SECONDS,
) -> AsyncIterator[int]:
    """Yields the port. A connection is closed after `handle`, also when the other side closes it in the middle.

    At the end all connections are awaited, and cancelled after `end_seconds`: one that a loop leaves open would warn in
    whichever test runs when it is collected.
    """
    running: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(_serve(handle, reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(connected, host, port, ssl=tls)
    async with server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            await _some_rounds()
            if running:
                await asyncio.wait(running, timeout=end_seconds)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await _some_rounds()


async def _serve(handle: Handle, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await handle(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()
    finally:
        writer.transport.abort()  # nothing when it is closed already


async def _some_rounds() -> None:
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
