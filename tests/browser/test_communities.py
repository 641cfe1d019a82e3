"""The switch between communities on the page: each shows its own topics and digests under its own path."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import expect
from starlette.types import Receive, Scope, Send

from streams.api.server import create_server
from streams.settings import load_settings
from tests.browser.opening import Open
from tests.streams.api.test_communities_api import BIO, ML, serving

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def test_the_switch_leads_to_another_community(open_page: Open, tmp_path: Path) -> None:
    """And back; the pages' own requests, the event stream and the digest come from the community's path."""
    async with serving(load_settings(data_dir=tmp_path), ML, BIO) as world:

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            assert scope["type"] == "http", "`serving` begins and ends the service's life, not the server"
            await world.service(scope, receive, send)

        address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        server = create_server(served, "127.0.0.1", 0, address.set_result)
        running = asyncio.create_task(server.serve())
        page = await open_page(await address)
        try:
            await expect(page.get_by_text("News of the town").first).to_be_visible()
            await page.get_by_label("Community").select_option("ml")
            await expect(page).to_have_url(re.compile(r"/c/ml/$"))
            await expect(page.get_by_text("News of ml").first).to_be_visible()
            await expect(page.locator("#pulse .word")).to_have_text("Live")
            await expect(page.get_by_label("Community")).to_have_value("ml")
            await page.get_by_role("link", name="Digests").click()
            await expect(page.frame_locator("iframe").locator("main")).to_be_visible()
            assert "/c/ml/digests/2021-W17" in (await page.locator("iframe").get_attribute("src") or "")
            await page.get_by_label("Community").select_option("")
            await expect(page.get_by_text("News of the town").first).to_be_visible()
            assert "/c/" not in page.url
        finally:
            await page.goto("about:blank")  # its event stream would hold the server
            server.should_exit = True
            await running
