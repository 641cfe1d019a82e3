"""From a headline to the original post, by mouse and by keyboard; what a page says when no posts can arrive."""

import msgspec
import pytest
from playwright.async_api import expect

from models.events import Sentence
from models.render.edition import Edition
from models.render.html import Unsubscribe, mail_page
from models.render.view import view
from streams.redis_store.client import RedisViews
from tests.browser.checks import assert_accessible, assert_no_overflow
from tests.browser.opening import Open
from tests.browser.service import ServiceProcess
from tests.support.view_examples import assignment, digest, event

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
WEEK = "2021-W18"
ORIGINAL = "https://x.com/ada_handle/status/1001"


async def published(store: RedisViews) -> None:
    """Three posts of X in a topic, one that is gone, and a digest that rests on them."""
    posts = [assignment(str(1001 + n), "T1", author=f"{'ada' if n == 0 else f'b{n}'}", source="x") for n in range(3)]
    await store.apply_assignments(posts)
    await store.apply_topic_events(
        [event("born", "T1", label="Speech without labels"), event("alias", "T1", other_ids=["D1"], week=WEEK)]
    )
    ids = ["1001", "1002", "1003", "1999"]
    made = digest(WEEK, headline="P-tuning and speech", posts=ids, quotation="speech models")
    topic = msgspec.structs.replace(made.topics[0], summary=Sentence(text="Speech is on.", posts=ids))
    known = {"1999": "https://x.com/gone/status/1999"}
    for week in ("2021-W16", WEEK, "2021-W22"):
        await store.put_digest(msgspec.structs.replace(made, week=week, topics=[topic], addresses=known), [])


async def test_a_reader_gets_from_the_headline_to_the_original(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """The first view's headline, the digest, a count, the posts behind it, one post, its platform."""
    await published(store)
    page = await open_page(service.url)
    await page.get_by_role("link", name="P-tuning and speech").click()
    await page.locator(".archive a", has_text=WEEK).click()
    inside = page.frame_locator("iframe")
    await expect(inside.get_by_role("heading", name="P-tuning and speech")).to_be_visible()
    await inside.get_by_role("link", name="1 person, 4 posts").click()
    await expect(page.get_by_role("heading", name="Posts behind Speech without labels")).to_be_visible()
    await expect(page.locator(".post")).to_have_count(3)
    await expect(page.get_by_text("1 post of these is not kept here any more")).to_be_visible()
    await assert_accessible(page, "cited")
    await page.locator(".post", has_text="@ada_handle").locator("a.at").click()
    original = page.get_by_role("link", name="Original on X")
    await expect(original).to_have_attribute("href", ORIGINAL)
    await assert_accessible(page, "post")
    await page.get_by_role("link", name="Speech without labels").click()
    await expect(page.locator("h1", has_text="Speech without labels")).to_be_visible()


async def test_the_digests_page_leads_to_posts_without_the_dashboards_frame(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """As from a mail: the post that is cited, then a cited post that is gone, which the digest still tells of."""
    await published(store)
    page = await open_page(f"{service.url}digests/{WEEK}", phone=True)
    await expect(page.get_by_role("link", name="← 2021-W16")).to_be_visible()
    same = await page.context.new_page()  # axe is a script, and none runs in a digest
    await same.set_content(await (await page.request.get(page.url)).text())
    await assert_accessible(same, "digest")
    mail = view(digest(WEEK, headline="P-tuning and speech"), Edition(base="https://topics.example"))
    await same.set_content(mail_page(mail, Unsubscribe("me", "https://topics.example/unsubscribe/me?key=k")))
    for width in (600, 360):
        await same.set_viewport_size({"width": width, "height": 800})
        await assert_accessible(same, f"mail at {width}")
    await page.get_by_role("link", name="speech models").click()
    await expect(page.locator(".post")).to_have_count(1)
    await assert_no_overflow(page)
    await page.goto(f"{service.url}posts/1999?week={WEEK}")
    await expect(page.get_by_role("heading", name="This post is not kept here")).to_be_visible()
    await expect(
        page.get_by_role("link", name="Original on x.com").or_(page.get_by_role("link", name="Original on X"))
    ).to_have_attribute("href", "https://x.com/gone/status/1999")


async def test_weeks_are_turned_and_copied_by_keyboard(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """The week before, the week after, and the address of this one."""
    await published(store)
    page = await open_page(f"{service.url}#/digests/{WEEK}")
    await expect(
        page.get_by_role("heading", name="June 2021").or_(page.get_by_role("heading", name="May 2021")).first
    ).to_be_visible()
    await page.get_by_role("button", name="Copy link").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Copied").or_(page.get_by_label("Address to copy"))).to_be_visible()
    await page.get_by_role("link", name="The week before, 2021-W16").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".paper-head b")).to_have_text("2021-W16")


async def test_the_empty_page_is_a_checklist(service: ServiceProcess, open_page: Open) -> None:
    """What is missing, with the command for it; the broker of this test is away."""
    page = await open_page(service.url)
    steps = page.locator(".steps li")
    await expect(steps).to_have_count(3)
    await expect(steps.first).to_contain_text("toptopics up")
    await expect(page.locator("#banner")).to_contain_text("Kafka does not answer")
    await expect(page.locator("#pulse .word")).to_have_text("Held up")
    await assert_accessible(page, "empty")


async def test_a_reader_subscribes_and_sees_how_it_does(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """From the card of the latest digest: the feed's address, a subscription, a delivery that fails, and its end."""
    await published(store)
    page = await open_page(service.url)
    await expect(page.locator(".latest h2")).to_have_text("P-tuning and speech")
    await page.get_by_role("link", name="Get it by mail, chat or feed").click()
    await expect(page.get_by_label("Address of the feed")).to_have_value(service.url + "feed.atom")
    await page.get_by_label("To", exact=True).select_option("Webhook")
    await page.get_by_label("Address", exact=True).fill("https://nowhere.invalid/hook")
    await page.get_by_label("A name of your own for it").fill("team")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_contain_text("whsec_")
    await assert_accessible(page, "subscribe")
    await page.get_by_role("button", name="Send the newest now").click()
    await expect(page.locator(".said")).to_contain_text("the host is not found")
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Nobody gets the digests yet.")).to_be_visible()
