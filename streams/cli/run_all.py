"""`toptopics run`: everything that one machine needs, in one terminal, with one status screen.

Parts: Kafka and Redis (unless addresses are given), the stages, the sources that have people, the page, and push. Each
runs in a process of its own and is started again when it ends. The log lines of all of them are in `run.log` of the
data folder while a terminal shows the screen; otherwise they are on standard error.
"""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from models.text.terminal import on_one_line
from streams.cli.common import fail, is_terminal, services, settings_or_exit
from streams.stages.table import STAGE_INPUTS, STAGE_NAMES

if TYPE_CHECKING:
    from rich.table import Table

    from models.events import Influencer
    from streams.runtime.worker import Worker
    from streams.settings import Settings
    from streams.sources.cursors import Health

LOOK_SECONDS: Final = 2.0  # between two looks at the parts
LIST_SECONDS: Final = 10.0  # between two looks at the list of people
NOBODY: Final = 'nobody is listed: toptopics influencers add "Ada" --bluesky ada.bsky.social'
# source -> the variable without which it cannot work, for each platform the source that needs no special plan
NEEDED: Final = {"bluesky": "", "rss": "", "mastodon": "MASTODON_URL", "x-timelines": "X_BEARER_TOKEN"}
Row = tuple[str, str, str]  # part, state, more


def run_all(
    port: Annotated[int | None, typer.Option(help="Port of the page; 0: a free port.")] = None,
    lookback: Annotated[float, typer.Option(min=0, help="Days that a source reads back at its first start.")] = 1.0,
) -> None:
    """Run everything on this machine until Ctrl-C: services, stages, sources, the page and deliveries.

    A source runs while a listed person has a handle for it and its variables are set. A change of the list counts
    within seconds. The screen shows what runs and what is missing. Exit code 3: a stage gave up.

    Examples:

    * `toptopics run`, then `toptopics influencers import handles.txt` in another terminal
    * `X_BEARER_TOKEN=… toptopics run --lookback 7`
    """
    from streams.api.app import UnsafeBindingError, check_binding
    from streams.system.logs import set_up_logging

    settings = settings_or_exit(port=port)
    if settings.community:
        fail("everything runs for the installation and all its communities: start it without a community", 2)
    try:
        check_binding(settings)
    except UnsafeBindingError as error:
        fail(str(error), 2)
    with services(settings) as connected, ExitStack() as stack:
        log_file = stack.enter_context((connected.data_dir / "run.log").open("ab")) if is_terminal() else None
        if log_file is None:
            set_up_logging(settings, stage="run")
        code = asyncio.run(_Parts(connected, lookback, log_file).run())
    if code:
        raise typer.Exit(code)


def sources_for(people: "Sequence[Influencer]", variables: "Sequence[str]") -> tuple[list[str], list[str]]:
    """Decide which sources can run.

    Args:
        people: the listed people.
        variables: the names of the variables that are set.

    Returns:
        The sources, and for each platform that has people but cannot run, what is missing.
    """
    from streams.sources.people.wanted import PLATFORM_OF

    able, missing = [], []
    for source, variable in NEEDED.items():
        platform = PLATFORM_OF.get(source, source)
        count = sum(bool(person.handles.get(platform)) for person in people)
        if count and variable and variable not in variables:
            missing.append(f"{count} of {len(people)} people are on {platform}: set {variable}")
        elif count:
            able.append(source)
    return able, missing


class _Parts:
    """The processes, and what the screen says of them."""

    def __init__(self, settings: "Settings", lookback: float, log_file: "IO[bytes] | None") -> None:
        from streams.kafka.communities import read_communities
        from streams.runtime.fleet import Fleet
        from streams.runtime.worker import Worker, environment_for

        self._settings = settings
        self._lookback = lookback
        self._log_file = log_file
        self._given = environment_for(str(settings.kafka_bootstrap_servers), str(settings.redis_url))
        self._stages = Fleet(STAGE_NAMES, settings, self._given, lambda: read_communities(settings), log_file)
        self._others = self._commands(f"serve --port {settings.port}", "push")
        self._sources: Worker | None = None
        self._notes = [NOBODY]
        self._stopping = asyncio.Event()

    def _commands(self, *commands: str) -> "Worker":
        from streams.runtime.worker import Worker

        return Worker(commands, self._given, self._log_file, module="streams.cli.part")

    async def run(self) -> int:
        """Run until a signal, or until a stage gives up. Returns the exit code."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, self._stopping.set)
        running = [asyncio.create_task(worker.supervise()) for worker in (self._stages, self._others)]
        watching = [asyncio.create_task(self._follow_the_list()), asyncio.create_task(self._show())]
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({*running, *watching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in watching:
            task.cancel()
        ended = await asyncio.gather(*watching, return_exceptions=True)
        for worker in (self._stages, self._others):
            worker.stop()
        await asyncio.gather(*running)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        return self._stages.exit_code

    async def _follow_the_list(self) -> None:
        """Start the sources that have people, and others when the list changes."""
        from streams.kafka.influencers import read_influencers
        from streams.sources.registry import environment

        sources: list[str] = []
        task: asyncio.Task[None] | None = None
        try:
            while True:
                people = await read_influencers(self._settings)
                wanted, self._notes = sources_for(people, list(environment()))
                self._notes += [] if people else [NOBODY]
                if wanted != sources:
                    await self._end_sources(task)
                    sources = wanted
                    if wanted:
                        self._sources = self._commands(f"source {' '.join(wanted)} --lookback {self._lookback}")
                        task = asyncio.create_task(self._sources.supervise())
                await asyncio.sleep(LIST_SECONDS)
        finally:
            await self._end_sources(task)

    async def _end_sources(self, task: "asyncio.Task[None] | None") -> None:
        if self._sources is not None and task is not None:
            self._sources.stop()
            await task
        self._sources = None

    async def _show(self) -> None:
        """Draw the screen on a terminal; elsewhere print what changes, a line each."""
        from rich.console import Console
        from rich.live import Live

        if self._log_file is None:
            said: dict[str, Row] = {}
            while True:
                for row in await self._rows():
                    if said.get(row[0]) != row:
                        said[row[0]] = row
                        typer.echo(": ".join(filter(None, row)), err=True)
                await asyncio.sleep(LOOK_SECONDS)
        with Live(console=Console(), auto_refresh=False, screen=False) as live:
            while True:
                live.update(self._table(await self._rows()), refresh=True)
                await asyncio.sleep(LOOK_SECONDS)

    def _table(self, rows: list[Row]) -> "Table":
        from rich.box import SIMPLE
        from rich.markup import escape
        from rich.table import Table

        table = Table(title="Top Topics", title_justify="left", box=SIMPLE, pad_edge=False, show_header=False)
        for part, state, more in rows:
            table.add_row(part, escape(on_one_line(state)), escape(on_one_line(more)))
        if self._log_file is not None:
            table.caption = f"log: {self._log_file.name} · Ctrl-C stops everything"
        return table

    async def _rows(self) -> list[Row]:
        settings = self._settings
        rows: list[Row] = [
            ("Kafka", "runs", str(settings.kafka_bootstrap_servers)),
            *await self._stage_rows(),
            *self._source_rows(),
            ("page", _state("serve", self._others), f"http://{settings.host}:{settings.port}"),
            ("push", _state("push", self._others), "toptopics subscriptions add NAME"),
        ]
        return [*rows, *await self._digest_rows()]

    async def _stage_rows(self) -> list[Row]:
        from aiokafka.errors import KafkaError

        from streams.kafka.lag import stage_states

        try:
            states = await stage_states(self._settings, STAGE_INPUTS)
        except (KafkaError, OSError, TimeoutError) as error:
            return [("stages", "unknown", f"Kafka does not answer: {type(error).__name__}")]
        return [
            (name, "runs" if one.running else "starts", f"{one.waiting:,} records wait" if one.waiting else "")
            for name, one in states.items()
        ]

    def _source_rows(self) -> list[Row]:
        from streams.sources.cursors import healths

        known = {one.source: one for one in healths(self._settings.data_dir / "sources")}
        running = self._sources.running if self._sources else []
        names = [name for command in running for name in command.split()[1:] if name in NEEDED]
        rows: list[Row] = []
        for name in names:
            health = known.get(name)
            rows.append(
                (f"source {name}", health.state, _posts(health)) if health else (f"source {name}", "starts", "")
            )
        return [*rows, *((f"note {number}", note, "") for number, note in enumerate(self._notes, start=1))]

    async def _digest_rows(self) -> list[Row]:
        from streams.kafka.digests import read_digests

        digests = await read_digests(self._settings)
        if not digests:
            return [("digest", "none yet", "the first one comes when a week is over")]
        newest = digests[max(digests)]
        return [("digest", newest.digest.week, newest.digest.headline.text)]


def _posts(health: "Health") -> str:
    return f"{health.sent:,} posts" + (f"; {health.last_error}" if health.last_error else "")


def _state(name: str, worker: "Worker") -> str:
    return "runs" if any(command.split()[0] == name for command in worker.running) else "starts again"
