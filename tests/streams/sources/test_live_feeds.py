"""Feeds against a local blog that misbehaves."""

import asyncio
from pathlib import Path

import httpx
import pytest

from streams.clock import system_clock
from streams.sources.feeds.poll import Feeds
from streams.sources.port import RefusedError
from streams.sources.sent_posts import SentPosts
from tests.support.feed_reader import ReaderHere
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.support.source_servers.hosting import hosted


async def test_feeds_are_polled_politely(tmp_path: Path) -> None:
    """Validators are used, refusals waited for, a truncated document is read again; entries come once, a change is an
    edit.
    """
    blog = Blog("", "503", "cut", "429")
    log = MemoryLog()
    first = blog.write("On topics", "<p>They <b>drift</b>.</p>")
    with hosted(blog) as port:
        address = f"http://127.0.0.1:{port}/feed.xml"
        listed = people(rss=address)
        now = system_clock

        async with httpx.AsyncClient() as client:
            source = Feeds(listed, client, clock=now, every=0.1, reader=ReaderHere())
            source.least_pause = 0.2
            runner = runner_of(source, log, tmp_path, listed)
            task = asyncio.create_task(run_until(runner, lambda: len(log.posts) == 3))
            while len(log.posts) < 1:
                await asyncio.sleep(0.02)
            blog.write("Another", "words")
            while len(log.posts) < 2:
                await asyncio.sleep(0.02)
            while not blog.unchanged:
                await asyncio.sleep(0.02)
            blog.change(first, "<p>They drift slowly.</p>")
            await task
    texts = log.texts()
    assert texts == ["On topics\n\nThey drift.", "Another\n\nwords", "On topics\n\nThey drift slowly."]
    assert log.tweets()[2].edit_of == log.tweets()[0].id
    assert log.tweets()[0].links[0].title == "On topics"


async def test_a_feed_is_not_read_again_after_a_restart(tmp_path: Path) -> None:
    """The validator is in the cursor."""
    blog = Blog()
    blog.write("Once", "only")
    log = MemoryLog()
    with hosted(blog) as port:
        listed = people(rss=f"http://127.0.0.1:{port}/old.xml")
        async with httpx.AsyncClient() as client:
            await run_until(
                runner_of(
                    Feeds(listed, client, clock=system_clock, every=0.1, reader=ReaderHere()), log, tmp_path, listed
                ),
                lambda: len(log.posts) == 1,
            )
            await run_until(
                runner_of(
                    Feeds(listed, client, clock=system_clock, every=0.1, reader=ReaderHere()), log, tmp_path, listed
                ),
                lambda: blog.unchanged > 0,
            )
    assert log.texts() == ["Once\n\nonly"]


async def test_nobody_to_follow_is_told_at_once(tmp_path: Path) -> None:
    """A source without a handle names the command that adds one."""
    async with httpx.AsyncClient() as client:
        source = Feeds(people(x="ada"), client, clock=system_clock, reader=ReaderHere())
        with pytest.raises(RefusedError, match="influencers add"):
            await runner_of(source, MemoryLog(), tmp_path, people()).run()


async def test_a_blogs_past_is_not_news(tmp_path: Path) -> None:
    """Of a new feed only dated entries of the last days count; afterwards all new ones."""
    blog = Blog()
    log = MemoryLog()
    blog.write("Recent", "")
    old = blog.write("Years ago", "")
    blog.date(old, "2019-05-04T10:00:00Z")
    blog.date(blog.write("No date", ""), "")
    with hosted(blog) as port:
        listed = people(rss=f"http://127.0.0.1:{port}/feed.xml")
        async with httpx.AsyncClient() as client:
            source = Feeds(listed, client, clock=system_clock, every=0.1, lookback_days=2.0, reader=ReaderHere())
            task = asyncio.create_task(
                run_until(runner_of(source, log, tmp_path, listed), lambda: "New" in log.texts())
            )
            while not log.posts:
                await asyncio.sleep(0.02)
            blog.write("New", "")
            await task
    assert log.texts() == ["Recent", "New"]


async def test_a_bad_entry_is_one_dead_letter(tmp_path: Path) -> None:
    """However often its feed is read."""
    blog = Blog()
    log = MemoryLog()
    blog.date(blog.write("Before all platforms", ""), "1999-05-04T10:00:00Z")
    with hosted(blog) as port:
        listed = people(rss=f"http://127.0.0.1:{port}/feed.xml")
        async with httpx.AsyncClient() as client:
            source = Feeds(listed, client, clock=system_clock, every=0.1, reader=ReaderHere())
            task = asyncio.create_task(run_until(runner_of(source, log, tmp_path, listed), lambda: len(log.posts) == 3))
            for number in range(3):
                while len(log.posts) < number:
                    await asyncio.sleep(0.02)
                blog.write(f"New {number}", "")
            await task
    assert len(log.letters) == 1


async def test_an_edit_between_a_crash_and_the_next_start_is_an_edit(tmp_path: Path) -> None:
    """The cursor does not have the entry, but the log does: its new words must not count as a repetition."""
    blog = Blog()
    log, memory = MemoryLog(), SentPosts()
    with hosted(blog) as port:
        listed = people(rss=f"http://127.0.0.1:{port}/feed.xml")
        async with httpx.AsyncClient() as client:
            own = blog.write("Entry", "before")
            first = Feeds(listed, client, clock=system_clock, every=0.1, memory=memory, reader=ReaderHere())
            await run_until(runner_of(first, log, tmp_path, listed, memory), lambda: bool(log.posts))
            (tmp_path / "rss.cursor.json").unlink()
            blog.change(own, "after")
            second = Feeds(listed, client, clock=system_clock, every=0.1, memory=memory, reader=ReaderHere())
            await run_until(runner_of(second, log, tmp_path, listed, memory), lambda: len(log.posts) == 2)
    before, after = log.tweets()
    assert (after.text, after.edit_of) == ("Entry\n\nafter", before.id)
