"""Past weeks of Bluesky from a local archive that breaks off: the same posts as live, once each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.events import Deletion, Influencer, Tweet, wire
from models.week.week import Week
from streams.clock import system_clock
from streams.sources.bluesky.appview import AppView as AppViewClient
from streams.sources.bluesky.archive import Archive, Span, archived
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, RefusedError
from streams.sources.sent_posts import SentPosts
from tests.support.bluesky_weeks import DIDS, LISTED, POSTS, START, WEEKS, Past, live, ten_weeks
from tests.support.source_servers.bluesky_archive import KEY, BlueskyArchive
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.collecting import people
from tests.support.source_servers.hosting import hosted

SPAN = Span(START, START + timedelta(weeks=WEEKS))


@asynccontextmanager
async def reading(
    network: Jetstream, *faults: str, key: str = KEY, listed: People | None = None
) -> AsyncIterator[tuple[BlueskyArchive, AsyncIterator[Tweet | Deletion | Bad]]]:
    """The archive's server, and the posts that are fetched from it."""
    server, memory = BlueskyArchive(network, *faults), SentPosts()
    listed = listed or people(bluesky=LISTED)
    with hosted(server) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            appview = AppViewClient(f"http://127.0.0.1:{view}", client, system_clock)
            source = Bluesky(listed, url="", appview=appview, clock=system_clock, memory=memory)
            yield server, archived(source, listed, memory, Archive(f"ws://127.0.0.1:{port}/xrpc", key), SPAN)


def values(posts: list[Tweet | Deletion | Bad]) -> list[bytes]:
    assert not [post for post in posts if isinstance(post, Bad)]
    return [wire.encode(post) for post in posts if not isinstance(post, Bad)]


async def test_ten_weeks_from_the_archive_are_the_posts_that_ran_live(tmp_path: Path) -> None:
    """Byte by byte and in the same order: posts, edits, deletions, reposts and quotes with their words, names."""
    network = Past()
    ten_weeks(network)
    async with reading(network) as (server, posts):
        found = [post async for post in posts]
    assert len(found) == POSTS
    assert {kind.__name__ for kind in map(type, found)} == {"Tweet", "Deletion"}
    kinds = [post.kind for post in found if isinstance(post, Tweet)]
    assert {"original", "retweet", "quote"} == set(kinds)
    assert len({Week.of(post.created_at) for post in found if isinstance(post, Tweet)}) == 10
    assert "getSegment" in server.asked
    assert "getBlock" in server.asked
    assert all(sorted(plan["dids"]) == sorted(DIDS) for plan in server.plans)
    log = await live(network, tmp_path, len(found))
    assert values(found) == [wire.encode(post) for post in log.posts]


async def test_a_download_that_breaks_off_goes_on_behind_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals, quotas and a block that is cut: every post once, and what was read is not asked for again."""
    monkeypatch.setattr("streams.sources.bluesky.archive.random.uniform", lambda _first, _most: 0.0)
    network = Past()
    ten_weeks(network)
    async with reading(network) as (_server, posts):
        whole = [post async for post in posts]
    faults = ("", "503", "", "", "429", "", "503", "503", "", "", "", "500")
    async with reading(network, *faults) as (server, posts):
        found = [post async for post in posts]
    assert values(found) == values(whole)
    assert sum(plan["afterSeq"] == 0 for plan in server.plans) <= 3


@pytest.mark.parametrize(
    ("key", "faults", "error", "told"),
    [
        ("wrong", (), RefusedError, "BLUESKY_ARCHIVE_KEY"),
        (KEY, ("503",) * 20, DisconnectedError, "the archive"),
        (KEY, ("", "cut"), RefusedError, "decompress"),
    ],
)
async def test_an_archive_that_does_not_work_says_so(
    key: str, faults: tuple[str, ...], error: type[Exception], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong key, a host that stays away, damage: no part of an archive passes for the whole."""
    monkeypatch.setattr("streams.sources.bluesky.archive.random.uniform", lambda _first, _most: 0.0)
    network = Past()
    ten_weeks(network)
    async with reading(network, *faults, key=key) as (_server, posts):
        with pytest.raises(error, match=told):
            [post async for post in posts]


async def test_only_posts_of_the_span_are_fetched() -> None:
    """Deleted ones with their tombstones, whenever that came; nothing of before, after, or long ago."""
    network = Past()
    network.events.append(_event(START - timedelta(days=1), "before"))
    network.events.append(_event(START + timedelta(days=1), "within"))
    network.events.append(_event(START + timedelta(weeks=11), "after"))
    for place in (0, 1, 2):
        gone = network.events[place]
        delete = {**gone["commit"], "operation": "delete"}
        delete.pop("record")
        moment = gone["time_us"] + int(timedelta(weeks=30).total_seconds() * 1e6)
        network.events.append({**gone, "time_us": moment, "commit": delete})
    async with reading(network) as (_server, posts):
        found = [post async for post in posts]
    (post, deletion) = found
    assert isinstance(post, Tweet)
    assert isinstance(deletion, Deletion)
    assert (post.text, deletion.id) == ("within", post.id)


def _event(when: datetime, text: str) -> dict[str, Any]:
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": when.isoformat(), "langs": ["en"]}
    commit = {
        "rev": "r", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"3k{text}", "record": record,
    }  # fmt: skip
    return {"did": "did:plc:ada", "time_us": int(when.timestamp() * 1e6), "kind": "commit", "commit": commit}


async def test_without_a_key_the_feeds_are_read() -> None:
    """The archive is not asked; what was deleted is not there, nor in the feeds."""
    network = Past()
    ten_weeks(network)
    async with reading(network, key="") as (server, posts):
        found = [post async for post in posts]
    assert server.asked == []
    assert len(found) > 100
    assert all(isinstance(post, Tweet) and START <= post.created_at < SPAN.end for post in found)


async def test_a_deleted_account_takes_its_posts_along() -> None:
    """As live: one event, and a tombstone for each of its posts."""
    network = Past()
    for number in range(4):
        network.write("did:plc:ada", f"note {number}")
    network.tell("did:plc:ada", "account", {"active": False, "status": "deactivated"})
    network.write("did:plc:grace", "stays")
    network.tell("did:plc:ada", "account", {"active": False, "status": "deleted"})
    async with reading(network) as (_server, posts):
        found = [post async for post in posts]
    assert [type(post).__name__ for post in found] == ["Tweet"] * 5 + ["Deletion"] * 4


async def test_nobody_to_fetch() -> None:
    """The whole network is not meant."""
    listed = People([Influencer(id="x", name="X", handles={"x": "ada"})])
    async with reading(Past(), listed=listed) as (_server, posts):
        with pytest.raises(RefusedError, match="influencers add"):
            [post async for post in posts]
