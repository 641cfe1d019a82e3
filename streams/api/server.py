"""uvicorn, ending with exit code 0 when it is told to stop."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 3  # for answers on their way; event streams end at once


class GracefulServer(uvicorn.Server):
    """uvicorn itself raises the signal again after shutting down, so that the caller's cleanup would be skipped.

    `told` is called with the address once it listens: port 0 is only known then.
    """

    def __init__(self, config: uvicorn.Config, told: Callable[[str], None]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it; then tell where. Raises OSError when it cannot listen, where uvicorn ends the process."""
        try:
            await super().startup(sockets)
        except SystemExit as ended:
            if isinstance(ended.__context__, OSError):
                raise ended.__context__ from None
            raise
        for listening in [one for server in self.servers for one in server.sockets][:1]:
            host, port = listening.getsockname()[:2]
            self._told(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C stop the server; the handlers before are put back."""
        before = {sign: signal.signal(sign, self.handle_exit) for sign in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sign, handler in before.items():
                signal.signal(sign, handler)


def create_server(app: FastAPI, host: str, port: int, told: Callable[[str], None] = lambda _: None) -> GracefulServer:
    """No access log (paths may hold what people search for), no Server header, no trust in forwarding headers."""
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
        told,
    )
