"""Laws of every live source, one fault at a time: each post once, whatever its server does."""

import asyncio
from pathlib import Path

import pytest

from streams.sources.mastodon import stream as mastodon_module
from streams.sources.sent_posts import SentPosts
from streams.sources.x import stream as x_stream_module
from tests.support.source_servers.collecting import MemoryLog, run_until, runner_of
from tests.support.source_servers.live import CASES, case

# none; a refusal for a second; a limit with its reset; a truncated line or body; a disconnect every second (or at every
# answer); everything twice
FAULTS = ("", "503", "429", "cut", "drop", "twice")
TIMES = 4


@pytest.mark.parametrize("name", CASES)
async def test_every_post_once_whatever_goes_wrong(name: str, tmp_path: Path) -> None:
    """Every fault, four times in a row, while posts are written."""
    wrong = await asyncio.gather(*(audit(name, fault, tmp_path / (fault or "none")) for fault in FAULTS))
    assert [text for text in wrong if text] == []


async def audit(name: str, fault: str, folder: Path) -> str:
    """The faults of a log after a run beside a server with this fault; "" for none."""
    log, wanted = MemoryLog(), [f"post {number}" for number in range(25)]
    async with case(name, *[fault] * TIMES) as made:
        runner = runner_of(made.source, log, folder, made.listed)
        running = asyncio.create_task(run_until(runner, lambda: {"warm", *wanted} <= set(log.texts()), 200))
        await asyncio.sleep(0.3)
        made.write("warm")
        for text in wanted:
            made.write(text)
            await asyncio.sleep(0.15)
        try:
            await running
        except TimeoutError:
            return f"{fault}: lost {sorted(set(wanted) - set(log.texts()))}; {runner.health}"
    texts = log.texts()
    return "" if len(texts) == len(set(texts)) else f"{fault}: twice {sorted(t for t in texts if texts.count(t) > 1)}"


@pytest.mark.parametrize("name", CASES)
async def test_a_crash_before_the_first_post_leaves_no_gap(name: str, tmp_path: Path) -> None:
    """A started source has a cursor: posts written after it ends come with the next start."""
    log, memory = MemoryLog(), SentPosts()
    async with case(name) as made:
        first = runner_of(made.source, log, tmp_path, made.listed, memory)
        await run_until(first, lambda: first.files.load().cursor is not None)
        made.write("while nobody listened")
        second = runner_of(made.source, log, tmp_path, made.listed, memory)
        await run_until(second, lambda: bool(log.posts))
    assert log.texts() == ["while nobody listened"]


@pytest.mark.parametrize("name", ["x-stream", "mastodon"])
async def test_silence_ends_a_connection(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep-alives are signs of life. Without them the connection is given up, and the next one brings its posts."""
    monkeypatch.setattr(x_stream_module, "SILENCE", 0.5)
    monkeypatch.setattr(mastodon_module, "SILENCE", 0.5)
    log = MemoryLog()
    async with case(name, "silent") as made:
        runner = runner_of(made.source, log, tmp_path, made.listed)
        running = asyncio.create_task(run_until(runner, lambda: bool(log.posts)))
        await asyncio.sleep(0.3)
        made.write("into the void")
        await running
    assert log.texts() == ["into the void"]
    assert runner.health.reconnects >= 1
