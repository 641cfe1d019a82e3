"""Pages in the system's Chromium, and what went wrong in them."""

import shutil
from dataclasses import dataclass, field

from playwright.async_api import Browser, Page, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip
PATIENCE = 120_000  # milliseconds; machines that test are busy, and a limit is there to end a test that hangs
expect.set_options(timeout=PATIENCE)


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
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        tab = Tab(page)
        page.on("pageerror", lambda error: tab.errors.append(str(error)))
        page.on("dialog", lambda dialog: tab.errors.append(f"dialog: {dialog.message}"))
        page.on("console", lambda one: tab.errors.append(one.text) if "Content Security" in one.text else None)
        self.tabs.append(tab)
        await page.goto(url)
        return page

    async def close(self) -> None:
        """Raises AssertionError when a page had an error."""
        for tab in self.tabs:
            await tab.page.context.close()
        assert [error for tab in self.tabs for error in tab.errors] == []
