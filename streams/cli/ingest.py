"""`toptopics ingest`: posts from files to Kafka."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.text.terminal import on_one_line
from streams.cli.common import fail, is_terminal, run, services, settings_or_exit
from streams.clock import system_clock

if TYPE_CHECKING:
    from rich.progress import TaskID

    from streams.sources.files.ingest import IngestCounts

FormatOption = Annotated[str, typer.Option("--format", help="auto, csv, or a name in `toptopics help sources`.")]
MapOption = Annotated[list[str], typer.Option("--map", help="CSV: field=column; repeatable.")]
SHOWN_ERRORS = 20
SHOWN_REASONS = 5  # of ignored records, the most frequent


def parse_columns(pairs: list[str]) -> dict[str, str]:
    """Field -> column, from pairs such as "id=tweet_id".

    Raises:
        typer.BadParameter: a pair has another form.
    """
    columns = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise typer.BadParameter(f"{pair!r} is not field=column", param_hint="--map")
        columns[name] = column
    return columns


def parse_speed(text: str | None) -> float | None:
    """The factor: 60.0 for "60x" or "60".

    Raises:
        typer.BadParameter: the text is no positive factor.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)x?", text)
    if match is None or float(match[1]) <= 0:
        raise typer.BadParameter(f"{text!r} is not a speed such as 60x", param_hint="--speed")
    return float(match[1])


def ingest(
    files: Annotated[list[str], typer.Argument(help="Files (plain, .gz, .bz2), or - for standard input.")],
    form: FormatOption = "auto",
    mapping: MapOption = [],  # noqa: B006
    rate: Annotated[float | None, typer.Option(min=0.01, help="Maximum posts per second.")] = None,
    speed: Annotated[
        str | None, typer.Option(help="Send in event time: 1x is real time, 60x is one hour per minute.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Read posts from files and write them to `tweets`.

    A bad line is reported with its number and goes to `dead-letters`. The other lines are read. Exit code 1: there was
    a bad line.

    Examples:

    * `toptopics ingest posts.jsonl.gz`
    * `zcat posts.jsonl.gz | toptopics ingest -`
    * `toptopics ingest month.jsonl --speed 3600x`
    * `toptopics ingest export.csv --map id=tweet_id --map author=handle`
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from streams.sources.files.ingest import IngestCounts, Pace, ingest_files

    settings = settings_or_exit()
    columns = parse_columns(mapping)
    pace = Pace(rate, parse_speed(speed))
    missing = [file for file in files if file != "-" and not Path(file).is_file()]
    if missing:
        fail(f"file not found: {', '.join(missing)}", 2)
    sizes = {file: Path(file).stat().st_size for file in files if file != "-"}
    shown = 0

    console = Console(stderr=True)
    with (
        services(settings) as connected,
        Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[posts]:>9,} posts {task.fields[rate]:>7,.0f}/s"),
            TimeRemainingColumn(),
            console=console,
            disable=not is_terminal(),
        ) as progress,
    ):
        tasks: dict[str, TaskID] = {}

        def report(name: str, line: object, reason: str) -> None:
            nonlocal shown
            shown += 1
            if shown <= SHOWN_ERRORS:
                console.print(f"{name}:{getattr(line, 'number', '?')}: {on_one_line(reason)}", markup=False)
            elif shown == SHOWN_ERRORS + 1:
                console.print("… further bad lines are only counted; `toptopics dead-letters` lists all of them")

        def advance(name: str, position: int, counts: IngestCounts) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(Path(name).name, total=sizes.get(name), posts=0, rate=0.0)
            task = progress.tasks[list(tasks).index(name)]
            elapsed = task.elapsed or 0.0
            total_rate = counts.sent / elapsed if elapsed > 0 else 0.0
            progress.update(tasks[name], completed=position, posts=counts.sent, rate=total_rate)

        try:
            counts = run(
                ingest_files(
                    connected,
                    files,
                    form=form,
                    columns=columns,
                    clock=system_clock,
                    pace=pace,
                    report=report,
                    advance=advance,
                )
            )
        except ValueError as error:
            fail(str(error), 2)
    _print_counts(counts, as_json)
    if counts.bad:
        raise typer.Exit(1)


def _print_counts(counts: "IngestCounts", as_json: bool) -> None:
    import orjson

    if as_json:
        typer.echo(orjson.dumps({"sent": counts.sent, "ignored": counts.ignored, "bad": counts.bad}).decode())
        return
    typer.echo(f"{counts.sent:,} posts sent, {counts.ignored:,} ignored, {counts.bad:,} bad lines")
    for reason, times in counts.reasons.most_common(SHOWN_REASONS):
        typer.echo(f"ignored {times:,} ×: {on_one_line(reason)}")
