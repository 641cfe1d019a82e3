"""X against a local server that speaks its protocol and misbehaves: stream, timelines, look-ups of deletions."""

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from models.events import Tweet
from streams.clock import system_clock
from streams.sources.port import RefusedError
from streams.sources.runner import Runner
from streams.sources.sent_posts import SentPosts
from streams.sources.x import v2 as x_v2
from streams.sources.x.api import XApi
from streams.sources.x.deletions import XDeletions
from streams.sources.x.stream import Plan, rules_for
from streams.sources.x.timelines import XTimelines
from tests.support.source_servers.collecting import MemoryLog, run_until, runner_of
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.live import X_PEOPLE, x_stream
from tests.support.source_servers.x_platform import XPlatform


async def write_slowly(platform: XPlatform, count: int, enough: Callable[[], bool] = lambda: True) -> None:
    """`count` posts, and more until it is enough."""
    for number in itertools.count():
        if number >= count and enough():
            return
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

    def missing() -> set[str]:
        """What was written before the first connection is nobody's gap: there was no cursor yet."""
        wanted, got = [post["id"] for post in platform.posts], [tweet.id for tweet in log.tweets()]
        return set(wanted[wanted.index(min(got, key=int)) :]) - set(got) if got else set(wanted)

    with hosted(platform) as port:
        writing = asyncio.create_task(write_slowly(platform, 60, lambda: bool(log.letters)))
        await run_until(
            runner_of(x_stream(port), log, tmp_path, X_PEOPLE),
            lambda: writing.done() and not missing() and platform.faults.connections > 4,
        )
    got = [tweet.id for tweet in log.tweets()]
    assert len(got) == len(set(got))
    assert len(got) > 50
    assert [letter.reason[:8] for letter in log.letters] == ["not JSON"]
    assert {rule["value"] for rule in platform.rules.values()} == {"cats", "from:101 OR from:102"}


async def test_x_stream_fills_the_gap_of_a_restart(tmp_path: Path) -> None:
    """Posts written while nothing ran come from recent search, page by page, once."""
    platform = XPlatform()
    log, memory = MemoryLog(), SentPosts()
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
        platform.write("ada", "the paper", edit_of=before["id"])
        await task
    assert [tweet.edit_of for tweet in log.tweets()] == [None, before["id"]]


async def test_x_refuses_to_go_on_with_a_wrong_token(tmp_path: Path) -> None:
    """401 never gets better: the source ends, and says which variable to look at."""
    with hosted(XPlatform("401")) as port:
        runner = runner_of(x_stream(port), MemoryLog(), tmp_path, X_PEOPLE)
        with pytest.raises(RefusedError, match="X_BEARER_TOKEN"):
            await asyncio.wait_for(runner.run(), 120)
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
    log, memory = MemoryLog(), SentPosts()
    kept, gone = platform.write("ada", "kept"), platform.write("grace", "gone")
    for post in (kept, gone):
        for outcome in x_v2.parse(post):
            assert isinstance(outcome, Tweet)
            memory.remember(outcome)
    platform.posts.remove(gone)
    with hosted(platform) as port:
        api = XApi("token", base_url=f"http://127.0.0.1:{port}", clock=system_clock)

        def start() -> Runner:
            source = XDeletions(memory, api, clock=system_clock, every=3600)
            return runner_of(source, log, tmp_path, X_PEOPLE, memory)

        first = start()
        await run_until(first, lambda: bool(log.deletions()) and first.files.load().cursor is not None)
        again = asyncio.create_task(start().run())
        await asyncio.sleep(1.5)  # enough for a look-up, were one due
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)
    assert [(deletion.id, deletion.author_id) for deletion in log.deletions()] == [(gone["id"], gone["author_id"])]
    assert len(platform.asked) == 1


async def test_others_rules_are_left_alone_and_shared(tmp_path: Path) -> None:
    """A rule that exists already, under whatever tag, is as good as ours; a full plan is told with the way out."""
    platform = XPlatform()
    platform.rules["2"] = {"id": "2", "value": "from:101 OR from:102", "tag": "a colleague's"}
    log = MemoryLog()
    with hosted(platform) as port:
        runner = runner_of(x_stream(port), log, tmp_path, X_PEOPLE)
        task = asyncio.create_task(run_until(runner, lambda: bool(log.posts)))
        while platform.faults.connections == 0:
            await asyncio.sleep(0.02)
        platform.write("grace", "hello")
        await task
        assert [rule["value"] for rule in platform.rules.values()] == ["cats", "from:101 OR from:102"]
        del platform.rules["2"]
        platform.most_rules = 1
        with pytest.raises(RefusedError, match=r"RulesCapExceeded; TOPTOPICS_X_RULES"):
            await asyncio.wait_for(runner_of(x_stream(port), log, tmp_path, X_PEOPLE).run(), 120)


async def test_x_stream_reads_back_before_its_first_start(tmp_path: Path) -> None:
    """As far as the lookback goes."""
    platform = XPlatform()
    log = MemoryLog()
    platform.write("ada", "an hour ago")
    with hosted(platform) as port:
        await run_until(runner_of(x_stream(port, lookback=0.1), log, tmp_path, X_PEOPLE), lambda: bool(log.posts))
    assert log.texts() == ["an hour ago"]
