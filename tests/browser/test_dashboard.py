"""The dashboard in states that Redis alone can make: empty, one topic that grows, outages, hostile labels.

The main path, with Kafka and the stages, is in test_dashboard_live.py.
"""

import asyncio
import re
from typing import Any

import pytest
from msgspec import structs
from playwright.async_api import Route, expect

from models.events import Metrics
from streams.local.redis_server import RedisServer
from streams.redis_store.client import RedisViews
from tests.browser.checks import assert_accessible, assert_no_overflow
from tests.browser.opening import Open
from tests.browser.service import ServiceProcess
from tests.support.demo_view import fill
from tests.support.view_examples import assignment, digest, event

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
VIEWS = ("#/", "#/digests", "#/changes", "#/activity")
BROKER_AWAY = "Kafka does not answer. New posts do not arrive here."
HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'> \u202egnorw \u2067rtl "
    "\u05e9\u05dc\u05d5\u05dd \U0001f468\u200d\U0001f469\u200d\U0001f467 " + "ab\u200d" * 3_300
)


async def speech(store: RedisViews, count: int, first: int = 0) -> None:
    """A topic with `count` posts of as many people."""
    await store.apply_assignments(
        [
            assignment(f"s{i}", "T1", author=f"a{i}", hours=-i / 5, links=["https://papers.example/speech"])
            for i in range(first, first + count)
        ]
    )
    await store.apply_topic_events([event("born", "T1", label="Speech without labels", keywords=["speech"])])


async def images(store: RedisViews, count: int, first: int = 0) -> None:
    """Another topic, likewise."""
    posts = range(first, first + count)
    text = "a vision model crops images"
    await store.apply_assignments([assignment(f"i{i}", "T2", author=f"b{i}", hours=-i / 5, text=text) for i in posts])
    await store.apply_topic_events([event("born", "T2", label="Image cropping", keywords=["cropping"])])


async def slowly(route: Route) -> None:
    """Answer later, so that two loads overlap."""
    await asyncio.sleep(2)
    await route.continue_()


async def test_topics_appear_and_grow_without_reload(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """From the empty page to a ranking that changes, on one page load."""
    page = await open_page(service.url)
    await expect(page.get_by_role("heading", name="No posts yet")).to_be_visible()
    await page.evaluate("window.sameDocument = true")
    await speech(store, 4)
    row = page.locator(".topics > li[data-id]", has_text="Speech without labels")
    await expect(row.locator(".n-people b")).to_have_text("4")
    await speech(store, 3, first=4)
    await expect(row.locator(".n-people b")).to_have_text("7")
    assert await page.evaluate("window.sameDocument")
    # the store is read, and the broker of these tests is away
    await expect(page.locator("#pulse .word")).to_have_text("Held up")


async def test_a_topic_opens_by_keyboard_alone(service: ServiceProcess, store: RedisViews, open_page: Open) -> None:
    """Skip link, row, topic, back; the focus goes with it."""
    await speech(store, 30)
    page = await open_page(service.url)
    await expect(page.locator(".topics .label")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to content")).to_be_focused()
    await page.locator(".topics .label").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Speech without labels")).to_be_visible()
    await expect(page.locator("main")).to_be_focused()
    await expect(page.locator(".post")).to_have_count(20)
    await page.get_by_role("button", name="Show more of 30").press("Enter")
    await expect(page.locator(".post")).to_have_count(30)
    link = page.get_by_role("link", name="Title of https://papers.example/speech").first
    assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
    await page.get_by_role("link", name="All topics").press("Enter")
    await expect(page.get_by_role("heading", name="What people are talking about")).to_be_visible()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("nothing like it")
    await expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()


async def test_a_topic_begins_with_what_it_is(service: ServiceProcess, store: RedisViews, open_page: Open) -> None:
    """On a deep link: the best post's words and then the digest's, growth, repeats apart, the order, an alert, ages."""
    await speech(store, 3)
    text = "wav2vec-U needs no labels"
    await store.apply_assignments(
        [
            assignment("old", "T1", author="z", hours=-20, text=text, metrics=Metrics(likes=9, retweets=4)),
            assignment("echo", "T1", author="y", hours=-2, text=f"RT @z: {text}", kind="retweet", support=True),
        ]
    )
    page = await open_page(service.url + "#/topics/T1")
    await expect(page.locator(".topic .cited")).to_contain_text(text)
    await expect(page.locator(".topic .reason")).to_have_text("5 posts in the last 7 days, 0 in the 7 days before")
    await expect(page.locator(".posts-area > .posts .post")).to_have_count(4)
    await expect(page.locator(".posts-area > .posts .post").last.locator("time")).to_have_text("20 h ago")
    await page.get_by_text("1 repeat of these").press("Enter")
    await expect(page.locator(".repeats .post")).to_contain_text("RT @z")
    await page.get_by_label("Order of the posts").select_option("Most influential first")
    await expect(page.locator(".posts-area > .posts .post").first).to_contain_text(text)
    await expect(page.get_by_text("The influence of people is not known just now")).to_be_visible()
    await page.get_by_text("Alert me").press("Enter")
    await expect(page.locator(".does pre")).to_contain_text('words: ["speech"]')
    await store.apply_topic_events([event("alias", "T1", label="Speech", other_ids=["D1"], week="2021-W17")])
    await store.put_digest(digest("2021-W17"), [("revision", b"1")])
    await expect(page.locator(".topic .cited")).to_contain_text("People talked about speech.")
    await page.get_by_role("link", name="digest of 2021-W17").press("Enter")
    await expect(page.get_by_role("heading", name="Posts behind Speech without labels")).to_be_visible()


async def test_updates_take_nothing_from_who_reads_by_keyboard(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """A focused row stays focused while its numbers, its place and the graph's legend change around it."""
    await speech(store, 3)
    await images(store, 5)
    page = await open_page(service.url)
    row = page.locator(".topics > li[data-id]", has_text="Speech without labels")
    await expect(row.locator(".rank b")).to_have_text("2")
    await row.locator(".label").focus()
    await speech(store, 9, first=3)
    await expect(row.locator(".rank b")).to_have_text("1")
    await expect(row.locator(".label")).to_be_focused()
    legend = page.locator(".legend a", has_text="Image cropping")
    await legend.focus()
    await images(store, 4, first=5)
    cropping = page.locator(".topics > li[data-id]", has_text="Image cropping")
    await expect(cropping.locator(".n-posts b")).to_have_text("9")
    await expect(legend).to_be_focused()


async def test_the_charts_say_what_they_show(service: ServiceProcess, store: RedisViews, open_page: Open) -> None:
    """A note under the pointer and for a focused legend, and the same numbers as a table."""
    await speech(store, 12)
    await images(store, 12)
    page = await open_page(service.url)
    legend = page.locator(".legend a", has_text="Image cropping")
    await expect(legend).to_be_visible()
    await legend.focus()
    await expect(page.locator(".river .note")).to_contain_text("Image cropping")
    graph = await page.locator(".stream").bounding_box()
    assert graph is not None
    await page.mouse.move(graph["x"] + graph["width"] - 4, graph["y"] + 116)  # where the posts are, on the centre line
    await expect(page.locator(".river .note")).to_contain_text(re.compile(r"\d+ posts?, Fri 7 May"))
    await page.get_by_text("Show as a table").press("Enter")
    table = page.get_by_role("table", name="Posts per topic and day")
    counts = await table.get_by_role("row", name="Speech without labels").get_by_role("cell").all_inner_texts()
    assert sum(map(int, counts)) == 12


async def test_what_a_digest_names_does_not_bury_the_rest(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """A hundred names are one line, what was before is found and says its numbers once; each kind can be seen alone."""
    why: dict[str, Any] = {"posts": 8, "people": 8, "reason": "8 posts (3 distinct) by 8 people"}
    await store.apply_topic_events([event("born", f"N{i}", label=f"Topic {i}", hours=-3, **why) for i in range(120)])
    names = [
        event("alias", f"N{i}", label=f"Name {i}", hours=-1, other_ids=[f"D{i}"], week="2021-W18") for i in range(120)
    ]
    await store.apply_topic_events(names)
    page = await open_page(service.url + "#/activity")
    await page.route("**/api/events?*before=*", slowly)
    async with page.expect_request("**/api/events?*before=*"):
        await page.reload()
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # a second load beside the first
    await expect(page.locator(".feed > li.born p").first).to_have_text("8 posts (3 distinct) by 8 people")
    await expect(page.locator(".feed > li.alias")).to_have_count(0)
    await page.get_by_role("button", name="Every step").click()
    await expect(page.get_by_role("link", name="topics of 2021-W18")).to_have_text(["120 topics of 2021-W18"])
    await expect(page.locator(".feed > li.born")).not_to_have_count(0)
    await page.get_by_role("button", name="Alerts").click()
    await expect(page.get_by_role("heading", name="None of these lately")).to_be_visible()


async def test_a_digest_reads_well(service: ServiceProcess, store: RedisViews, open_page: Open) -> None:
    """In the archive, in a frame without scripts; a new one appears by itself."""
    page = await open_page(service.url + "#/digests")
    await expect(page.get_by_role("heading", name="No digest yet")).to_be_visible()
    await store.put_digest(digest("2021-W18", headline="A week of speech"), [("revision", b"1")])
    await expect(page.locator(".archive a")).to_contain_text("A week of speech")
    frame = page.frame_locator("iframe")
    await expect(frame.get_by_text("Ada shared the paper 1")).to_be_visible()
    assert "allow-scripts" not in (await page.locator("iframe").get_attribute("sandbox") or "")


async def test_it_comes_back_by_itself_after_the_service_restarts(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """Says that it lost the connection, keeps what it knew, and catches up."""
    await speech(store, 3)
    page = await open_page(service.url)
    row = page.locator(".topics > li[data-id]", has_text="Speech without labels")
    await expect(row.locator(".n-people b")).to_have_text("3")
    assert service.stop() == 0
    await expect(page.locator("#banner")).to_contain_text("Connection lost")
    await expect(row).to_be_visible()
    await speech(store, 3, first=3)
    service.start()
    await expect(row.locator(".n-people b")).to_have_text("6")
    await expect(page.locator("#banner")).to_have_text(BROKER_AWAY)


async def test_an_outage_of_the_store_is_told_and_survived(
    service: ServiceProcess, redis_server: RedisServer, store: RedisViews, open_page: Open
) -> None:
    """Stale, with what was known; live again when Redis is back."""
    await speech(store, 3)
    page = await open_page(service.url)
    await expect(page.locator(".topics > li[data-id]")).to_have_count(1)
    redis_server.stop()
    await expect(page.locator("#banner")).to_contain_text("The live store does not answer")
    await expect(page.locator(".topics > li[data-id]")).to_have_count(1)
    redis_server.start()
    await expect(page.locator("#banner")).to_have_text(BROKER_AWAY)


@pytest.mark.parametrize("phone", [False, True])
async def test_hostile_posts_do_no_harm(
    service: ServiceProcess, store: RedisViews, open_page: Open, phone: bool
) -> None:
    """Markup stays text, directions stay inside their element, and 10,000 characters do not break the page."""
    await store.apply_assignments(
        [assignment(f"h{i}", "T1", author=f"<b>{i}", text=HOSTILE, links=["javascript:alert(1)"]) for i in range(3)]
    )
    label = "<img src=x onerror=alert(1)> \u202e" + "x" * 300
    await store.apply_topic_events([event("born", "T1", label=label, keywords=["<i>", "k" * 200])])
    page = await open_page(service.url, phone=phone)
    await expect(page.locator(".topics > li[data-id]")).to_have_count(1)
    await assert_no_overflow(page)
    await page.locator(".topics .label").click()
    await expect(page.locator(".post .text").first).to_contain_text("<script>")
    await assert_no_overflow(page)
    assert await page.evaluate("window.pwned") is None
    assert await page.locator("main script, main img, main a[href^=javascript]").count() == 0
    assert "\u202e" not in await page.locator("main").inner_text()
    box = await page.locator(".post").first.bounding_box()
    assert box is not None
    assert box["height"] < 900


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("dark", [False, True])
async def test_no_serious_accessibility_violation(
    service: ServiceProcess, store: RedisViews, open_page: Open, phone: bool, dark: bool
) -> None:
    """axe-core over every view of the demo's posts, and nothing is wider than the screen."""
    await fill(store, posts=900)
    page = await open_page(service.url, phone=phone, dark=dark)
    for view in VIEWS:
        await page.goto(service.url + view)
        await expect(page.locator(".skeleton, .bone")).to_have_count(0)
        await assert_accessible(page, view)
    await page.goto(service.url)
    await page.locator(".topics .label").first.click()
    await expect(page.locator(".post").first).to_be_visible()
    await assert_accessible(page, "topic")


async def test_the_theme_is_chosen_and_kept(service: ServiceProcess, store: RedisViews, open_page: Open) -> None:
    """Over a reload."""
    page = await open_page(service.url)
    before = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_role("button", name="Switch between light and dark").click()
    await page.reload()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != before


async def test_what_changed_between_two_weeks_leads_to_posts(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """Nothing to compare with one digest; with the next, what is new and what is gone, each with its posts."""
    old = digest("2021-W17", headline="A week of speech")
    await store.put_digest(old, [("revision", b"1")])
    page = await open_page(service.url + "#/changes")
    await expect(page.get_by_role("heading", name="Nothing to compare yet")).to_be_visible()
    topic = structs.replace(old.topics[0], id="D2", label="Image cropping")
    await store.put_digest(structs.replace(digest("2021-W18"), topics=[topic]), [("revision", b"1")])
    await expect(page.get_by_role("heading", name="New 1")).to_be_visible()
    await expect(page.locator(".changes .gone")).to_contain_text("Speech without labels")
    await page.locator(".changes .gone a").press("Enter")
    await expect(page.get_by_role("heading", name="Posts behind Speech without labels")).to_be_visible()


async def test_the_first_view_says_whose_posts_these_are(
    service: ServiceProcess, store: RedisViews, open_page: Open
) -> None:
    """On a phone: how many people since when, labels on the chart, one colour a topic, and a fold for single voices."""
    await speech(store, 12)
    await images(store, 12)
    await store.apply_assignments([assignment("alone", "T9", author="z", text="a lone remark")])
    await store.apply_topic_events([event("born", "T9", label="A lone remark")])
    page = await open_page(service.url, phone=True)
    await expect(page.locator(".count")).to_contain_text("25 posts by 25 people since 7 May 2021")
    await expect(page.locator(".band-label")).not_to_have_count(0)
    row = page.locator(".topics > li[data-id]", has_text="Image cropping")
    mine = await row.locator(".trace").evaluate("(one) => one.style.color")
    assert mine == await page.locator(".legend a", has_text="Image cropping").locator("i").evaluate(
        "(one) => one.style.background"
    )
    await expect(page.locator(".topics > li[data-id]", has_text="A lone remark")).to_have_count(0)
    await page.get_by_text("Quiet mentions").press("Enter")
    await page.locator(".mentions a", has_text="A lone remark").press("Enter")
    await expect(page.get_by_role("heading", level=1, name="A lone remark")).to_be_visible()
    await page.goto(service.url + "#/topics/T2")
    await page.reload()
    assert mine == await page.locator(".topic").evaluate("(one) => one.style.getPropertyValue('--topic')")
