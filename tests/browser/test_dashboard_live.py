"""The main path in front of a browser: posts on Kafka become topics, then a digest, while pages are left open."""

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from playwright.async_api import FrameLocator, Locator, Page, expect

from streams.redis_store.client import open_views
from tests.browser.checks import assert_accessible, assert_no_overflow
from tests.browser.live_world import WEEK, LiveWorld, live_replay
from tests.browser.opening import PATIENCE, Open
from tests.browser.service import ServiceProcess
from tests.integration.faults.examine import contents

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
VIEWS = ("#/", "#/changes", f"#/digests/{WEEK}", "#/activity")


async def number_in(place: Locator, pattern: str) -> int:
    """A number that the page tells."""
    found = re.search(pattern, await place.inner_text())
    return int(found[1].replace(",", "")) if found else 0


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Waits for what no locator can say."""
    for _ in range(PATIENCE // 250):
        if await true():
            return
        await asyncio.sleep(0.25)
    raise AssertionError(what)


async def kept(page: Page) -> int:
    """Posts in the view, as the first view says."""
    return await number_in(page.locator(".count"), r"([\d,]+) posts? by")


async def test_topics_appear_and_change_on_a_page_that_is_left_open(world: LiveWorld) -> None:
    """It was empty before the first post, and has not been loaded again since."""
    page = world.ranking
    await expect(page.locator(".topics > li[data-id]").first).to_be_visible()
    await expect(page.locator(".stream .band").first).to_be_visible()
    before = await kept(page)
    await world.play(120)

    async def grew() -> bool:
        return await kept(page) > before + 60

    await until(grew, "the page does not count the posts that were played")
    assert await page.evaluate("window.sameDocument")
    await expect(page.locator("#pulse .word")).to_have_text("Live")


async def test_a_topic_opens_with_its_posts(world: LiveWorld, open_page: Open) -> None:
    """The numbers of the row are those of the topic; the row's topic is found by a word of it too."""
    await world.at_rest()  # a topic may be named anew, or taken in by another, while it is opened
    async with httpx.AsyncClient(base_url=world.service.url, timeout=PATIENCE / 1_000) as http:
        await settled(http)
    page = await open_page(world.service.url)
    await page.get_by_role("button", name="7d").click()
    first = page.locator(".topics > li[data-id] .label").first
    await expect(first).to_be_visible()
    topic = await first.get_attribute("href")  # another one may be the first by the time of the click
    row = page.locator(f'.topics .label[href="{topic}"]')
    label = await row.inner_text()
    await row.click()
    await expect(page.get_by_role("heading", level=1, name=label)).to_be_visible()
    await expect(page.locator(".post").first).to_be_visible()
    posts = await number_in(page.locator("#posts-title"), r"([\d,]+)")
    assert await page.locator(".post").count() == min(20, posts)
    assert await page.locator(".people-list li").count() > 0
    assert await page.locator(".bars .bar").count() > 0
    assert "Became a topic" in await page.locator(".life").inner_text()
    await page.get_by_role("searchbox").fill(label.split()[0])
    await expect(page.locator(".topics .label", has_text=label).first).to_be_visible()


async def test_the_digest_of_the_week_appears_and_reads_well(world: LiveWorld) -> None:
    """On the archive that was left open; whole, in the page's own scrolling, with its links."""
    page = world.archive
    await expect(page.locator(".archive a", has_text=WEEK)).to_be_visible(timeout=2 * PATIENCE)
    assert await page.evaluate("window.sameDocument")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("The week in numbers")).to_be_attached()
    await read(page, frame)


async def read(page: Page, frame: FrameLocator) -> None:
    """A headline, topics with sentences and links to what they rest on, and nothing to scroll inside the frame."""
    headings = await frame.locator("h2[id]").all_inner_texts()
    assert len(headings) >= 3
    assert all(label and not re.search(r"https?://|[<>{}]", label) for label in headings)
    assert await frame.locator("ul li a[href^='https://']").count() >= len(headings)
    assert "Trending this week" in await page.locator(".archive .headline").first.inner_text()
    heights = "(one) => [one.clientHeight, one.contentDocument.documentElement.scrollHeight]"

    async def whole() -> bool:
        outer, inner = await page.locator("iframe").evaluate(heights)
        return bool(outer >= inner > 800)

    await until(whole, "the digest scrolls inside its frame")


async def test_pages_go_on_after_the_service_was_killed(world: LiveWorld) -> None:
    """`kill -9`, posts meanwhile, started again on the same port: the page catches up by itself."""
    page = world.ranking
    await expect(page.locator(".topics > li[data-id]").first).to_be_visible()
    before = await kept(page)
    assert await asyncio.to_thread(world.service.stop, signal.SIGKILL) == -signal.SIGKILL
    await expect(page.locator("#banner")).to_contain_text("Connection lost")
    await expect(page.locator(".topics > li[data-id]").first).to_be_visible()
    await world.play(60)
    await asyncio.to_thread(world.service.start)

    async def grew() -> bool:
        return await kept(page) > before + 30

    await until(grew, "the page did not catch up")
    for left_open in (page, world.archive):
        await expect(left_open.locator("#banner")).to_be_hidden()
        assert await left_open.evaluate("window.sameDocument")


async def test_hostile_posts_through_kafka_do_no_harm(world: LiveWorld, open_page: Open) -> None:
    """Markup, RTL marks, joiners and 10,000 characters, from `tweets` to the ranking, the search and the topic."""
    await world.attack()
    for phone in (False, True):
        page = await open_page(world.service.url + "#/search/zyzzyva", phone=phone)
        await page.get_by_role("button", name="7d").click()
        await expect(page.locator(".topics > li[data-id]")).not_to_have_count(0)
        await assert_no_overflow(page)
        await page.locator(".topics .label").first.click()
        hostile = page.locator(".post .text", has_text="<script>window.pwned")
        await expect(hostile.first).to_be_visible()
        await assert_no_overflow(page)
        assert await page.evaluate("window.pwned") is None
        assert await page.locator("main script, main img, main a[href^=javascript]").count() == 0
        assert "\u202e" not in await page.locator("main").inner_text()
    for page in (world.ranking, world.archive):
        assert await page.evaluate("window.pwned") is None


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
async def test_nothing_serious_bars_anybody(world: LiveWorld, open_page: Open, phone: bool, dark: bool) -> None:
    """axe-core over every view of the real stream, and a topic."""
    page = await open_page(world.service.url, phone=phone, dark=dark)
    for view in VIEWS:
        await page.goto(world.service.url + view)
        await expect(page.locator(".skeleton, .bone")).to_have_count(0)
        await assert_accessible(page, view)
    await page.goto(world.service.url)
    await page.locator(".topics .label").first.click()
    await expect(page.locator(".post").first).to_be_visible()
    await assert_accessible(page, "topic")


async def test_a_past_week_is_watched_in_a_namespace_of_its_own(world: LiveWorld, open_page: Open) -> None:
    """`replay --live`: its topics grow on a dashboard of theirs; the stream's own view does not notice."""
    await world.at_rest()
    before = await view_of(world, world.settings.prefix)
    async with live_replay(world, WEEK, "20000x") as replay:
        prefix = await replay.prefix()
        apart = ServiceProcess(
            str(world.settings.redis_url), world.folder, str(world.settings.kafka_bootstrap_servers), prefix
        )
        try:
            with replay.held():  # however long a dashboard takes to start here, most of the week is yet to come
                await asyncio.to_thread(apart.start)
                page = await open_page(apart.url)
                await expect(page.locator(".topics > li[data-id], .empty").first).to_be_visible()
                seen = await kept(page)

            async def moved() -> bool:
                return await kept(page) > seen

            await until(moved, "the replayed week does not move")
            await expect(page.locator(".topics > li[data-id]").first).to_be_visible()
            await page.goto(apart.url + "#/digests")
            await expect(page.locator(".archive a", has_text=WEEK)).to_be_visible(timeout=2 * PATIENCE)
            assert await replay.stop() == 128 + signal.SIGTERM, replay.said
        finally:
            await asyncio.to_thread(apart.stop)
    assert (await view_of(world, prefix))["posts"] == 0, "it leaves nothing"
    assert await view_of(world, world.settings.prefix) == before


async def view_of(world: LiveWorld, prefix: str) -> dict[str, Any]:
    """All that a reader of that namespace's view can learn."""
    async with open_views(str(world.settings.redis_url), prefix) as views:
        return await contents(views)


async def settled(http: httpx.AsyncClient) -> None:
    """Until the service, which follows the view, stands still."""
    seen: list[dict[str, Any]] = [{}]

    async def same() -> bool:
        await asyncio.sleep(2.0)
        seen.append((await http.get("/api/topics?window=7d")).json())
        return seen[-2] == seen[-1]

    await until(same, "the service does not come to rest")
