"""Bluesky against a local Jetstream and AppView that misbehave."""

import asyncio
from pathlib import Path

import httpx

from streams.sources.sent_posts import SentPosts
from tests.support.source_servers.bluesky_network import STRANGER, AppView, Jetstream
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.live import bluesky


async def test_bluesky_survives_every_fault(tmp_path: Path) -> None:
    """Refusals, drops every second and garbage: every post once, edits and deletions included, handles known."""
    network = Jetstream("drop", "503", "429", "cut", "drop", "drop")
    log = MemoryLog()
    listed = people(bluesky="ada.test did:plc:grace")
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            runner = runner_of(bluesky(port, view, client), log, tmp_path, listed)
            task = asyncio.create_task(run_until(runner, lambda: bool(log.deletions()) and "end" in log.texts()))
            while not network.cursors:
                await asyncio.sleep(0.02)
            first = network.write("did:plc:ada", "frist")
            for number in range(40):
                network.write(("did:plc:ada", "did:plc:grace", STRANGER)[number % 3], f"post {number}")
                await asyncio.sleep(0.1)
            network.change(first, "first")
            network.repost("did:plc:grace", first)
            network.delete(first)
            network.write("did:plc:ada", "end")
            await task
    tweets = {tweet.text: tweet for tweet in log.tweets()}
    assert len(log.tweets()) == len(tweets)
    assert {f"post {number}" for number in range(40) if number % 3 != 2} <= set(tweets)
    assert not any(tweet.author_id == STRANGER for tweet in log.tweets())
    assert tweets["first"].edit_of == first
    assert tweets["frist"].author == "ada.test"
    assert tweets["RT @ada.test: frist"].related_id == first
    assert {deletion.id for deletion in log.deletions()} == {first, tweets["first"].id}
    assert len(log.letters) == 1


async def test_bluesky_reads_back_before_its_first_start(tmp_path: Path) -> None:
    """A lookback longer than Jetstream's own comes from the people's feeds."""
    network = Jetstream()
    log = MemoryLog()
    network.write("did:plc:ada", "yesterday")
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            source = bluesky(port, view, client, lookback=3.0)
            await run_until(
                runner_of(source, log, tmp_path, people(bluesky="ada.test did:plc:grace")), lambda: bool(log.posts)
            )
    assert log.texts() == ["yesterday"]


async def test_bluesky_fills_a_long_gap_from_the_feeds(tmp_path: Path) -> None:
    """Posts and reposts, with the names and counts that only the feeds have; nothing of strangers."""
    network = Jetstream()
    log = MemoryLog()
    first = network.write(STRANGER, "of a stranger")
    network.repost("did:plc:ada", first)
    network.write("did:plc:ada", "mine")
    network.forgotten = len(network.events)
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            source = bluesky(port, view, client, lookback=3.0)
            runner = runner_of(source, log, tmp_path, people(bluesky="ada.test did:plc:grace"))
            await run_until(runner, lambda: len(log.posts) == 2)
    assert sorted(log.texts()) == ["RT @stranger.test: of a stranger", "mine"]
    mine = next(tweet for tweet in log.tweets() if tweet.text == "mine")
    assert (mine.author, mine.author_name, mine.metrics.likes) == ("ada.test", "Ada", 3)


async def test_a_deleted_account_takes_its_posts_along(tmp_path: Path) -> None:
    """One event instead of a deletion of each. Other people's posts stay, and a new handle is used at once."""
    network = Jetstream()
    log, memory = MemoryLog(), SentPosts()
    listed = people(bluesky="ada.test did:plc:grace")
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            runner = runner_of(bluesky(port, view, client, memory=memory), log, tmp_path, listed, memory)
            task = asyncio.create_task(run_until(runner, lambda: "end" in log.texts()))
            while not network.cursors:
                await asyncio.sleep(0.02)
            ids = [network.write("did:plc:ada", f"post {number}") for number in range(3)]
            network.write("did:plc:grace", "stays")
            network.tell("did:plc:ada", "account", {"active": False, "status": "deactivated"})
            network.tell("did:plc:grace", "identity", {"handle": "amazing.test"})
            network.tell("did:plc:ada", "account", {"active": False, "status": "deleted"})
            network.write("did:plc:grace", "end")
            await task
    assert {gone.id for gone in log.deletions()} == set(ids)
    assert [tweet.author for tweet in log.tweets()][-2:] == ["grace.test", "amazing.test"]


async def test_an_appview_that_refuses_is_asked_again(tmp_path: Path) -> None:
    """Handles cannot be resolved at first, and nothing is lost."""
    network = Jetstream()
    log = MemoryLog()
    with hosted(network) as port, hosted(AppView(network, "503", "429")) as view:
        async with httpx.AsyncClient() as client:
            runner = runner_of(bluesky(port, view, client), log, tmp_path, people(bluesky="ada.test"))
            task = asyncio.create_task(run_until(runner, lambda: bool(log.posts)))
            while not network.cursors:
                await asyncio.sleep(0.02)
            network.write("did:plc:ada", "here")
            await task
    assert log.texts() == ["here"]
    assert runner.health.reconnects == 2
