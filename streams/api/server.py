"""uvicorn with exit code 0 after an ordered stop."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 3  # for answers on their way; event streams are closed at once


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
    app: FastAPI, host: str, port: int, announce: Callable[[str], None] = lambda _: None
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
        ),
        announce,
    )
