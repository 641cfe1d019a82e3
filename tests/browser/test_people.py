"""The page of people: who is listened to and why, changes of the list, by mouse, keyboard and phone."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.influencers import put_influencers, read_influencers
from streams.settings import load_settings
from tests.browser.checks import assert_accessible, assert_no_overflow
from tests.browser.opening import Open
from tests.browser.service import ServiceProcess
from tests.support.made_people import LISTED, posts_of
from tests.support.stored_weeks import put_posts

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def test_people_are_seen_added_and_removed(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path, open_page: Open
) -> None:
    """On the real list; what is wrong is said in words, and nothing is taken from the keyboard."""
    settings = load_settings(kafka_bootstrap_servers=kafka_bootstrap, redis_url=redis_url, prefix=fresh_names)
    await ensure_topics(settings)
    await put_influencers(settings, LISTED, at=system_clock())
    await put_posts(settings, posts_of())
    service = ServiceProcess(redis_url, tmp_path, kafka_bootstrap, fresh_names)
    service.start()
    try:
        page = await open_page(f"{service.url}#/people")
        rows = page.locator(".listed li")
        await expect(rows).to_have_count(3)
        await expect(rows.first).to_contain_text("Ada Birch")
        await expect(rows.first).to_contain_text("3 posts, 75 % of all")
        await expect(rows.first).to_contain_text("Influence 100 of 100: passed on, quoted and answered 100 %")
        await expect(rows.last).to_contain_text("silent for 28 days or more")
        await expect(page.get_by_text("@wise")).to_be_visible()
        await page.get_by_role("button", name="Take over into the form").click()
        await page.get_by_label("On", exact=True).select_option("X")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(rows).to_have_count(4)
        await page.get_by_label("Handle or address").fill("no handle")
        await page.get_by_label("Name", exact=True).fill("Nobody")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("status").get_by_text("is no Bluesky handle")).to_be_visible()
        await page.get_by_role("button", name="Remove Ed Fenn").press("Enter")
        await expect(rows).to_have_count(3)
        await assert_accessible(page, "people")
        phone = await open_page(f"{service.url}#/people", phone=True, dark=True)
        await expect(phone.locator(".listed li")).to_have_count(3)
        await assert_no_overflow(phone)
    finally:
        service.stop()
    assert {one.id for one in await read_influencers(settings)} == {"ada", "bo", "wise"}
