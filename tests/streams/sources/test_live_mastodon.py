"""Mastodon against a local instance that misbehaves: streamed with a token, polled without."""

import asyncio
from pathlib import Path

import pytest

from streams.sources.port import RefusedError
from streams.sources.sent_posts import SentPosts
from tests.support.source_servers.collecting import MemoryLog, run_until, runner_of
from tests.support.source_servers.hosting import Faults, hosted
from tests.support.source_servers.live import MASTODON_PEOPLE, mastodon
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer


async def test_mastodon_survives_every_fault(tmp_path: Path) -> None:
    """Refusals, drops, a truncated message, repetitions: every status once; edits, and deletions with their author."""
    server = MastodonServer("drop", "503", "429", "cut", "twice", "drop")
    log = MemoryLog()
    with hosted(server) as port:
        runner = runner_of(mastodon(port, TOKEN), log, tmp_path, MASTODON_PEOPLE)
        task = asyncio.create_task(run_until(runner, lambda: "end" in log.texts()))
        first = server.write("ada", "<p>frist</p>")
        written = 0
        while written < 60 or not log.letters:  # until a message was truncated
            server.write(("ada", "grace@elsewhere.test")[written % 2], f"<p>post {written}</p>")
            written += 1
            await asyncio.sleep(0.1)
        while server.faults.connections < 7:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        server.change(first, "<p>first</p>")
        await asyncio.sleep(0.3)
        server.delete(first)
        server.write("ada", "<p>end</p>")
        await task
    assert sorted(log.texts()) == sorted(["frist", "first", "end", *(f"post {number}" for number in range(written))])
    assert {deletion.author_id for deletion in log.deletions()} == {"ada@home.test"}
    assert len(log.deletions()) == 2
    assert [letter.reason[:8] for letter in log.letters] == ["not JSON"]


async def test_mastodon_refuses_to_go_on_with_a_wrong_token(tmp_path: Path) -> None:
    """401 is final."""
    with hosted(MastodonServer("401")) as port:
        runner = runner_of(mastodon(port, TOKEN), MemoryLog(), tmp_path, MASTODON_PEOPLE)
        with pytest.raises(RefusedError, match="MASTODON_ACCESS_TOKEN"):
            await asyncio.wait_for(runner.run(), 120)


async def test_mastodon_polls_without_a_token(tmp_path: Path) -> None:
    """Accounts are read in turn; a rate limit's reset is waited for; an unknown account is only a warning."""
    server = MastodonServer(rest_faults=Faults("", "429", "503"))
    log = MemoryLog()
    for number in range(45):
        server.write("ada", f"<p>post {number}</p>")
    with hosted(server) as port:
        runner = runner_of(
            mastodon(port, None, "ada nobody@home.test grace@elsewhere.test"), log, tmp_path, MASTODON_PEOPLE
        )
        task = asyncio.create_task(run_until(runner, lambda: "late" in log.texts()))
        while len(log.posts) < 40:
            await asyncio.sleep(0.02)
        server.write("grace@elsewhere.test", "<p>late</p>")
        await task
    assert len(log.posts) == 46  # page by page back at first, then only new posts


@pytest.mark.parametrize("token", [TOKEN, None], ids=["streamed", "polled"])
async def test_edits_and_deletions_while_nobody_listened(token: str | None, tmp_path: Path) -> None:
    """No later event reports them: the newest page shows an edit and lacks deleted posts."""
    server = MastodonServer()
    log, memory = MemoryLog(), SentPosts()
    with hosted(server) as port:
        ids = [server.write("ada", f"<p>post {number}</p>") for number in range(5)]
        first = runner_of(mastodon(port, token, memory=memory), log, tmp_path, MASTODON_PEOPLE, memory)
        await run_until(first, lambda: len(log.posts) == 5)
        server.change(ids[1], "<p>edited</p>")
        server.delete(ids[2])
        server.write("ada", "<p>late</p>")
        second = runner_of(mastodon(port, token, memory=memory), log, tmp_path, MASTODON_PEOPLE, memory)
        await run_until(second, lambda: bool(log.deletions()) and "late" in log.texts())
    assert log.texts() == [*(f"post {number}" for number in range(5)), "edited", "late"]
    assert log.tweets()[5].edit_of == f"mastodon:{ids[1]}"
    assert [(gone.id, gone.author_id) for gone in log.deletions()] == [(f"mastodon:{ids[2]}", "ada@home.test")]


async def test_what_a_page_merely_hides_is_not_deleted(tmp_path: Path) -> None:
    """A status that is missing from its page but found by a look-up stays."""
    server = MastodonServer()
    log, memory = MemoryLog(), SentPosts()
    with hosted(server) as port:
        ids = [server.write("ada", f"<p>post {number}</p>") for number in range(5)]
        runner = runner_of(mastodon(port, None, memory=memory), log, tmp_path, MASTODON_PEOPLE, memory)
        task = asyncio.create_task(run_until(runner, lambda: "late" in log.texts()))
        while len(log.posts) < 5:
            await asyncio.sleep(0.02)
        server.hidden.add(ids[2])
        server.write("ada", "<p>late</p>")
        await task
    assert server.asked_for == [ids[2]]
    assert log.deletions() == []


async def test_a_gap_of_more_than_a_page_is_read_whole(tmp_path: Path) -> None:
    """Page by page from the cursor on."""
    server = MastodonServer()
    log, memory = MemoryLog(), SentPosts()
    with hosted(server) as port:
        server.write("ada", "<p>first</p>")
        runner = runner_of(mastodon(port, TOKEN, memory=memory), log, tmp_path, MASTODON_PEOPLE, memory)
        await run_until(runner, lambda: len(log.posts) == 1)
        for number in range(130):
            server.write("ada", f"<p>post {number}</p>")
        runner = runner_of(mastodon(port, TOKEN, memory=memory), log, tmp_path, MASTODON_PEOPLE, memory)
        await run_until(runner, lambda: len(log.posts) == 131)
    assert sorted(log.texts()) == sorted(["first", *(f"post {number}" for number in range(130))])


@pytest.mark.parametrize("status", ["403", "404", "410"])
async def test_an_account_that_is_gone_does_not_stop_the_others(status: str, tmp_path: Path) -> None:
    """The log names it, and the others are read."""
    server = MastodonServer(rest_faults=Faults(status))
    log = MemoryLog()
    with hosted(server) as port:
        server.write("grace@elsewhere.test", "<p>still here</p>")
        runner = runner_of(mastodon(port, None), log, tmp_path, MASTODON_PEOPLE)
        await run_until(runner, lambda: bool(log.posts))
    assert runner.health.reconnects == 0
