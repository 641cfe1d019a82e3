"""`toptopics backfill`: archives to Kafka, and the digests of all their weeks."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from models.text.terminal import json_text, on_one_line
from streams.cli.common import fail, is_terminal, run, services, settings_or_exit
from streams.cli.ingest import SHOWN_ERRORS, FormatOption, MapOption, parse_columns
from streams.clock import system_clock
from streams.stages.table import STAGE_NAMES

if TYPE_CHECKING:
    from streams.kafka.digests import PublishedDigest
    from streams.replay.backfill import Backfill
    from streams.replay.bluesky import Weeks
    from streams.settings import Settings

T = TypeVar("T")
INTERRUPTED = 130  # the convention of shells: 128 plus the number of the signal
CLOSING_STAGES = {"week-close"}  # it starts after the vectors of all files are on the log


def backfill(
    files: Annotated[list[str], typer.Argument(help="Files of any format that is read, or the word bluesky.")],
    form: FormatOption = "auto",
    mapping: MapOption = [],  # noqa: B006
    first: Annotated[str | None, typer.Option("--from", help="bluesky: the first week, such as 2026-W30.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="bluesky: the last week (default: the first).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line per digest.")] = False,
) -> None:
    """Write archives to Kafka and make the digests of all their weeks, in order.

    `bluesky` fetches the listed people's posts of past weeks: from the archive of the network with BLUESKY_ARCHIVE_KEY,
    else from their feeds. Stages that do not run are started for the duration of the command. After Ctrl-C, the same
    command continues where it stopped. Exit code 1: there was a bad line.

    Examples:

    * `toptopics backfill 2021-05.jsonl.gz`
    * `toptopics backfill archive/*.jsonl.gz --json`
    * `BLUESKY_ARCHIVE_KEY=… toptopics backfill bluesky --from 2026-W30 --to 2026-W40`
    """
    from streams.refit.client import RefitError
    from streams.replay.backfill import Backfill
    from streams.system.logs import set_up_logging

    settings = settings_or_exit()
    set_up_logging(settings, stage="backfill")
    weeks = _weeks(files, first, last, settings)
    paths = [] if weeks else _existing(files)
    with (
        services(settings) as connected,
        _fetched(connected, weeks, paths) as given,
        _Screen(given, as_json=as_json) as screen,
    ):
        job = Backfill(given, system_clock, "jsonl" if weeks else form, parse_columns(mapping))
        job = replace(job, report=screen.bad, advance=screen.advance, waiting=screen.waiting, digest=screen.published)
        try:
            bad = run(_fill(connected, job))
        except (ValueError, StagesError, RefitError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            fail("interrupted: the posts that were sent stay; run the same command to continue", INTERRUPTED)
    if bad:
        raise typer.Exit(1)


def _existing(files: list[str]) -> list[Path]:
    paths = [Path(file) for file in files]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        fail(f"no such file: {', '.join(missing)}", 2)
    return paths


def _weeks(files: list[str], first: str | None, last: str | None, settings: "Settings") -> "Weeks | None":
    """The weeks of `backfill bluesky`; None for files."""
    from streams.replay.bluesky import Weeks

    if files != ["bluesky"]:
        if first or last:
            fail("--from and --to belong to `backfill bluesky`: an archive says itself which weeks it has", 2)
        return None
    if first is None:
        fail("which weeks? toptopics backfill bluesky --from 2026-W30 --to 2026-W40", 2)
    try:
        return Weeks.parse(first, last or first, settings.timezone)
    except ValueError as error:
        fail(str(error), 2)


@contextmanager
def _fetched(settings: "Settings", weeks: "Weeks | None", paths: list[Path]) -> "Iterator[list[Path]]":
    """The files to fill in: the given ones, or one with the posts of some weeks, which goes once it was used."""
    from streams.replay.bluesky import fetch_weeks
    from streams.sources.port import DisconnectedError, RefusedError
    from streams.sources.registry import environment

    if weeks is None:
        yield paths
        return
    try:
        path = run(fetch_weeks(settings, weeks, environment=environment(), clock=system_clock))
    except (RefusedError, DisconnectedError) as error:
        fail(str(error))
    yield [path]
    path.unlink()


class _Screen:
    """Progress bars on a terminal, and one line per digest on standard output."""

    def __init__(self, files: list[Path], *, as_json: bool = False) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not is_terminal(),
        )
        self._tasks = {file: self._bar.add_task(file.name, total=file.stat().st_size) for file in files}
        self._wait = self._bar.add_task("digests", total=1.0)
        self._bad = 0
        self._as_json = as_json

    def __enter__(self) -> "_Screen":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def advance(self, file: Path, position: int) -> None:
        """A file is read up to `position` (bytes)."""
        self._bar.update(self._tasks[file], completed=position)

    def waiting(self, what: str, share: float) -> None:
        """All files are sent; `what` is still missing, and `share` of it is done (0 to 1)."""
        self._bar.update(self._wait, description=what, completed=share)

    def bad(self, name: str, line: Any, reason: str) -> None:
        """A line is not usable."""
        self._bad += 1
        if self._bad <= SHOWN_ERRORS:
            self._console.print(f"{name}:{line.number}: {on_one_line(reason)}", markup=False)

    def published(self, entry: "PublishedDigest") -> None:
        """The digest of a week is published."""
        topics = len(entry.digest.topics)
        if self._as_json:
            import orjson

            data = {"week": entry.digest.week, "revision": entry.revision, "topics": topics}
            typer.echo(json_text(orjson.dumps({**data, "headline": entry.digest.headline.text})))
            return
        headline = on_one_line(entry.digest.headline.text)
        typer.echo(f"{entry.digest.week}  r{entry.revision}  {topics} topics  {headline}")


class StagesError(RuntimeError):
    """A stage gave up; its log says why."""


async def _fill(settings: "Settings", job: "Backfill") -> int:
    """Send the files, then make the digests; the number of bad lines."""
    from streams.replay.backfill import ingest_all, wait_for_digests, wait_for_vectors

    streaming = set(STAGE_NAMES) - CLOSING_STAGES
    async with _stages(settings, streaming, "backfill.log") as failed:
        counts, weeks = await _unless(failed, ingest_all(settings, job))
        typer.echo(f"{counts.sent:,} posts sent, {counts.bad:,} bad lines, {len(weeks)} weeks", err=True)
        await _unless(failed, wait_for_vectors(settings, job))
        async with _stages(settings, CLOSING_STAGES, "backfill-week-close.log") as closing_failed:
            left = await _unless(closing_failed, wait_for_digests(settings, job, weeks))
    for week in left:
        typer.echo(f"{week}  is not over yet; a running worker closes it", err=True)
    return int(counts.bad)


async def _unless(failed: "asyncio.Future[None]", work: "Coroutine[Any, Any, T]") -> T:
    """The result of `work`.

    Raises:
        StagesError: a stage gave up before `work` ended.
    """
    working = asyncio.ensure_future(work)
    either: set[asyncio.Future[Any]] = {working, failed}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            failed.result()
        return await working
    finally:
        working.cancel()


@asynccontextmanager
async def _stages(settings: "Settings", names: set[str], log_name: str) -> "AsyncIterator[asyncio.Future[None]]":
    """Run the stages that do not run elsewhere. The future fails when one of them gives up.

    Args:
        settings: with the addresses of Kafka and Redis.
        names: the stages that are needed.
        log_name: the file in the data folder for their logs.
    """
    from streams.kafka.lag import idle_groups
    from streams.kafka.log import group_name
    from streams.runtime.worker import Worker, environment_for

    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    groups = {group_name(settings, name): name for name in sorted(names)}
    missing = [groups[group] for group in await idle_groups(settings, list(groups))]
    if not missing:
        yield failed
        return
    log = settings.data_dir / log_name
    typer.echo(f"running the stages {', '.join(missing)}; their log is {log}", err=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as log_file:
        given = environment_for(
            str(settings.kafka_bootstrap_servers), str(settings.redis_url), TOPTOPICS_LOG_FORMAT="json"
        )
        worker = Worker(missing, given, log_file)

        async def run_them() -> None:
            await worker.supervise()
            if worker.exit_code and not failed.done():
                failed.set_exception(StagesError(f"a stage gave up; its log is {log}"))

        running = asyncio.create_task(run_them())
        try:
            yield failed
        finally:
            worker.stop()
            await running
            if not failed.cancel():
                failed.exception()  # retrieved, because asyncio warns of exceptions that are not
