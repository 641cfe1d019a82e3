"""`toptopics demo`: the whole product on invented posts, without any preparation.

It runs a real broker, a real Redis and the real stages in a data folder of its own, which is emptied first. Posts are
sent at a steady rate, topics are shown as they are found, and the digests of three weeks end the demo.
"""

import asyncio
import shutil
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.live import Live

from models.events import Influencer
from models.render import render
from models.text.terminal import printable
from streams.clock import system_clock
from streams.demo.catalogue import DEMO_WEEKS, accounts
from streams.demo.posts import demo_lines
from streams.demo.screen import Screen
from streams.demo.steps import Steps
from streams.demo.worker_log import closing_week, starting_stages
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.influencers import put_influencers
from streams.local.services import Services, running_services
from streams.redis_store.client import open_views
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, load_settings
from streams.sources.files.ingest import IngestCounts, Pace, ingest_files
from streams.stages.table import STAGE_NAMES
from streams.views.board import Board

POSTS_PER_SECOND = 50.0
IDLE_SECONDS = 5.0  # the last week closes when the stream has been quiet for this long
PATIENCE_SECONDS = 900.0  # without any change: waiting longer does not help


class DemoError(RuntimeError):
    """The demo failed. The message says where to look."""


@dataclass(frozen=True)
class Demo:
    """Settings of one run."""

    folder: Path  # emptied at the start
    console: Console
    keep: bool = False  # whether to stay up at the end
    rate: float = POSTS_PER_SECOND  # posts per second

    def say(self, line: str) -> None:
        """Print one line of progress."""
        self.console.print(f"[bold]==>[/] {line}", highlight=False)


class SignsOfLife:
    """Measures how long nothing has changed: a slow machine may take any time, a stopped one is reported."""

    def __init__(self) -> None:
        self._last: object = None
        self._since = time.monotonic()

    def silent(self, now: object) -> float:
        """Seconds since `now` had another value."""
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return time.monotonic() - self._since


def run_demo(demo: Demo) -> dict[str, PublishedDigest]:
    """Run the demo to its end and return the digests by week.

    Raises:
        DemoError: The demo failed.
        LocalServiceError: It cannot be done; the message names the ways out.
    """
    shutil.rmtree(demo.folder, ignore_errors=True)
    demo.folder.mkdir(parents=True)
    posts = demo.folder / "posts.jsonl"
    posts.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in demo_lines()))
    demo.say(f"Three weeks of invented posts: {posts}")
    steps = Steps(demo.say)
    steps.begin("services", "Starting Kafka and Redis (the first time, their files are downloaded)")
    with running_services(demo.folder, progress=lambda line: demo.say(f"  {line}")) as services:
        steps.end("services", "running")
        digests = asyncio.run(_play(demo, services, posts, steps))
    demo.say(f"Done: {len(digests)} digests, {steps.seconds:.0f} s in all.")
    return digests


async def _play(demo: Demo, services: Services, posts: Path, steps: Steps) -> dict[str, PublishedDigest]:
    settings = load_settings(
        kafka_bootstrap_servers=services.kafka, redis_url=services.redis, data_dir=demo.folder, prefix=""
    )
    await ensure_topics(settings)
    await put_influencers(settings, _people(), at=system_clock())
    log_file = demo.folder / "worker.log"
    steps.begin("stages", f"Starting the stages embed, assign, view and week-close; their log: {log_file}")
    with log_file.open("wb") as log:
        environment = environment_for(
            services.kafka,
            services.redis,
            TOPTOPICS_DATA_DIR=str(demo.folder),
            TOPTOPICS_WEEK_IDLE_SECONDS=str(IDLE_SECONDS),
            TOPTOPICS_LOG_FORMAT="json",
            TOPTOPICS_PREFIX="",
        )
        worker = Worker(list(STAGE_NAMES), environment, log)
        running = asyncio.create_task(worker.supervise())
        try:
            digests = await _until_digests(demo, settings, posts, worker, steps)
            _show(demo, digests)
            if demo.keep:
                await _stay(demo, services)
        finally:
            steps.begin("stopping", "Stopping the stages")
            worker.stop()
            await running
            steps.end("stopping", "stopped")
    return digests


def _people() -> list[Influencer]:
    """The demo's authors as the list of people."""
    return [Influencer(id=one.handle, name=one.name, handles={"x": one.handle}) for one in accounts()]


async def _until_digests(
    demo: Demo, settings: Settings, posts: Path, worker: Worker, steps: Steps
) -> dict[str, PublishedDigest]:
    screen = Screen(demo.console)

    def advance(_name: str, _position: int, now: IngestCounts) -> None:
        screen.sent, screen.bad = now.sent, now.bad

    steps.begin("posts", f"Playing the posts into Kafka, {demo.rate:.0f} a second, a few of them broken on purpose")
    ingest = asyncio.create_task(
        ingest_files(
            settings,
            [str(posts)],
            form="auto",
            columns={},
            clock=system_clock,
            pace=Pace(rate=demo.rate),
            report=lambda *_: None,
            advance=advance,
        )
    )
    try:
        return await _watch(demo, settings, screen, ingest, worker, steps)
    finally:
        # separately and to its end: when it is cancelled together with its client's tasks, it cannot close the client
        ingest.cancel()
        await asyncio.wait({ingest})


async def _watch(
    demo: Demo, settings: Settings, screen: Screen, ingest: "asyncio.Task[IngestCounts]", worker: Worker, steps: Steps
) -> dict[str, PublishedDigest]:
    log, signs = demo.folder / "worker.log", SignsOfLife()
    counts = IngestCounts()
    digests: dict[str, PublishedDigest] = {}
    screen.starting = list(STAGE_NAMES)
    async with open_views(str(settings.redis_url), settings.prefix) as views:
        board = Board(views)
        with _live(demo.console, screen):
            while not (ingest.done() and set(DEMO_WEEKS) <= set(digests)):
                if worker.exit_code:
                    raise DemoError(f"the worker ended with {worker.exit_code}; see {log}")
                screen.doing = closing_week(log)
                if screen.starting:  # this reads the whole log
                    screen.starting = starting_stages(log, screen.starting)
                await board.refresh()
                if signs.silent((screen.sent, board.posts, screen.doing, len(digests))) > PATIENCE_SECONDS:
                    raise DemoError(f"nothing happened for {PATIENCE_SECONDS / 60:.0f} minutes; see {log}")
                if not screen.starting:
                    steps.end("stages", "all four are running")
                if ingest.done():
                    counts = ingest.result()  # raises the error of a failed ingest
                    _all_sent(steps, counts)
                screen.show(board, digests, total=counts.sent)
                await asyncio.sleep(1.0)
                digests = await read_digests(settings)
            counts = ingest.result()
            await board.refresh()
            screen.show(board, digests, total=counts.sent)
    _all_sent(steps, counts)
    steps.end("digests", "all digests are published")
    return digests


def _all_sent(steps: Steps, counts: IngestCounts) -> None:
    if steps.running("posts"):
        steps.end("posts", f"{counts.sent:,} posts sent, {counts.bad} broken lines refused")
        steps.begin("digests", f"Waiting for the digests of {', '.join(DEMO_WEEKS)}")


def _live(console: Console, screen: Screen) -> "AbstractContextManager[object]":
    """A live table on a terminal; elsewhere `screen` prints a line from time to time."""
    if console.is_terminal:
        screen.live = Live(console=console, refresh_per_second=4)
        return screen.live
    return nullcontext()


def _show(demo: Demo, digests: dict[str, PublishedDigest]) -> None:
    for week, entry in digests.items():
        demo.say(f"The digest of {week}, as an event on the topic `digests`, rendered as Markdown:\n")
        demo.console.print(printable(render(entry.digest, "markdown")), markup=False, highlight=False, soft_wrap=True)


async def _stay(demo: Demo, services: Services) -> None:
    demo.say("Staying up until Ctrl-C. In another terminal:")
    settings = f"TOPTOPICS_DATA_DIR={demo.folder}"
    for command in ("toptopics watch", "toptopics serve", "toptopics digest 2021-W11"):
        demo.console.print(f"      {settings} .venv/bin/{command}", highlight=False, soft_wrap=True)
    demo.console.print(f"      Kafka: {services.kafka}   Redis: {services.redis}", highlight=False, soft_wrap=True)
    stopped = asyncio.Event()
    with suppress(asyncio.CancelledError):
        await stopped.wait()
