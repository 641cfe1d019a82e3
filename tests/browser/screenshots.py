"""Pictures for the README, of the demo as the real stages made it, into streams/dashboard/screenshots/:

toptopics demo --keep          # says with which settings `toptopics serve` shows it
toptopics serve
python -m tests.browser.screenshots http://127.0.0.1:8765/
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.opening import ARGUMENTS, CHROMIUM

FOLDER = Path("streams/dashboard/screenshots")
SHOTS = (
    ("now-desktop-light", "#/", False, False),
    ("now-phone-dark", "#/", True, True),
    ("changes-desktop-dark", "#/changes", False, True),
    ("topic-desktop-light", "topic", False, False),
    ("topic-phone-dark", "topic", True, True),
)


async def main(url: str) -> None:
    """Entry point."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        for shot in SHOTS:
            await picture(browser, url, *shot)
        await browser.close()


async def picture(browser: Browser, url: str, name: str, view: str, phone: bool, dark: bool) -> None:
    """One file."""
    page = await browser.new_page(
        viewport={"width": 390, "height": 844} if phone else {"width": 1280, "height": 860},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    await page.goto(url + (view if view.startswith("#") else "#/"))
    if view == "topic":  # the demo ends on a Sunday night: its week has more topics than its last day
        await page.get_by_role("button", name="7d").or_(page.get_by_role("radio", name="7d")).first.click()
    await page.wait_for_timeout(500)
    if view == "topic":
        await page.locator(".topics .label").first.click()
        await page.locator(".post").first.wait_for()
    else:
        await page.locator(".topics li, .changes li").first.wait_for()
    await page.wait_for_timeout(800)
    await page.screenshot(path=FOLDER / f"{name}.png")
    await page.close()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    asyncio.run(main(sys.argv[1]))
