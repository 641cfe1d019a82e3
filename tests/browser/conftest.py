"""A real service on a real Redis, and a real Chromium.

The service is `toptopics serve` in a process of its own. `world` is the main path, with a broker and a worker; for
states that are hard to reach so, tests fill Redis through the same store as the view stage. Without a Chromium these
tests are skipped, and say so; `.ci/run` installs one.
"""

import socket
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from streams.local.redis_server import RedisServer
from streams.redis_store.client import RedisViews, create_views
from tests.browser.live_world import LiveWorld, live_world
from tests.browser.opening import ARGUMENTS, CHROMIUM, Open
from tests.browser.service import ServiceProcess


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of the module's own, which a test may stop and start."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def service(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    """`toptopics serve` over an empty view: each test has its own, so that none sees another's topics."""
    _flush(redis_server.address)
    process = ServiceProcess(redis_server.address, tmp_path_factory.mktemp("serve"))
    process.start()
    yield process
    process.stop()


def _flush(address: str) -> None:
    host, port = address.removeprefix("redis://").split("/")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(b"FLUSHALL\r\n")
        assert connection.recv(16) == b"+OK\r\n"


@pytest_asyncio.fixture(loop_scope="module")
async def store(redis_server: RedisServer) -> AsyncIterator[RedisViews]:
    """The live view, which `service` has emptied."""
    views = create_views(redis_server.address)
    yield views
    await views.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package `chromium`")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser) -> AsyncIterator[Open]:
    """`await open_page(url)`; at the end no page may have had an error."""
    opened = Open(browser)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    kafka_bootstrap: str, redis_url: str, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveWorld]:
    """The whole product with the demo's posts, once for a module."""
    opened, prefix = Open(browser), f"t{uuid.uuid4().hex[:8]}-"
    async with live_world(kafka_bootstrap, redis_url, prefix, tmp_path_factory.mktemp("world"), opened) as made:
        yield made
    await opened.close()
