"""A real service on a real Redis, and a real Chromium.

The service is `toptopics serve` in a process of its own; the tests fill Redis through the same store as the view
stage. Without a Chromium these tests are skipped, and say so; `.ci/run` installs one.
"""

import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from streams.local.redis_server import RedisServer
from streams.redis_views import RedisViews, create_views
from tests.browser.service import ServiceProcess

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


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


@dataclass
class Tab:
    """A page, and what went wrong in it: script errors, refused resources, violated policies."""

    page: Page
    errors: list[str] = field(default_factory=list)


@dataclass
class Open:
    """Opens tabs."""

    browser: Browser
    tabs: list[Tab] = field(default_factory=list)

    async def __call__(self, url: str, *, phone: bool = False, dark: bool = False) -> Page:
        """A page at `url`, in a context of its own."""
        context = await self.browser.new_context(
            viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 900},
            has_touch=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        page = await context.new_page()
        tab = Tab(page)
        page.on("pageerror", lambda error: tab.errors.append(str(error)))
        page.on("dialog", lambda dialog: tab.errors.append(f"dialog: {dialog.message}"))
        page.on("console", lambda one: tab.errors.append(one.text) if "Content Security" in one.text else None)
        self.tabs.append(tab)
        await page.goto(url)
        return page


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(browser: Browser) -> AsyncIterator[Open]:
    """`await open_page(url)`; at the end no page may have had an error."""
    opened = Open(browser)
    yield opened
    for tab in opened.tabs:
        await tab.page.context.close()
    assert [error for tab in opened.tabs for error in tab.errors] == []
