"""`toptopics source`: real posts in; and what `toptopics status` tells of the sources."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli import services as cli_services
from streams.cli.common import fail, run, services, settings_or_exit
from streams.clock import system_clock
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.system.metrics import Metrics

SOURCE_NAMES = ("x-stream", "x-timelines", "x-deletions", "bluesky", "mastodon", "rss")


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
    from streams.sources.port import RefusedError
    from streams.sources.registry import environment
    from streams.sources.service import Service, run_sources
    from streams.system.logs import set_up_logging
    from streams.system.metrics import Metrics

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
            fail(str(error))


@contextmanager
def _served(metrics: "Metrics", settings: Settings, first: str) -> Iterator[None]:
    """The process's metrics port, where one is set: the ports after the stages' four, by its first source."""
    from streams.system.metrics import serve_metrics

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


def sources_section(settings: Settings) -> cli_services.StatusSection:
    """The sources' last reports, for `toptopics status`."""
    from dataclasses import asdict

    import psutil

    from streams.sources.cursors import healths

    rows: list[dict[str, str | int | bool | None]] = []
    for health in healths(settings.data_dir / "sources"):
        running = health.state in ("starting", "connected", "waiting") and psutil.pid_exists(health.pid)
        state = health.state if running or health.state in ("stopped", "refused") else "gone"
        not_found = ", ".join(health.not_found)
        rows.append({**asdict(health), "state": state, "per_minute": str(health.per_minute), "not_found": not_found})
    return cli_services.StatusSection(
        "sources",
        rows,
        healthy=all(row["state"] not in ("gone", "refused") for row in rows),
        columns=("source", "state", "sent", "per_minute", "bad", "reconnects", "last_post"),
        notes=(
            *(f"{row['source']}: {row['last_error']}" for row in rows if row["last_error"]),
            *(f"{row['source']}: nobody has the handles {row['not_found']}" for row in rows if row["not_found"]),
        ),
    )


def register(app: typer.Typer) -> None:
    """Add the commands, and the sources to `toptopics status`."""
    app.command()(source)
    if sources_section not in cli_services.status_sections:
        cli_services.status_sections.append(sources_section)
