"""A person is known by what does not change: a DID, a user id, a whole address."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.events import EmbeddedTweet, Influencer, Tweet
from models.ranking.influence import influence
from models.week.posts import WeekPosts, week_posts
from models.week.week import Week
from streams.cli.sources import sources_section
from streams.clock import system_clock
from streams.operations.doctor import diagnose_machine
from streams.settings import load_settings
from streams.sources.bluesky.appview import AppView as AppViewClient
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.cursors import Files, Health
from streams.sources.people.wanted import People
from streams.sources.sent_posts import SentPosts
from streams.sources.x import v2 as x_v2
from streams.sources.x.api import XApi
from streams.sources.x.identity import user_ids
from streams.sources.x.timelines import XTimelines
from tests.support.source_servers import bluesky_network, x_platform
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.live import mastodon
from tests.support.source_servers.mastodon_server import MastodonServer
from tests.support.source_servers.x_platform import XPlatform

WHEN = "2026-11-28T10:00:00Z"


def bluesky_of(listed: People, memory: SentPosts, handles: dict[str, str]) -> Bluesky:
    """A source whose AppView is not asked: `handles` were resolved before."""
    client = httpx.AsyncClient()
    appview = AppViewClient("http://127.0.0.1:1", client, system_clock)
    source = Bluesky(listed, url="ws://127.0.0.1:1", appview=appview, clock=system_clock, memory=memory)
    source._handles = handles
    return source


def remembered(author_id: str, author: str) -> Tweet:
    return Tweet(id="at://1", author_id=author_id, author=author, created_at=system_clock(), text="a", source="bluesky")


def posted(number: int, text: str) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": text, "langs": ["en"], "createdAt": WHEN}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}", "record": record}
    return {"did": "did:plc:ada", "time_us": 1795943000000000 + number, "kind": "commit", "commit": commit}


def named(number: int, handle: str) -> dict[str, Any]:
    identity = {"did": "did:plc:ada", "handle": handle, "seq": number, "time": WHEN}
    return {"did": "did:plc:ada", "time_us": 1795943000000000 + number, "kind": "identity", "identity": identity}


@pytest.mark.parametrize(
    ("events", "authors"),
    [
        ([posted(1, "a"), named(2, "ada.example"), posted(3, "b")], ["ada.bsky.social", "ada.example"]),
        (
            [posted(1, "a"), named(2, "handle.invalid"), posted(3, "b"), named(4, "ada.bsky.social"), posted(5, "c")],
            ["ada.bsky.social"] * 3,
        ),
        (
            [named(1, "handle.invalid"), named(2, "ada.example"), named(3, "handle.invalid"), posted(4, "a")],
            ["ada.example"],
        ),
        ([named(1, "a.example"), posted(2, "a"), named(3, "b.example"), posted(4, "b")], ["a.example", "b.example"]),
    ],
    ids=["rename", "invalid for a while", "rename while invalid", "two renames"],
)  # fmt: skip
async def test_every_post_of_a_did_is_sent(events: list[dict[str, Any]], authors: list[str]) -> None:
    """Whatever happens to the handle; the newest valid one is shown."""
    listed, memory = people(bluesky="ada.bsky.social"), SentPosts()
    source = bluesky_of(listed, memory, {"did:plc:ada": "ada.bsky.social"})
    sent = []
    for event in events:
        async for item in source._items(json.dumps(event)):
            if isinstance(item.outcome, Tweet):
                sent += memory.fresh(item.outcome, listed.wants)
    assert [post.author for post in sent if isinstance(post, Tweet)] == authors


async def test_a_person_is_found_again_after_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handle that is listed has gone to somebody else meanwhile: the DID on the list counts."""
    network, log, memory = Jetstream(), MemoryLog(), SentPosts()
    listed = People([Influencer(id="ada", name="Ada", handles={"bluesky": "ada.test"}, ids={"bluesky": "did:plc:old"})])
    monkeypatch.setattr(bluesky_network, "PEOPLE", {"ada.test": "did:plc:squatter", "ada.example": "did:plc:old"})
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            appview = AppViewClient(f"http://127.0.0.1:{view}", client, system_clock)
            url = f"ws://127.0.0.1:{port}/subscribe"
            source = Bluesky(listed, url=url, appview=appview, clock=system_clock, memory=memory, lookback_days=0.01)
            network.write("did:plc:squatter", "not hers")
            network.write("did:plc:old", "hers")
            await run_until(runner_of(source, log, tmp_path, listed, memory), lambda: bool(log.posts))
    assert [(post.text, post.author) for post in log.tweets()] == [("hers", "ada.example")]


@pytest.mark.parametrize("on_the_log", [True, False])
async def test_handles_that_nobody_has_are_told(tmp_path: Path, on_the_log: bool) -> None:
    """In the source's health, unless the log tells whose handle it was; the others are followed meanwhile."""
    network, log, memory = Jetstream(), MemoryLog(), SentPosts()
    listed = people(bluesky="ada.test renamed.test")
    if on_the_log:
        memory.remember(remembered("did:plc:r", "renamed.test"))
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            appview = AppViewClient(f"http://127.0.0.1:{view}", client, system_clock)
            url = f"ws://127.0.0.1:{port}/subscribe"
            source = Bluesky(listed, url=url, appview=appview, clock=system_clock, memory=memory, lookback_days=0.01)
            network.write("did:plc:r", "renamed")
            network.write("did:plc:ada", "end")
            runner = runner_of(source, log, tmp_path, listed, memory)
            await run_until(runner, lambda: "end" in log.texts())
    assert log.texts() == (["renamed", "end"] if on_the_log else ["end"])
    assert runner.health.not_found == ([] if on_the_log else ["renamed.test"])
    assert listed.learned["ada.test"] == {"bluesky": "did:plc:ada"}


async def test_status_and_doctor_name_whom_nobody_finds(tmp_path: Path) -> None:
    """With the platform's source, and what to do."""
    settings = load_settings(data_dir=tmp_path, encoder="hash")
    Files(tmp_path / "sources", "bluesky").report(Health("bluesky", state="stopped", not_found=["gone.test"]))
    assert any("gone.test" in note for note in sources_section(settings).notes)
    findings = {finding.name: finding for finding in await diagnose_machine(settings)}
    assert not findings["people"].ok
    assert "gone.test" in findings["people"].detail


X_PAGE = {
    "data": [{"id": "1990000000000000001", "author_id": "101", "text": "hello evals", "created_at": WHEN}],
    "includes": {"users": [{"id": "101", "username": "ada_new"}]},
}


def test_a_renamed_x_account_is_wanted() -> None:
    """By the id that the handle was resolved to, now and after a restart; the handle's next owner is not."""
    platform = XPlatform()
    listed, memory = people(x="ada"), SentPosts()
    with hosted(platform) as port:
        api = XApi("token", base_url=f"http://127.0.0.1:{port}", clock=system_clock)
        assert user_ids(listed, api, memory) == {"ada": "101"}
    (post,) = (outcome for outcome in x_v2.parse(X_PAGE) if isinstance(outcome, Tweet))
    assert listed.wants(post)
    assert memory.fresh(post, listed.wants) == [post]
    again = People([Influencer(id="ada", name="Ada", handles={"x": "ada"}, ids=listed.learned["ada"])])
    assert again.wants(post)
    api = XApi("token", base_url="http://127.0.0.1:1", clock=system_clock)  # nobody there: it is not asked
    assert user_ids(again, api, SentPosts()) == {"ada": "101"}


async def test_x_timelines_follow_the_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the whole source: an account that was renamed before, and a handle that nobody has."""
    monkeypatch.setattr(x_platform, "PEOPLE", {"ada_new": "101", "grace": "102"})
    platform, log = XPlatform(), MemoryLog()
    listed = People(
        [
            Influencer(id="ada", name="Ada", handles={"x": "ada"}, ids={"x": "101"}),
            Influencer(id="g", name="Grace", handles={"x": "grace"}),
            Influencer(id="n", name="N", handles={"x": "nobody"}),
        ]
    )
    platform.write("ada_new", "renamed")
    platform.write("grace", "as ever")
    with hosted(platform) as port:
        api = XApi("token", base_url=f"http://127.0.0.1:{port}", clock=system_clock)
        runner = runner_of(XTimelines(listed, api, clock=system_clock, every=0.1), log, tmp_path, listed)
        await run_until(runner, lambda: len(log.posts) == 2)
    assert {(post.text, post.author) for post in log.tweets()} == {("renamed", "ada_new"), ("as ever", "grace")}
    assert runner.health.not_found == ["nobody"]


async def test_a_mastodon_address_may_have_another_host_than_its_page(tmp_path: Path) -> None:
    """`ada@home.test` lives at `127.0.0.1`: the account that the instance names is hers."""
    server, log = MastodonServer(), MemoryLog()
    with hosted(server) as port:
        listed = people(mastodon="ada grace@elsewhere.test")
        source = mastodon(port, None)
        source._people = source._rest._people = listed
        server.write("ada", "<p>hello</p>")
        runner = runner_of(source, log, tmp_path, listed)
        await run_until(runner, lambda: bool(log.posts))
    (post,) = log.tweets()
    assert post.author_id != "ada"
    assert listed.wants(post)


def test_the_list_counts_for_all_of_a_persons_ids() -> None:
    """A weight given to a handle is that of the renamed account, and of a feed whose address is longer than an id."""
    address = "https://ada.example/feed?token=" + "k" * 200
    listed = [
        Influencer(id="ada", name="Ada", handles={"bluesky": "ada.old"}, ids={"bluesky": "did:plc:ada"}, weight=0.0),
        Influencer(id="feed", name="Feed", handles={"rss": address}, weight=0.0),
    ]
    keys = {key for person in listed for key in People([person])._keys}
    long_id = max(keys - {address}, key=len)
    tweets = [
        Tweet(id=str(number), author_id=author_id, author=author, created_at=system_clock(), text="a")
        for number, (author_id, author) in enumerate([("did:plc:ada", "ada.new"), (long_id, address)])
    ]
    week = _week_of(tweets)
    assert [influence(week, listed)[post.author_id].value for post in tweets] == [0.0, 0.0]


def _week_of(tweets: list[Tweet]) -> WeekPosts:
    records = [
        EmbeddedTweet(tweet=tweet, text="a", vector="ADwAAA==", dimensions=2, encoder="hash", origin=f"0:{number}")
        for number, tweet in enumerate(tweets)
    ]
    return week_posts(records, Week.of(tweets[0].created_at))


def test_two_lists_with_other_ids_are_one_list() -> None:
    """The sources write the ids: they must not start again for it."""
    assert people(x="ada") == People([Influencer(id="ada", name="ada", handles={"x": "ada"}, ids={"x": "101"})])
    assert people(x="ada") != people(x="grace")
