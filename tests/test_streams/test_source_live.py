"""Each live source against a local server that speaks its protocol and misbehaves: every post once, nothing lost."""

import asyncio
from pathlib import Path

import httpx
import pytest

from models.events import Tweet
from streams.clock import system_clock
from streams.sources import x_v2
from streams.sources.bluesky import Bluesky
from streams.sources.bluesky_appview import AppView as AppViewClient
from streams.sources.mastodon import MastodonInstance
from streams.sources.memory import Memory
from streams.sources.port import RefusedError
from streams.sources.rss import Feeds
from streams.sources.x_api import XApi
from streams.sources.x_deletions import XDeletions
from streams.sources.x_stream import Plan, XStream, rules_for
from streams.sources.x_timelines import XTimelines
from tests.source_servers.blog import Blog
from tests.source_servers.bluesky_network import STRANGER, AppView, Jetstream
from tests.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.source_servers.hosting import Faults, hosted
from tests.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.source_servers.x_platform import XPlatform

X_PEOPLE = people(x="ada grace")
PLAN = Plan(rules=2, rule_length=20)


def x_stream(port: int) -> XStream:
    url = f"http://127.0.0.1:{port}"
    api = XApi("token", base_url=url, clock=system_clock)
    return XStream(X_PEOPLE, api, bearer_token="token", base_url=url, clock=system_clock, plan=PLAN)


async def write_slowly(platform: XPlatform, count: int) -> None:
    for number in range(count):
        platform.write(("ada", "grace")[number % 2], f"post {number}")
        await asyncio.sleep(0.1)


def test_x_rules_fill_up_and_say_who_is_left_out() -> None:
    """As many terms in a rule as its length allows, as many rules as the plan has."""
    rules, left_out = rules_for(["ada", "grace", "alan", "edsger"], Plan(rules=2, rule_length=22))
    assert rules == ["from:ada OR from:grace", "from:alan"]
    assert left_out == ["edsger"]


async def test_x_stream_survives_every_fault(tmp_path: Path) -> None:
    """503, 429, a cut line, a notice, repeats and drops: every post once, the cut line among the dead letters."""
    platform = XPlatform("drop", "503", "429", "cut", "notice", "twice", "quiet", "drop")
    log = MemoryLog()
    with hosted(platform) as port:
        writing = asyncio.create_task(write_slowly(platform, 60))
        await run_until(
            runner_of(x_stream(port), log, tmp_path, X_PEOPLE),
            lambda: writing.done() and len(log.posts) >= len(platform.posts) - 4,
        )
    wanted = [post["id"] for post in platform.posts]
    got = [tweet.id for tweet in log.tweets()]
    assert len(got) == len(set(got))
    # what was written before the first connection is nobody's gap: there was no cursor yet
    assert set(wanted[wanted.index(min(got, key=int)) :]) == set(got)
    assert [letter.reason[:8] for letter in log.letters] == ["not JSON"]
    assert {rule["value"] for rule in platform.rules.values()} == {"cats", "from:ada", "from:grace"}


async def test_x_stream_fills_the_gap_of_a_restart(tmp_path: Path) -> None:
    """Posts written while nothing ran come from recent search, page by page, once."""
    platform = XPlatform()
    log, memory = MemoryLog(), Memory()
    with hosted(platform) as port:
        first = runner_of(x_stream(port), log, tmp_path, X_PEOPLE, memory)
        writing = asyncio.create_task(write_slowly(platform, 8))
        await run_until(first, lambda: len(log.posts) >= 3)
        await writing
        for number in range(23):
            platform.write("ada", f"meanwhile {number}")
        second = runner_of(x_stream(port), log, tmp_path, X_PEOPLE, memory)
        await run_until(second, lambda: "meanwhile 22" in log.texts())
    texts = [text for text in log.texts() if text.startswith("meanwhile")]
    assert sorted(texts) == sorted(f"meanwhile {number}" for number in range(23))
    assert len({tweet.id for tweet in log.tweets()}) == len(log.tweets())
    assert any("since_id" in path for path in platform.asked)


async def test_x_edits_name_the_version_before(tmp_path: Path) -> None:
    """An edited post is another post that replaces the first."""
    platform = XPlatform()
    log = MemoryLog()
    with hosted(platform) as port:
        runner = runner_of(x_stream(port), log, tmp_path, X_PEOPLE)
        task = asyncio.create_task(run_until(runner, lambda: len(log.posts) == 2))
        while platform.faults.connections == 0:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        before = platform.write("ada", "teh paper")
        after = platform.write("ada", "the paper")
        after["edit_history_tweet_ids"] = [before["id"], after["id"]]
        await task
    assert [tweet.edit_of for tweet in log.tweets()] == [None, before["id"]]


async def test_x_refuses_to_go_on_with_a_wrong_token(tmp_path: Path) -> None:
    """401 never gets better: the source ends, and says which variable to look at."""
    with hosted(XPlatform("401")) as port:
        runner = runner_of(x_stream(port), MemoryLog(), tmp_path, X_PEOPLE)
        with pytest.raises(RefusedError, match="X_BEARER_TOKEN"):
            await asyncio.wait_for(runner.run(), 20)
    assert runner.health.state == "refused"


async def test_x_timelines_poll_everybody_and_honour_the_limit(tmp_path: Path) -> None:
    """Old posts first, then only new ones; a 429 with a reset is waited out; the cursor is per person."""
    platform = XPlatform("", "429", "")
    log = MemoryLog()
    for number in range(12):
        platform.write("ada", f"old {number}")
    platform.write("grace", "hello")
    with hosted(platform) as port:
        api = XApi("token", base_url=f"http://127.0.0.1:{port}", clock=system_clock)
        source = XTimelines(X_PEOPLE, api, clock=system_clock, every=0.1)
        runner = runner_of(source, log, tmp_path, X_PEOPLE)
        task = asyncio.create_task(run_until(runner, lambda: len(log.posts) == 15))
        while len(log.posts) < 13:
            await asyncio.sleep(0.02)
        platform.write("ada", "new")
        platform.write("alan", "not listed")
        platform.write("grace", "newer")
        await task
    assert log.texts()[:12] == [f"old {number}" for number in range(12)]
    assert sorted(log.texts()[13:]) == ["new", "newer"]


async def test_x_deletions_are_looked_up_once_a_round(tmp_path: Path) -> None:
    """What X no longer shows becomes a tombstone with its author; a restart does not pay for the round again."""
    platform = XPlatform()
    log, memory = MemoryLog(), Memory()
    kept, gone = platform.write("ada", "kept"), platform.write("grace", "gone")
    for post in (kept, gone):
        for outcome in x_v2.parse(post):
            assert isinstance(outcome, Tweet)
            memory.remember(outcome)
    platform.posts.remove(gone)
    with hosted(platform) as port:
        api = XApi("token", base_url=f"http://127.0.0.1:{port}", clock=system_clock)
        for _start in range(2):
            source = XDeletions(memory, api, clock=system_clock, every=3600)
            runner = runner_of(source, log, tmp_path, X_PEOPLE, memory)
            task = asyncio.create_task(runner.run())
            await asyncio.sleep(1.5)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert [(deletion.id, deletion.author_id) for deletion in log.deletions()] == [(gone["id"], gone["author_id"])]
    assert len(platform.asked) == 1


def bluesky(port: int, appview: int, client: httpx.AsyncClient, lookback: float = 0.0) -> Bluesky:
    view = AppViewClient(f"http://127.0.0.1:{appview}", client, system_clock)
    return Bluesky(
        people(bluesky="ada.test did:plc:grace"),
        url=f"ws://127.0.0.1:{port}/subscribe",
        appview=view,
        clock=system_clock,
        lookback_days=lookback,
    )


async def test_bluesky_survives_every_fault(tmp_path: Path) -> None:
    """Refusals, drops every second and garbage: every post once, edits and deletions included, handles known."""
    network = Jetstream("drop", "503", "429", "garbage", "drop", "drop")
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
    """A lookback longer than Jetstream keeps comes from the people's own feeds."""
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


MASTODON_PEOPLE = people(mastodon="ada@home.test grace@elsewhere.test")


def mastodon(port: int, token: str | None, handles: str = "ada grace@elsewhere.test") -> MastodonInstance:
    return MastodonInstance(
        people(mastodon=handles), url=f"http://127.0.0.1:{port}", token=token, clock=system_clock, every=0.2
    )


async def test_mastodon_survives_every_fault(tmp_path: Path) -> None:
    """Refusals, drops, a cut message, repeats: every status once; edits, and deletions with their author."""
    server = MastodonServer("drop", "503", "429", "cut", "twice", "drop")
    log = MemoryLog()
    with hosted(server) as port:
        runner = runner_of(mastodon(port, TOKEN), log, tmp_path, MASTODON_PEOPLE)
        task = asyncio.create_task(run_until(runner, lambda: "end" in log.texts()))
        first = server.write("ada", "<p>frist</p>")
        for number in range(60):
            server.write(("ada", "grace@elsewhere.test")[number % 2], f"<p>post {number}</p>")
            await asyncio.sleep(0.1)
        while server.faults.connections < 7:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        server.change(first, "<p>first</p>")
        await asyncio.sleep(0.3)
        server.delete(first)
        server.write("ada", "<p>end</p>")
        await task
    assert sorted(log.texts()) == sorted(["frist", "first", "end", *(f"post {number}" for number in range(60))])
    assert {deletion.author_id for deletion in log.deletions()} == {"ada@home.test"}
    assert len(log.deletions()) == 2
    assert [letter.reason[:8] for letter in log.letters] == ["not JSON"]


async def test_mastodon_refuses_to_go_on_with_a_wrong_token(tmp_path: Path) -> None:
    """401 never gets better."""
    with hosted(MastodonServer("401")) as port:
        runner = runner_of(mastodon(port, TOKEN), MemoryLog(), tmp_path, MASTODON_PEOPLE)
        with pytest.raises(RefusedError, match="MASTODON_ACCESS_TOKEN"):
            await asyncio.wait_for(runner.run(), 20)


async def test_mastodon_polls_without_a_token(tmp_path: Path) -> None:
    """Accounts are asked in turn; a rate limit's reset is waited out; an unknown account is only a warning."""
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
    assert len(log.posts) == 46  # page by page back at first, then what is new


async def test_feeds_are_polled_politely(tmp_path: Path) -> None:
    """Validators are used, refusals waited out, a cut document read again; entries once, a change is an edit."""
    blog = Blog("", "503", "cut", "429")
    log = MemoryLog()
    first = blog.write("On topics", "<p>They <b>drift</b>.</p>")
    with hosted(blog) as port:
        address = f"http://127.0.0.1:{port}/feed.xml"
        listed = people(rss=address)
        now = system_clock

        async with httpx.AsyncClient() as client:
            source = Feeds(listed, client, clock=now, every=0.1)
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
                runner_of(Feeds(listed, client, clock=system_clock, every=0.1), log, tmp_path, listed),
                lambda: len(log.posts) == 1,
            )
            await run_until(
                runner_of(Feeds(listed, client, clock=system_clock, every=0.1), log, tmp_path, listed),
                lambda: blog.unchanged > 0,
            )
    assert log.texts() == ["Once\n\nonly"]


async def test_nobody_to_follow_is_told_at_once(tmp_path: Path) -> None:
    """A source without a handle names the command that gives it one."""
    async with httpx.AsyncClient() as client:
        source = Feeds(people(x="ada"), client, clock=system_clock)
        with pytest.raises(RefusedError, match="influencers add"):
            await runner_of(source, MemoryLog(), tmp_path, people()).run()
