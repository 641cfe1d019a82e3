"""The whole product behind a browser: a real broker and Redis, a worker with MiniLM, the service, and the demo's posts.

Posts go in as `toptopics ingest` sends them, paced, so that things change while a page is open. Two pages are opened
before the first post and are left open, as people leave them: the ranking and the archive of digests.
"""

import asyncio
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from playwright.async_api import Page, expect

from streams.clock import system_clock
from streams.demo import demo_lines
from streams.settings import Settings
from streams.sources.files.ingest import IngestCounts, Pace, ingest_files
from tests.browser.opening import PATIENCE, Open
from tests.browser.service import ServiceProcess
from tests.integration.faults.settling import until_settled
from tests.integration.pipeline import ALL_STAGES, WorkerProcess, pipeline_settings

# from the Thursday of the first week to the Tuesday of the second, which closes the first
THURSDAY, TUESDAY = 274, 840
POSTS_PER_SECOND = 60.0
WEEK = "2021-W09"
HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'> "
    "\u202egnorw \u2067rtl \u05e9\u05dc\u05d5\u05dd"
)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SAID = (
    "the zyzzyva weevil ate our parser",
    "a zyzzyva weevil was found in the parser",
    "zyzzyva: why weevils like parsers",
    "our parser and the zyzzyva weevil, part two",
    "no zyzzyva weevil survives this parser patch",
    "the parser team adopted a zyzzyva weevil",
    "zyzzyva weevil fossils, parsed at last",
    "weevils named zyzzyva parse XML",
)


@dataclass
class LiveWorld:
    """What the tests of the main path share. `ranking` and `archive`: the pages that were opened before all posts."""

    settings: Settings
    service: ServiceProcess
    worker: WorkerProcess
    folder: Path
    ranking: Page
    archive: Page
    lines: list[bytes] = field(default_factory=lambda: list(demo_lines()))
    played: int = THURSDAY

    async def play(self, count: int) -> None:
        """The next `count` lines of the demo; returns when the broker has them."""
        part = self.lines[self.played : self.played + count]
        self.played += len(part)
        await self.ingest(part)

    async def ingest(self, lines: list[bytes]) -> IngestCounts:
        """As `toptopics ingest --rate 60` does."""
        file = self.folder / f"{self.played}-{len(lines)}.jsonl"
        file.write_bytes(b"\n".join(line.strip(b"\n") for line in lines))
        return await ingest_files(
            self.settings,
            [str(file)],
            form="jsonl",
            columns={},
            clock=system_clock,
            pace=Pace(rate=POSTS_PER_SECOND),
            report=lambda *_: None,
            advance=lambda *_: None,
        )

    async def at_rest(self) -> None:
        """What was played is in the view, the week's digest too, and what that has taught the live topics."""
        await expect(self.archive.locator(".archive a", has_text=WEEK)).to_be_visible(timeout=2 * PATIENCE)
        await until_settled(self.settings, ALL_STAGES.split(","), self.worker, seconds=2 * PATIENCE / 1_000)

    async def attack(self) -> None:
        """Eight people say hostile things about one subject, in the stream's own present."""
        now = _time_of(self.lines[: self.played])
        posts = [
            {
                "id": f"99{i}", "author": f"x{i}", "author_name": f"<b>{i}</b> \u202eeman", "created_at": now,
                "text": f"{said} {HOSTILE} {FAMILY} " + ("ab\u200d" * 3_300 if i < 2 else ""),
                "urls": [{"url": "https://weevil.example/<script>", "title": "<script>window.pwned = 3</script>"}],
            }
            for i, said in enumerate(SAID)
        ]  # fmt: skip
        counts = await self.ingest([orjson.dumps(post) for post in posts])
        assert (counts.sent, counts.bad) == (len(SAID), 0), counts.reasons


def _time_of(lines: list[bytes]) -> str:
    """Of the last good line."""
    for line in reversed(lines):
        with suppress(orjson.JSONDecodeError, TypeError, KeyError):
            at = str(orjson.loads(line)["created_at"])
            if re.match(r"\d{4}-\d\d-\d\dT", at):
                return at
    raise AssertionError("no good line")


@asynccontextmanager
async def live_world(kafka: str, redis: str, prefix: str, folder: Path, opened: Open) -> AsyncIterator[LiveWorld]:
    """All of it, with the first posts played in front of the two pages."""
    async with pipeline_settings(kafka, redis, prefix, folder) as quick:
        # only the stream's own time closes a week here: tests let it pause as they like
        settings = quick.model_copy(update={"encoder": "minilm", "week_idle_seconds": 3_600.0})
        worker = WorkerProcess(settings, folder / "worker.log")
        service = ServiceProcess(redis, folder, kafka, prefix)
        try:
            worker.start()
            await asyncio.to_thread(service.start)
            ranking, archive = await opened(service.url), await opened(service.url + "#/digests")
            await expect(ranking.get_by_role("heading", name="No posts yet")).to_be_visible()
            await expect(archive.get_by_role("heading", name="No digest yet")).to_be_visible()
            for page in (ranking, archive):
                await page.evaluate("window.sameDocument = true")
            world = LiveWorld(settings, service, worker, folder, ranking, archive)
            await world.play(TUESDAY - THURSDAY)
            yield world
        finally:
            worker.stop()
            service.stop()


@dataclass
class LiveReplay:
    """`toptopics replay WEEK --live` as a user starts it on a terminal, where it stays until it is told to stop.

    Without a terminal it is gone, and its view with it, as soon as the digest is out: a page may be slower than that.
    """

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    async def prefix(self) -> str:
        """Of its namespace, as it says."""
        for _ in range(PATIENCE // 100):
            if found := re.search(r"TOPTOPICS_PREFIX=(\S+) toptopics serve --port 0", "".join(self.said)):
                return found[1]
            assert self.process.returncode is None, self.said
            await asyncio.sleep(0.1)
        raise AssertionError(self.said)

    @contextmanager
    def held(self) -> Iterator[None]:
        """It feeds nothing meanwhile, as under Ctrl-Z: its stages, which are processes of their own, go on."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """Its exit code after SIGTERM."""
        if self.process.returncode is None:
            self.process.terminate()
        return await self.process.wait()


@asynccontextmanager
async def live_replay(world: LiveWorld, week: str, speed: str) -> AsyncIterator[LiveReplay]:
    """Started, and stopped at the end."""
    controller, terminal = os.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "replay", week, "--live", "--speed", speed),
        env=os.environ | world.worker.environment | {"TERM": "dumb", "COLUMNS": "300"},
        stderr=terminal,
    )
    os.close(terminal)
    replay = LiveReplay(process)
    reading = threading.Thread(target=_read, args=(controller, replay.said))
    reading.start()
    try:
        yield replay
    finally:
        await replay.stop()
        await asyncio.to_thread(reading.join)
        os.close(controller)


def _read(controller: int, said: list[str]) -> None:
    """All that is written to the terminal, until nobody holds it any more (Linux tells that as an error)."""
    with suppress(OSError):
        while data := os.read(controller, 1 << 16):
            said.append(data.decode(errors="replace"))
