"""Pictures for the README: `python -m tests.browser.screenshots REDIS_URL`, into streams/dashboard/screenshots/.

Fills the keys under the prefix `pictures-` of that Redis with the demo's invented posts, up to a busy Friday.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from streams.redis_views import open_views
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.service import ServiceProcess
from tests.demo_view import fill

FOLDER = Path("streams/dashboard/screenshots")
PREFIX = "pictures-"
POSTS = 1_850
SHOTS = (
    ("now-desktop-light", "#/", False, False),
    ("now-desktop-dark", "#/", False, True),
    ("now-phone-light", "#/", True, False),
    ("now-phone-dark", "#/", True, True),
    ("map-desktop-dark", "#/map", False, True),
    ("topic-desktop-light", "topic", False, False),
    ("topic-phone-dark", "topic", True, True),
)


async def main(redis: str) -> None:
    """Entry point."""
    async with open_views(redis, PREFIX) as views:
        await views.wipe()
        await fill(views, POSTS)
        service = ServiceProcess(redis, Path(tempfile.mkdtemp()), prefix=PREFIX)
        service.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
                for shot in SHOTS:
                    await picture(browser, service.url, *shot)
                await browser.close()
        finally:
            service.stop()
            await views.wipe()


async def picture(browser: Browser, url: str, name: str, view: str, phone: bool, dark: bool) -> None:
    """One file."""
    page = await browser.new_page(
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 860},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    await page.goto(url + (view if view.startswith("#") else "#/"))
    if view == "topic":
        await page.locator(".topics .label").first.click()
        await page.locator(".post").first.wait_for()
    else:
        await page.locator(".topics li, .map circle").first.wait_for()
    await page.wait_for_timeout(800)
    await page.screenshot(path=FOLDER / f"{name}.png")
    await page.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(main(sys.argv[1]))
