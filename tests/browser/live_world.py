"""The whole product behind a browser: a real broker and Redis, a worker with MiniLM, the service, and the demo's posts.

Posts go in as `toptopics ingest` sends them, paced, so that things change while a page is open. Two pages are opened
before the first post and are left open, as people leave them: the ranking and the archive of digests.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from playwright.async_api import Page, expect

from streams.clock import system_clock
from streams.demo import demo_lines
from streams.ingest import IngestCounts, Pace, ingest_files
from streams.settings import Settings
from tests.browser.opening import Open
from tests.browser.service import ServiceProcess
from tests.integration.pipeline import WorkerProcess, pipeline_settings

# from the Thursday of the first week to the Tuesday of the second, which closes the first
THURSDAY, TUESDAY = 274, 840
POSTS_PER_SECOND = 60.0
PATIENCE = 120_000  # milliseconds; machines that test are busy
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
            await expect(ranking.get_by_role("heading", name="No posts yet")).to_be_visible(timeout=PATIENCE)
            await expect(archive.get_by_role("heading", name="No digest yet")).to_be_visible(timeout=PATIENCE)
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
    """`toptopics replay WEEK --live` as a user starts it. prefix: its namespace, as it says."""

    process: asyncio.subprocess.Process
    prefix: str
    said: list[str]

    @contextmanager
    def held(self) -> Iterator[None]:
        """It feeds nothing meanwhile, as under Ctrl-Z: its stages, which are processes of their own, go on."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    async def end(self) -> int:
        """Its exit code, once it is over by itself."""
        assert self.process.stderr is not None
        self.said += (await self.process.stderr.read()).decode().splitlines()
        return await self.process.wait()


@asynccontextmanager
async def live_replay(world: LiveWorld, week: str, speed: str) -> AsyncIterator[LiveReplay]:
    """Playing, once it has said where."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", "replay", week, "--live", "--speed", speed),
        env=os.environ | world.worker.environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE / 1_000)).decode()
        found = re.match(r"TOPTOPICS_PREFIX=(\S+) toptopics serve --port 0", line)
        assert found, line
        yield LiveReplay(process, found[1], [line])
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
