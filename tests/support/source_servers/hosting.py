"""Runs a server in its own thread, so that blocking clients and other processes can use it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from aiohttp import web

Stop = Callable[[], Awaitable[None]]


class Server(Protocol):
    """`start` listens on a free loopback port and returns it with a function that stops the server."""

    async def start(self) -> tuple[int, Stop]: ...


class Faults:
    """The fault of each connection: entry k of the script for connection k, then none."""

    def __init__(self, *script: str) -> None:
        self._script = list(script)
        self.connections = 0

    def next(self) -> str:
        self.connections += 1
        return self._script.pop(0) if self._script else ""


@contextmanager
def hosted(server: Server) -> Iterator[int]:
    """The port of `server` while it runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    port, stop = asyncio.run_coroutine_threadsafe(server.start(), loop).result(120)
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(_shut_down(stop), loop).result(120)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(120)
        loop.close()


async def _shut_down(stop: Stop) -> None:
    await stop()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()


async def answered(request: web.Request, body: bytes, kind: str, fault: str) -> web.StreamResponse:
    """A body, or what a fault makes of it. "cut": its first half; "drop": closed in the middle."""
    if fault == "cut":
        return web.Response(body=body[: len(body) // 2], content_type=kind)
    if fault != "drop":
        return web.Response(body=body, content_type=kind)
    response = web.StreamResponse(headers={"Content-Type": kind, "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def serve_app(app: web.Application) -> tuple[int, Stop]:
    """Run an aiohttp application on a free port."""
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port: int = runner.addresses[0][1]
    return port, runner.cleanup
