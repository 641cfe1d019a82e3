"""A server of one's own bytes on loopback, none of whose connections outlives it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
BEGUN_SECONDS = 0.05  # a connection that the kernel has taken is begun by then
END_SECONDS = 30.0


@asynccontextmanager
async def tcp_server(handle: Handle) -> AsyncIterator[int]:
    """Yields the port. A connection is closed after `handle`, also when the other side goes in the middle of it.

    At the end all are waited for: one that a loop leaves open warns in whichever test runs when it is collected.
    """
    running: set[asyncio.Future[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        running.add(ended)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await handle(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            running.discard(ended)
            ended.set_result(None)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.sleep(BEGUN_SECONDS)
        async with asyncio.timeout(END_SECONDS):
            while running:
                await asyncio.wait(set(running))
