"""uvicorn with exit code 0 after an ordered stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

GRACE_SECONDS = 3  # for answers on their way; event streams are closed at once
REQUEST_SECONDS = 15.0  # for a client to send a whole request, headers and body
MOST_UNFINISHED = 256  # connections whose request is not complete yet; beyond it the oldest is closed
MOST_CONNECTIONS = 6_000  # readers of the event stream included; beyond it requests are answered with 503


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with a limit for requests that are sent halfway: in time, and in number.

    uvicorn waits for ever for the rest of a request, so that a few thousand half-sent ones take all descriptors.
    """

    unfinished: ClassVar[dict["BoundedProtocol", asyncio.TimerHandle]] = {}  # oldest first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first request is due."""
        super().connection_made(transport)
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        """Part of a request; the next one of a kept connection is due from its first byte on."""
        if self.conn.their_state is h11.IDLE and self not in self.unfinished:
            self._expect_request()
        super().data_received(data)
        if self.conn.their_state not in {h11.IDLE, h11.SEND_BODY}:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever closed it."""
        self._forget()
        super().connection_lost(exc)

    def _expect_request(self) -> None:
        self.unfinished[self] = asyncio.get_running_loop().call_later(REQUEST_SECONDS, self._abort)
        if len(self.unfinished) > MOST_UNFINISHED:
            next(iter(self.unfinished))._abort()

    def _abort(self) -> None:
        self._forget()
        self.transport.abort()

    def _forget(self) -> None:
        if timer := self.unfinished.pop(self, None):
            timer.cancel()


class GracefulServer(uvicorn.Server):
    """uvicorn that does not raise the signal again after shutting down, so that the caller's cleanup runs.

    `announce` is called with the address as soon as it listens: port 0 is only known then.
    """

    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then announce the address.

        Raises:
            OSError: It cannot listen.
        """
        try:
            await super().startup(sockets)
        except SystemExit as ended:
            if isinstance(ended.__context__, OSError):
                raise ended.__context__ from None
            raise
        for listening in [one for server in self.servers for one in server.sockets][:1]:
            host, port = listening.getsockname()[:2]
            self._announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop the server on SIGTERM and Ctrl-C, and restore the previous handlers afterwards."""
        before = {sign: signal.signal(sign, self.handle_exit) for sign in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)


def create_server(
    app: ASGIApp, host: str, port: int, announce: Callable[[str], None] = lambda _: None
) -> GracefulServer:
    """A server without access log (paths may contain searches), Server header or trust in forwarding headers.

    Args:
        app: The app.
        host: Address to listen on.
        port: Port; 0 for any free one.
        announce: Called with the URL as soon as the server listens.
    """
    return GracefulServer(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            http=BoundedProtocol,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
        ),
        announce,
    )
