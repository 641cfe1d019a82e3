"""What must hold of every view."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page


async def assert_accessible(page: Page, view: str) -> None:
    """No serious or critical finding."""
    results = await Axe().run(page, context={"exclude": [["iframe"]]})
    found = [
        (one["id"], [node["target"] for node in one["nodes"]][:3])
        for one in results.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert found == [], f"{view}: {found}"
    await assert_no_overflow(page)


async def assert_no_overflow(page: Page) -> None:
    """Nothing makes the page wider than the screen."""
    width, screen = await page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width <= screen
