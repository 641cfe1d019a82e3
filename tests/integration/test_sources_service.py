"""The sources' service on a real broker: it follows the list while it runs, and resumes without a cursor file."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.events import Influencer, Tweet, wire
from streams.clock import system_clock
from streams.kafka import influencers
from streams.kafka.admin import ensure_topics
from streams.kafka.influencers import put_influencers, read_influencers, remove_influencers
from streams.kafka.log import producer, read_topic, topic_name
from streams.kafka.topics import INFLUENCERS, TWEETS
from streams.settings import Settings, load_settings
from streams.sources.people.scores import recent_posts
from streams.sources.port import RefusedError
from streams.sources.runner import Backoff
from streams.sources.service import Service, run_sources
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.x_platform import XPlatform


@pytest.fixture
async def settings(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Settings:
    """Settings with topics of their own, and Ada on the list."""
    made = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names, data_dir=tmp_path)
    await ensure_topics(made)
    await put_influencers(made, [person("ada")], at=system_clock())
    return made


def person(handle: str) -> Influencer:
    return Influencer(id=handle, name=handle.title(), handles={"x": handle})


def service(settings: Settings, port: int, *names: str) -> Service:
    environment = {"X_BEARER_TOKEN": "token", "TOPTOPICS_X_URL": f"http://127.0.0.1:{port}"}
    return Service(
        settings, list(names), environment, system_clock, backoff=Backoff(0.05, 0.2), list_seconds=0.3, every=0.2
    )


@asynccontextmanager
async def running(described: Service) -> AsyncIterator[None]:
    task = asyncio.create_task(run_sources(described))
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def texts(settings: Settings) -> Counter[str]:
    found: Counter[str] = Counter()
    async for records in read_topic(settings, TWEETS):
        for record in records:
            post = wire.decode_post(record.value)
            assert record.key == post.author_id.encode()
            if isinstance(post, Tweet):
                assert record.timestamp == int(post.created_at.timestamp() * 1000)
                found[post.text] += 1
    return found


async def until(settings: Settings, reached: Callable[[Counter[str]], bool]) -> Counter[str]:
    async with asyncio.timeout(180):
        while not reached(found := await texts(settings)):
            await asyncio.sleep(0.1)
    return found


async def test_the_list_is_followed_and_the_log_replaces_a_lost_cursor(settings: Settings, tmp_path: Path) -> None:
    """A new person is streamed without a restart. Without cursor files the gap is filled from the log's headers."""
    platform = XPlatform()
    with hosted(platform) as port:
        async with running(service(settings, port, "x-stream")):
            while platform.faults.connections == 0:
                await asyncio.sleep(0.05)
            while not await texts(settings):
                platform.write("ada", "first")
                await asyncio.sleep(0.5)
            await put_influencers(settings, [person("grace")], at=system_clock())
            while platform.faults.connections == 1:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            platform.write("grace", "I am new here")
            platform.write("alan", "not listed")
            platform.write("ada", "second")
            await until(settings, lambda found: {"I am new here", "second"} <= set(found))
            await asyncio.sleep(1.5)  # the next post's header shows that these are stored
            platform.write("ada", "third")
            await until(settings, lambda found: "third" in found)
        for path in (tmp_path / "sources").glob("*.cursor.json"):
            path.unlink()
        platform.write("grace", "while nobody listened")
        async with running(service(settings, port, "x-stream")):
            found = await until(settings, lambda found: "while nobody listened" in found)
    assert "not listed" not in found
    assert {text: times for text, times in found.items() if text != "first" and times > 1} == {}


async def test_a_post_that_two_sources_see_is_sent_once(settings: Settings) -> None:
    """Stream and timelines of one person share the record of sent posts."""
    platform = XPlatform()
    with hosted(platform) as port:
        async with running(service(settings, port, "x-stream", "x-timelines")):
            while platform.faults.connections < 2:
                await asyncio.sleep(0.05)
            for number in range(20):
                platform.write("ada", f"post {number}")
                await asyncio.sleep(0.05)
            await until(settings, lambda found: len(found) == 20)
            await asyncio.sleep(1)
        assert set((await texts(settings)).values()) == {1}
        assert len(await recent_posts(settings, timedelta(days=1))) == 20


async def test_one_refused_source_does_not_stop_the_others(settings: Settings) -> None:
    """Without a listed feed, feeds stop and X continues. A single failed source ends the service with the reason."""
    platform = XPlatform()
    with hosted(platform) as port:
        async with running(service(settings, port, "rss", "x-timelines")):
            platform.write("ada", "still here")
            await until(settings, lambda found: "still here" in found)
        with pytest.raises(RefusedError, match="influencers add"):
            await run_sources(service(settings, port, "rss"))


async def test_the_list_survives_bad_records_and_removals(settings: Settings) -> None:
    """The last value of a key counts, a null removes the person, and an unreadable record does not hide the others."""
    await put_influencers(settings, [person("grace"), person("ada")], at=system_clock())
    await remove_influencers(settings, ["ada", "never there"], at=system_clock())
    async with producer(settings) as client:
        await client.send_and_wait(topic_name(settings, INFLUENCERS), key=b"broken", value=b"{")
    assert [listed.id for listed in await read_influencers(settings)] == ["grace"]


async def test_the_list_learns_whom_a_handle_names(settings: Settings) -> None:
    """The id that the source resolved is on the list, for restarts after a rename; the sources do not start again."""
    platform = XPlatform()
    platform.write("ada", "hello")
    with hosted(platform) as port:
        async with running(service(settings, port, "x-timelines")), asyncio.timeout(60):
            while (await read_influencers(settings))[0].ids != {"x": "101"}:
                await asyncio.sleep(0.1)
    (ada,) = await read_influencers(settings)
    assert ada.handles == {"x": "ada"}


async def test_ids_cover_nobodys_edit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody else writes between reading and writing the list stays; the next round adds the ids to it."""
    put = influencers.put_influencers
    edited = Influencer(id="ada", name="Ada E.", handles={"x": "ada"}, weight=2.0)

    async def late(made: Settings, people: list[Influencer], *, at: datetime) -> None:
        monkeypatch.setattr(influencers, "put_influencers", put)
        await put(made, [edited], at=at)
        await put(made, people, at=at)

    monkeypatch.setattr(influencers, "put_influencers", late)
    ids = {"ada": {"x": "101"}, "nobody": {"x": "5"}}
    await influencers.add_ids(settings, ids, at=system_clock())
    assert await read_influencers(settings) == [edited]
    await influencers.add_ids(settings, ids, at=system_clock())
    (ada,) = await read_influencers(settings)
    assert (ada.name, ada.weight, ada.ids) == ("Ada E.", 2.0, {"x": "101"})
