"""`toptopics source` and `toptopics influencers`: real posts in, and whose."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams import cli_services
from streams.cli_common import fail, printable, run, services, settings_or_exit
from streams.clock import system_clock
from streams.settings import Settings

if TYPE_CHECKING:
    from models.events import Influencer, Tweet
    from streams.metrics import Metrics

SOURCE_NAMES = ("x-stream", "x-timelines", "x-deletions", "bluesky", "mastodon", "rss")
influencers = typer.Typer(no_args_is_help=True, help="The people whose posts are followed.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Days = Annotated[float, typer.Option(min=0.01, help="How many days of posts to look at, before the newest.")]


def source(
    names: Annotated[list[str], typer.Argument(help=f"One or more of: {', '.join(SOURCE_NAMES)}.")],
    others: Annotated[
        Literal["ignore", "context", "all"],
        typer.Option(
            envvar="TOPTOPICS_OTHERS",
            help="Posts of people not on the list: ignore them, keep those that take up a listed person, or keep all.",
        ),
    ] = "ignore",
    every: Annotated[float | None, typer.Option(min=1, help="Seconds between two rounds of a polling source.")] = None,
    lookback: Annotated[
        float, typer.Option(min=0, help="Days to read back at the first start (x-timelines, rss: of each new person).")
    ] = 1.0,
) -> None:
    """Put the posts of the listed people onto `tweets`, until stopped.

    A source goes on where it was, whatever ended it. Secrets come from the environment: see the README's table. Exit
    code 1 when the last source can never work.

    Examples:

    * `toptopics source bluesky rss`
    * `X_BEARER_TOKEN=… toptopics source x-timelines --every 3600`
    """
    from streams.logs import set_up_logging
    from streams.metrics import Metrics
    from streams.sources.catalogue import environment
    from streams.sources.port import RefusedError
    from streams.sources.service import Service, run_sources

    unknown = [name for name in names if name not in SOURCE_NAMES]
    if unknown:
        fail(f"no source {', '.join(unknown)}; there are: {', '.join(SOURCE_NAMES)}", 2)
    settings = settings_or_exit()
    set_up_logging(settings, stage="source")
    metrics = Metrics()
    with services(settings) as connected, _served(metrics, settings, names[0]):
        service = Service(
            connected, list(dict.fromkeys(names)), environment(), system_clock, others=others, every=every,
            lookback_days=lookback, metrics=metrics,
        )  # fmt: skip
        try:
            run(run_sources(service))
        except RefusedError as error:
            fail(printable(str(error)))


@contextmanager
def _served(metrics: "Metrics", settings: Settings, first: str) -> Iterator[None]:
    """The process's metrics port, where one is set: the ports after the stages' four, by its first source."""
    from streams.metrics import serve_metrics

    if not settings.metrics_port:
        yield
        return
    port = settings.metrics_port + 4 + SOURCE_NAMES.index(first)
    try:
        stop = serve_metrics(metrics, port)
    except OSError as error:
        fail(f"metrics cannot be served on port {port}: {error}")
    try:
        yield
    finally:
        stop()


@influencers.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    x: Annotated[str | None, typer.Option(help="Handle on X.")] = None,
    bluesky: Annotated[str | None, typer.Option(help="Handle or DID on Bluesky.")] = None,
    mastodon: Annotated[str | None, typer.Option(help="user@host on Mastodon.")] = None,
    rss: Annotated[str | None, typer.Option(help="Address of a feed.")] = None,
    weight: Annotated[float, typer.Option(min=0, max=100, help="1 is neutral, 0 silences, more lifts.")] = 1.0,
    tag: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    own_id: Annotated[str | None, typer.Option("--id", help="Default: the first handle.")] = None,
) -> None:
    """Add a person, or more handles to one.

    Example: `toptopics influencers add "Ada Example" --x ada --bluesky ada.bsky.social --tag nlp`
    """
    from streams.sources.influencer_files import make

    given = {"x": x, "bluesky": bluesky, "mastodon": mastodon, "rss": rss}
    handles = {platform: handle.strip().removeprefix("@") for platform, handle in given.items() if handle}
    if not handles and own_id is None:
        fail("give at least one handle, or an --id", 2)
    try:
        person = make(own_id or next(iter(handles.values())).lower(), name, handles, weight, tag)
    except ValueError as error:
        fail(str(error), 2)
    typer.echo(f"{_put([person])} on the list")


@influencers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A bare list of handles, CSV or JSON Lines.", exists=True)],
    platform: Annotated[
        Literal["x", "bluesky", "mastodon", "rss"] | None, typer.Option(help="Where the bare handles are.")
    ] = None,
) -> None:
    """Add everybody in a file. Nobody is added when a line is wrong.

    Example: `toptopics influencers import handles.txt --platform x`
    """
    from streams.sources.influencer_files import read_people

    try:
        people = read_people(file.read_text(encoding="utf-8"), platform)
    except ValueError as error:
        fail(f"{file}: {error}", 2)
    typer.echo(f"{len(people)} people read; {_put(people)} on the list")


def _put(people: "list[Influencer]") -> int:
    """Write them; the number of people on the list afterwards."""
    from streams.influencer_log import InfluencerError, merged, put_influencers, read_influencers

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        try:
            changed = merged(listed, people)
        except InfluencerError as error:
            fail(str(error))
        run(put_influencers(connected, changed, at=system_clock()))
    return len({person.id for person in [*listed, *changed]})


@influencers.command()
def remove(names: Annotated[list[str], typer.Argument(help="Ids, names or handles.")]) -> None:
    """Take people off the list. Exit code 1 when one is not on it."""
    from streams.influencer_log import found, read_influencers, remove_influencers

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        people = {name: found(listed, name) for name in names}
        gone = [person.id for person in people.values() if person is not None]
        run(remove_influencers(connected, gone, at=system_clock()))
    missing = [name for name, person in people.items() if person is None]
    typer.echo(f"{len(gone)} removed")
    if missing:
        fail(f"not on the list: {', '.join(missing)}")


@influencers.command("list")
def list_(
    scores: Annotated[bool, typer.Option("--scores", help="Influence from the stream, with its parts.")] = False,
    days: Days = 28.0,
    as_json: Json = False,
) -> None:
    """Show the list; with `--scores` also how much each person is listened to.

    Influence is 0 to 1 among the authors of those days: graph (who is retweeted, quoted, answered, mentioned by whom),
    reach (engagement) and the curated weight.
    """
    from streams.influencer_log import read_influencers
    from streams.influencer_scores import scored

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        posts = run(_recent(connected, days)) if scores else []
    rows = scored(listed, posts) if scores else [_row(person) for person in listed]
    _show("influencers", rows, as_json)


@influencers.command()
def suggest(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, days: Days = 28.0, as_json: Json = False
) -> None:
    """Whom the listed people retweet, quote, answer and mention, with the posts that show it."""
    from streams.influencer_log import read_influencers
    from streams.sources.people import People
    from streams.sources.suggestions import suggest as best

    with services(settings_or_exit()) as connected:
        people = People(run(read_influencers(connected)))
        posts = run(_recent(connected, days))
    rows: list[dict[str, object]] = [
        {
            "handle": one.handle,
            "score": one.score,
            **{relation: len(voters) for relation, voters in one.voters.items()},
            "by": sorted({voter for voters in one.voters.values() for voter in voters})[:10],
            "evidence": one.evidence,
        }
        for one in best(posts, people, limit)
    ]
    _show("suggestions", rows, as_json)


async def _recent(settings: Settings, days: float) -> "list[Tweet]":
    from streams.influencer_scores import recent_posts

    return await recent_posts(settings, timedelta(days=days))


def _row(person: "Influencer") -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "handles": dict(person.handles),
        "weight": person.weight,
        "tags": list(person.tags),
    }


def _show(title: str, rows: list[dict[str, object]], as_json: bool) -> None:
    import orjson
    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(*columns, title=f"{len(rows)} {title}", title_justify="left")
    for row in rows:
        table.add_row(*(_cell(row.get(column, "")) for column in columns))
    Console().print(table, markup=False)


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, dict):
        value = " ".join(f"{name}:{each}" for name, each in value.items())
    elif isinstance(value, list):
        value = " ".join(map(str, value))
    return escape(printable(str(value)))


def sources_section(settings: Settings) -> cli_services.StatusSection:
    """The sources' last reports, for `toptopics status`."""
    from dataclasses import asdict

    import psutil

    from streams.sources.cursors import healths

    rows: list[dict[str, str | int | bool | None]] = []
    for health in healths(settings.data_dir / "sources"):
        running = health.state in ("starting", "connected", "waiting") and psutil.pid_exists(health.pid)
        state = health.state if running or health.state in ("stopped", "refused") else "gone"
        rows.append({**asdict(health), "state": state, "per_minute": str(health.per_minute)})
    return cli_services.StatusSection("sources", rows, all(row["state"] not in ("gone", "refused") for row in rows))


def register(app: typer.Typer) -> None:
    """Add the commands, and the sources to `toptopics status`."""
    app.command()(source)
    app.add_typer(influencers, name="influencers")
    if sources_section not in cli_services.status_sections:
        cli_services.status_sections.append(sources_section)
