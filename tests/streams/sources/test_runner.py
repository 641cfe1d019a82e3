"""The runner, the memory and the people filter: what is sent, when the cursor is saved, how long is waited."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Deletion, Influencer, Tweet
from streams.clock import system_clock
from streams.sources.cursors import Files, Saved, healths
from streams.sources.http_errors import in_short
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Ignored, Item, RefusedError
from streams.sources.runner import Backoff
from streams.sources.sent_posts import SentPosts
from streams.web.retry_after import retry_after
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def tweet(post_id: str, author: str = "ada", **more: object) -> Tweet:
    post = Tweet(id=post_id, author_id=author, author=author, created_at=NOW, text=f"text of {post_id}")
    return msgspec.structs.replace(post, **more)


def deletion(post_id: str, author: str = "unknown") -> Deletion:
    return Deletion(id=post_id, author_id=author, deleted_at=NOW)


def everybody(_post: object) -> bool:
    return True


class Script:
    """A source with a list of items for each connection; an exception in it is raised."""

    name = "script"

    def __init__(self, *connections: list[Item | Exception]) -> None:
        self.connections = list(connections)
        self.cursors: list[str | None] = []

    async def events(self, cursor: str | None) -> AsyncIterator[Item]:
        self.cursors.append(cursor)
        for step in self.connections.pop(0) if self.connections else [Item()]:
            if isinstance(step, Exception):
                raise step
            yield step
        if not self.connections:
            await asyncio.sleep(3600)


def items(*numbers: int) -> list[Item | Exception]:
    return [Item(tweet(str(number)), str(number)) for number in numbers]


async def test_repeats_are_dropped_and_the_next_connection_starts_at_the_cursor(tmp_path: Path) -> None:
    """Overlapping connections give every post once."""
    source = Script(items(1, 2, 3), items(2, 3, 4), items(4, 5))
    log = MemoryLog()
    runner = runner_of(source, log, tmp_path, People([]))
    await run_until(runner, lambda: len(log.posts) == 5)
    assert [post.id for post in log.posts] == ["1", "2", "3", "4", "5"]
    assert source.cursors == [None, "3", "4"]
    assert Files(tmp_path, "script").load().cursor == "5"
    assert (runner.health.sent, runner.health.duplicates) == (5, 3)
    assert healths(tmp_path)[0].state == "stopped"


async def test_the_cursor_is_not_saved_before_the_broker_has_the_posts(tmp_path: Path) -> None:
    """An unreachable broker ends the runner with its error, and the file keeps the last safe position."""
    log = MemoryLog()
    await run_until(runner_of(Script(items(1)), log, tmp_path, People([])), lambda: len(log.posts) == 1)
    log.failing = True
    runner = runner_of(Script(items(2, 3)), log, tmp_path, People([]))
    with pytest.raises(ConnectionError, match="the broker has gone"):
        await asyncio.wait_for(runner.run(), 120)
    assert Files(tmp_path, "script").load().cursor == "1"


async def test_headers_carry_a_cursor_that_was_safe_when_the_post_was_sent(tmp_path: Path) -> None:
    """Not the post's own: an earlier cursor, because other posts before it may be unconfirmed."""
    log = MemoryLog()
    source = Script(items(1, 2), items(3))
    await run_until(runner_of(source, log, tmp_path, People([])), lambda: len(log.posts) == 3)
    assert [headers.get("cursor") for headers in log.headers] == [None, None, b"2"]
    assert {headers["source"] for headers in log.headers} == {b"script"}


async def test_waiting_grows_is_jittered_and_obeys_the_platform(tmp_path: Path) -> None:
    """Random within doubling bounds; at least the requested time; a connection that brought something starts again."""
    failures: list[list[Item | Exception]] = [[DisconnectedError("no")] for _ in range(6)]
    source = Script(*failures, [DisconnectedError("slowly", 7.0)], items(1), items(2))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    log = MemoryLog()
    runner = runner_of(source, log, tmp_path, People([]))
    runner.sleep = sleep
    await run_until(runner, lambda: len(log.posts) == 2)
    assert all(wait <= 0.2 for wait in waits[:6])
    assert len(set(waits[:6])) > 1
    assert 7.0 <= waits[6] <= 7.1
    assert waits[7] <= 0.05
    assert runner.health.reconnects >= 8


async def test_bad_records_are_dead_letters_and_ignored_ones_are_counted(tmp_path: Path) -> None:
    """An unparsable record is kept whole; one that is no post is only counted."""
    log = MemoryLog()
    source = Script([Item(Bad("not JSON", b"{"), "1"), Item(Ignored("a like"), "2"), *items(3)])
    runner = runner_of(source, log, tmp_path, People([]))
    await run_until(runner, lambda: len(log.posts) == 1)
    assert [(letter.stage, letter.source, letter.record) for letter in log.letters] == [("source", "script", "ew==")]
    assert (runner.health.bad, runner.health.ignored) == (1, 1)


async def test_a_refused_source_ends(tmp_path: Path) -> None:
    """With its reason, and a state for `toptopics status`."""
    runner = runner_of(Script([RefusedError("set THE_KEY")]), MemoryLog(), tmp_path, People([]))
    with pytest.raises(RefusedError, match="THE_KEY"):
        await runner.run()
    assert (healths(tmp_path)[0].state, healths(tmp_path)[0].last_error) == ("refused", "set THE_KEY")


def test_a_damaged_cursor_file_is_named(tmp_path: Path) -> None:
    """A damaged file differs from a missing cursor, which would lose the position."""
    files = Files(tmp_path, "x")
    files.save(Saved("17", {0: 4}))
    assert files.load() == Saved("17", {0: 4})
    (tmp_path / "x.cursor.json").write_bytes(b'{"cursor": "1')
    with pytest.raises(ValueError, match=r"x\.cursor\.json is damaged"):
        files.load()


def test_an_edit_replaces_the_version_before_it_and_a_deletion_takes_all() -> None:
    """Platforms keep the id of an edited post; ours form a chain."""
    memory = SentPosts()
    versions = [tweet("p"), tweet("p#1", edit_of="p"), tweet("p#2", edit_of="p")]
    sent = []
    for version in versions:
        (one,) = memory.fresh(version, everybody)
        memory.remember(one)
        sent.append(one)
    assert [post.edit_of for post in sent if isinstance(post, Tweet)] == [None, "p", "p#1"]
    gone = memory.fresh(deletion("p"), everybody)
    assert [(post.id, post.author_id) for post in gone] == [("p", "ada"), ("p#1", "ada"), ("p#2", "ada")]
    for one in gone:
        memory.remember(one)
    assert memory.fresh(deletion("p"), everybody) == []


def test_deletions_of_strangers_are_not_forwarded() -> None:
    """A public stream has every deletion of the network; only those of our posts or of listed people count."""
    memory = SentPosts()
    wants = people(x="ada").wants
    assert memory.fresh(deletion("q"), wants) == []
    assert memory.fresh(deletion("q", "bob"), wants) == []
    assert memory.fresh(deletion("q", "ada"), wants) == [deletion("q", "ada")]


@given(numbers=st.lists(st.integers(0, 50), max_size=200))
def test_memory_is_bounded(numbers: list[int]) -> None:
    """However many posts arrive, only the newest ids are kept."""
    memory = SentPosts(limit=10)
    for number in numbers:
        for post in memory.fresh(tweet(str(number)), everybody):
            memory.remember(post)
    assert len(memory) <= 10


def test_whose_posts_are_wanted() -> None:
    """By id or any handle, without case; context keeps posts about a listed person; an empty list keeps all."""
    ada = Influencer(id="a-1", name="Ada", handles={"x": "@Ada", "bluesky": "ada.test"})
    ours, answer, chatter = tweet("1", "ADA"), tweet("2", "bob", mentions=["ada"]), tweet("3", "bob")
    assert [People([ada]).wants(post) for post in (ours, answer, chatter)] == [True, False, False]
    assert [People([ada], "context").wants(post) for post in (ours, answer, chatter)] == [True, True, False]
    assert [People([ada], "all").wants(post) for post in (ours, answer, chatter)] == [True, True, True]
    assert People([]).wants(chatter)
    assert People([ada]).handles("x") == ["Ada"]
    assert People([ada]).wants(tweet("4", "a-1"))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "Mon, 02 Mar 2026 08:01:00 GMT"}, 60.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 30), "x-rate-limit-remaining": "0"}, 30.0),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 30), "x-rate-limit-remaining": "9"}, None),
        ({"x-ratelimit-reset": "2026-03-02T08:00:10.000Z"}, 10.0),
        ({"retry-after": "Mon, 02 Mar 2020 08:01:00 GMT"}, 0.0),
        ({"retry-after": "soon", "x-rate-limit-reset": "later"}, None),
        ({"retry-after": "99999999"}, 86_400.0),
        ({}, None),
    ],
)
def test_how_long_a_platform_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, dates and resets of rate limits; nonsense is ignored; never more than a day."""
    assert retry_after(headers, NOW) == seconds


def test_a_failed_connection_is_told_in_short() -> None:
    """The type and the innermost reason, whatever is wrapped around it."""
    refused = ConnectionRefusedError(111, "Connection refused")
    wrapped = RuntimeError(ValueError("HTTPConnectionPool(host='a', port=9): Max retries exceeded"))
    wrapped.args[0].reason = refused
    assert in_short(refused) == "ConnectionRefusedError: [Errno 111] Connection refused"
    assert in_short(wrapped) == "RuntimeError: [Errno 111] Connection refused"
    told = RuntimeError("Could not connect: Pool(host='a'): Failed: (\"Connection(host='a'): [Errno 111] refused\"))")
    assert in_short(told) == "RuntimeError: [Errno 111] refused"
    assert in_short(TimeoutError()) == "TimeoutError"


async def test_a_quiet_source_saves_its_last_posts(tmp_path: Path) -> None:
    """Without waiting for the next post."""
    log = MemoryLog()
    runner = runner_of(Script(items(1)), log, tmp_path, People([]))
    assert runner.clock is system_clock
    await run_until(runner, lambda: Files(tmp_path, "script").load().cursor == "1")


async def test_connections_that_are_of_no_use_are_tried_ever_more_slowly(tmp_path: Path) -> None:
    """A server that accepts and closes at once must not be asked all the time, even when each connection moves the
    cursor or repeats a post.
    """
    useless: list[list[Item | Exception]] = [[Item(cursor="1"), Item(tweet("1"), "1")] for _ in range(6)]
    source = Script(items(1), *useless, items(2))
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    log = MemoryLog()
    runner = runner_of(source, log, tmp_path, People([]))
    runner.backoff = Backoff(first=1_000.0, most=1_000_000.0)
    runner.sleep = sleep
    await run_until(runner, lambda: len(log.posts) == 2)
    assert len(waits) == 7
    assert max(waits[1:]) > 1_000.0


async def test_a_source_is_run_by_one_process(tmp_path: Path) -> None:
    """Two would send everything twice, and X allows one stream; a killed process leaves no lock."""
    with Files(tmp_path / "sources", "rss").held():
        with (
            pytest.raises(RefusedError, match="another process runs the source rss"),
            Files(tmp_path / "sources", "rss").held(),
        ):
            raise AssertionError("held twice")
        with Files(tmp_path / "sources", "bluesky").held():
            pass
    with Files(tmp_path / "sources", "rss").held():
        pass


async def test_metrics_tell_what_a_source_does(tmp_path: Path) -> None:
    """Counts by outcome, reconnects, the state and the rate, with only the source's name as label."""
    log = MemoryLog()
    source = Script([*items(1, 2), Item(Bad("not JSON", b"{")), Item(Ignored("a like"))], [*items(2, 3)])
    runner = runner_of(source, log, tmp_path, People([]))
    await run_until(runner, lambda: len(log.posts) == 3)
    value = runner.metrics.registry.get_sample_value
    counts = {
        outcome: value("toptopics_source_records_total", {"source": "script", "outcome": outcome})
        for outcome in ("sent", "duplicates", "ignored", "bad")
    }
    assert counts == {"sent": 3, "duplicates": 1, "ignored": 1, "bad": 1}
    assert value("toptopics_source_reconnects_total", {"source": "script"}) == 1
    assert value("toptopics_source_connected", {"source": "script"}) == 0  # it was stopped
    assert value("toptopics_source_posts_per_minute", {"source": "script"}) == 0.6
    sent_at = value("toptopics_source_last_post_seconds", {"source": "script"})
    assert sent_at is not None
    assert sent_at <= (value("toptopics_progress_seconds", {"part": "script"}) or 0)
    assert value("toptopics_source_lag_seconds", {"source": "script"}) == pytest.approx(sent_at - NOW.timestamp())
