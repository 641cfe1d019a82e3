"""`toptopics source`: posts of the listed people, live; and the sources' section of `toptopics status`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from streams.cli.common import fail, run, services, settings_or_exit
from streams.cli.metrics import served
from streams.cli.services import Row, StatusSection
from streams.clock import system_clock
from streams.sources.registry import SOURCES

if TYPE_CHECKING:
    from streams.settings import Settings


def source(
    names: Annotated[list[str], typer.Argument(help=f"One or more of: {', '.join(SOURCES)}.")],
    others: Annotated[
        Literal["ignore", "context", "all"],
        typer.Option(
            envvar="TOPTOPICS_OTHERS",
            help="Posts by people who are not listed: ignore them; keep those that retweet, quote, answer or mention a "
            "listed person (context); or keep all.",
        ),
    ] = "ignore",
    every: Annotated[
        float | None, typer.Option(min=1, help="Seconds between two rounds of a source that polls.")
    ] = None,
    lookback: Annotated[
        float, typer.Option(min=0, help="Days to read back at the first start (x-timelines, rss: for each new person).")
    ] = 1.0,
) -> None:
    """Write the posts of the listed people to `tweets`, until Ctrl-C.

    A source continues at its saved cursor, also after a crash. Secrets come from the environment: `toptopics help
    sources` lists the variables. Exit code 1: no source can work.

    Examples:

    * `toptopics source bluesky rss`
    * `X_BEARER_TOKEN=… toptopics source x-timelines --every 3600`
    """
    from streams.sources.port import RefusedError
    from streams.sources.registry import environment
    from streams.sources.service import Service, run_sources
    from streams.system.logs import set_up_logging
    from streams.system.metrics import Metrics

    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        fail(f"unknown source {', '.join(unknown)}; known: {', '.join(SOURCES)}", 2)
    settings = settings_or_exit()
    set_up_logging(settings, stage="source")
    metrics = Metrics()
    with services(settings) as connected, served(metrics, settings, names[0]):
        service = Service(
            connected, list(dict.fromkeys(names)), environment(), system_clock, others=others, every=every,
            lookback_days=lookback, metrics=metrics,
        )  # fmt: skip
        try:
            run(run_sources(service))
        except RefusedError as error:
            fail(str(error))


def sources_section(settings: "Settings") -> StatusSection:
    """The last report of each source, for `toptopics status`. A source whose process has ended is "gone"."""
    from dataclasses import asdict

    import psutil

    from streams.sources.cursors import healths

    rows: list[Row] = []
    for health in healths(settings.data_dir / "sources"):
        running = health.state in ("starting", "connected", "waiting") and psutil.pid_exists(health.pid)
        state = health.state if running or health.state in ("stopped", "refused") else "gone"
        not_found = ", ".join(health.not_found)
        rows.append({**asdict(health), "state": state, "per_minute": str(health.per_minute), "not_found": not_found})
    return StatusSection(
        "sources",
        rows,
        healthy=all(row["state"] not in ("gone", "refused") for row in rows),
        columns=("source", "state", "sent", "per_minute", "bad", "reconnects", "last_post"),
        notes=(
            *(f"{row['source']}: {row['last_error']}" for row in rows if row["last_error"]),
            *(f"{row['source']}: nobody has the handles {row['not_found']}" for row in rows if row["not_found"]),
        ),
    )
