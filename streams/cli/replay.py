"""`toptopics replay`: the digests of past weeks, rebuilt from the log."""

import asyncio
import signal
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from models.text.terminal import printable
from models.week.week import Week
from streams.cli.backfill import INTERRUPTED
from streams.cli.common import fail, is_terminal, run, services, settings_or_exit
from streams.cli.ingest import parse_speed
from streams.cli.replay_report import Wanted, differs, print_report, write
from streams.system.priority import lower_priority

if TYPE_CHECKING:
    from streams.replay.live import Advance
    from streams.replay.rebuild import Plan, Replayed, Report
    from streams.settings import Settings

INPUTS: Final = ("tweets.embedded", "tweets")
T = TypeVar("T")
STOPPED: Final = 143  # the convention of shells: 128 plus the number of the signal
PRIORITY_STEPS: Final = 10  # of `nice`, inherited by child processes: live stages on the same machine go first


def replay(
    week: Annotated[str | None, typer.Argument(help="A week, such as 2021-W18.")] = None,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    source: Annotated[
        str, typer.Option(help="Topic to read: tweets.embedded, or tweets to embed the posts again.")
    ] = INPUTS[0],
    settings_pairs: Annotated[list[str], typer.Option("--set", help="A digest setting as key=value; repeatable.")] = [],  # noqa: B006
    compare: Annotated[bool, typer.Option("--compare", help="Show the changes against the published digest.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Check that the bytes equal the published digest.")] = False,
    late: Annotated[
        bool, typer.Option("--late", help="Include posts that arrived after the published digest.")
    ] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Publish the result as a correction.")] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Play the week through the stages, in a namespace of its own.")
    ] = False,
    speed: Annotated[str, typer.Option(help="With --live: 60x is one hour per minute.")] = "60x",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the rebuilt digests.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again instead of continuing an interrupted run.")
    ] = False,
) -> None:
    """Rebuild the digest of a week from the log, with the present code and settings. Live data do not change.

    `--from` and `--to` select every week with a day between them. The weeks are a chain: each digest builds on the one
    before. After Ctrl-C, the same command continues with the interrupted week. Exit code 1: `--verify` found a
    difference; it prints the input that differs.

    A digest that was published with `--set` keeps these settings in corrections, and `--verify` uses them. To return to
    the defaults, publish without `--set`.

    Examples:

    * `toptopics replay 2021-W18 --verify`
    * `toptopics replay 2021-W18 --set min_topic_posts=6 --compare`
    * `toptopics replay --from 2021-05-03 --to 2021-05-30 --out rebuilt/`
    * `toptopics replay 2021-W18 --source tweets --compare`
    * `toptopics replay 2021-W18 --publish`
    * `toptopics replay 2021-W18 --set max_entries=12 --publish`
    * `toptopics replay 2021-W18 --live --speed 600x`
    """
    from streams.replay.editions import edition_differences
    from streams.replay.rebuild import Plan

    settings = settings_or_exit()
    if source not in INPUTS:
        fail(f"unknown source {source!r}; one of: {', '.join(INPUTS)}", 2)
    if verify and (publish or late):
        fail("--verify compares with the published digest: it cannot be combined with --publish or --late", 2)
    if live and (verify or publish or compare or settings_pairs or out or as_json):
        fail("--live only plays: it cannot be combined with --verify, --compare, --publish, --set, --out or --json", 2)
    plan = Plan(_weeks(settings, week, since, until), source, _pairs(settings_pairs), verify, late)  # type: ignore[arg-type]
    lower_priority(PRIORITY_STEPS)
    if live:
        _live(settings, plan, speed)
        return
    with services(settings) as connected:
        done = _replay(connected, plan, fresh=fresh)
        editions = run(edition_differences(connected, done)) if verify else []
        published = [_publish(connected, one) for one in done] if publish else []
    if out is not None:
        write(done, out)
    if compare or verify or not (publish or out):
        print_report(done, Wanted(compare, verify, as_json))
    for line in [*editions, *published]:
        typer.echo(line, err=as_json)
    if editions or differs(done, Wanted(compare, verify)):
        raise typer.Exit(1)


def _weeks(settings: "Settings", week: str | None, since: datetime | None, until: datetime | None) -> Sequence[Week]:
    from streams.replay.rebuild import weeks_between

    if (week is None) == (since is None) or (until is not None and since is None):
        fail("give a week such as 2021-W18, or days with --from (and --to)", 2)
    try:
        if week is not None:
            return [Week.parse(week, settings.timezone)]
        assert since is not None
        return weeks_between(since.date(), (until or since).date(), settings.timezone)
    except ValueError as error:
        fail(str(error), 2)


def _pairs(texts: list[str]) -> dict[str, str]:
    from streams.refit.settings import config_with

    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            fail(f"{text!r} is not key=value", 2)
        pairs[name] = value
    try:
        config_with(pairs)
    except ValueError as error:
        fail(str(error), 2)
    return pairs


def _replay(settings: "Settings", plan: "Plan", *, fresh: bool) -> "list[Replayed]":
    from streams.refit.client import RefitError
    from streams.replay.rebuild import replay as rebuild
    from streams.replay.store import ReplayStore

    store = ReplayStore(settings.data_dir / "replay")
    with _progress(plan.weeks) as report:
        try:
            done = run(rebuild(settings, plan, store=None if fresh else store, report=report))
        except (RefitError, ValueError) as error:
            fail(str(error))
        except KeyboardInterrupt:
            fail("interrupted: the finished weeks are kept; run the same command to continue", INTERRUPTED)
    store.clear()
    for week in plan.weeks:
        if week not in [one.week for one in done]:
            typer.echo(f"{week}: the log has no posts of this week", err=True)
    if not done:
        raise typer.Exit(1)
    for one in done:
        for note in one.notes:
            typer.echo(printable(note), err=True)
        if one.resumed:
            typer.echo(f"{one.week}: kept from the interrupted run (--fresh rebuilds it)", err=True)
    return done


@contextmanager
def _progress(weeks: Sequence[Week]) -> "Iterator[Report]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not is_terminal()) as bar:
        task = bar.add_task("replay", total=float(len(weeks)))

        def report(week: Week, step: str, share: float) -> None:
            bar.update(task, description=f"{week} {step}", completed=list(weeks).index(week) + share)

        yield report


def _publish(settings: "Settings", one: "Replayed") -> str:
    from streams.clock import system_clock
    from streams.replay.rebuild import IncompleteLogError, publish

    try:
        entry = run(publish(settings, one, system_clock))
    except IncompleteLogError as error:
        fail(str(error))
    if entry is None:
        return f"{one.week}: nothing to publish, the bytes equal the published digest"
    return f"{one.week}: published as revision {entry.revision}"


def _live(settings: "Settings", plan: "Plan", speed: str) -> None:
    import secrets

    from streams.replay.live import LiveReplay, LiveReplayError, play

    if len(plan.weeks) != 1:
        fail("--live plays one week", 2)
    factor = parse_speed(speed)
    assert factor is not None

    def say(line: str) -> None:
        typer.echo(printable(line), err=True)

    token, watched = secrets.token_hex(2), is_terminal()
    with services(settings) as connected, _playing(plan.weeks[0]) as advance:
        live = LiveReplay(plan.weeks[0], token, factor, plan.source, watched, say, advance)
        try:
            run(until_signal(play(connected, live)))
        except LiveReplayError as error:
            fail(str(error))
        except asyncio.CancelledError:
            fail("stopped; the namespace is deleted", STOPPED)


async def until_signal(work: "Coroutine[Any, Any, T]") -> T:
    """The result of `work`. SIGTERM and SIGHUP cancel it, so that it can clean up."""
    task = asyncio.ensure_future(work)
    for sign in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    return await task


@contextmanager
def _playing(week: Week) -> "Iterator[Advance]":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not is_terminal()) as bar:
        task = bar.add_task(str(week), total=None, at="")

        def advance(done: int, of: int, at: datetime) -> None:
            bar.update(task, completed=done, total=of, at=f"{at:%a %H:%M}")

        yield advance
