"""The service for the benchmark: `python -m tests.benchmarks.live_service REDIS_URL PORT`.

It differs from `toptopics serve` in one way: no request limit, because all readers come from one address.
"""

import asyncio
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil

from streams.api.app import create_api
from streams.api.limits import ApiLimits
from streams.api.server import create_server
from streams.redis_store.client import create_views
from streams.settings import load_settings


async def serve(redis: str, port: int) -> None:
    """Serve until SIGTERM."""
    limits = ApiLimits(requests_per_minute=1_000_000, sse_per_client=100_000, sse_clients=100_000)
    app = create_api(load_settings(port=port), create_views(redis), limits=limits)
    await create_server(app, "127.0.0.1", port).serve()


@contextmanager
def service_process(redis: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run the service in a process of its own. Returns the process and its port once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.live_service", redis, str(port)])
    try:
        _wait(port)
        yield psutil.Process(process.pid), port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the service did not start")


if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
