"""`toptopics up`, `down` and `status`: the local Kafka and Redis of this checkout.

`status` ends with exit code 0 when everything runs, and 3 when something does not. `up` and `down` do nothing when
there is nothing to do.
"""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from models.text.terminal import json_text, on_one_line
from streams.cli.common import settings_or_exit

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from streams.local.service import LocalService
    from streams.settings import Settings

NOT_RUNNING = 3  # exit code of `status` when something is down
Row = dict[str, str | int | bool | None]


@dataclass(frozen=True)
class StatusSection:
    """One table of `status`."""

    name: str
    rows: list[Row]  # all with the same keys
    healthy: bool = True  # an unhealthy section makes the exit code 3
    columns: tuple[str, ...] = ()  # the columns that fit a terminal; empty: all
    notes: tuple[str, ...] = ()  # lines under the table


# what `status` shows after Kafka and Redis; `commands` fills it
status_sections: "list[Callable[[Settings], StatusSection]]" = []


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `status`. None: unknown."""

    name: str
    running: bool
    address: str | None  # host:port or URL, without a password
    source: str  # "given" by the settings, or "local"
    pid: int | None = None
    since: str | None = None  # ISO 8601, UTC
    version: str | None = None
    data: str | None = None  # its data folder
    stays: bool | None = None  # True: until `toptopics down`; False: until the command that started it ends


def _local_status(service: "LocalService") -> ServiceStatus:
    from streams.system.tcp import connects

    record = service.running()
    process = None if record is None else record.server.process()
    if record is None or process is None:
        return ServiceStatus(service.name, False, None, "local", data=str(service.folder))
    since = datetime.fromtimestamp(process.create_time(), UTC).isoformat(timespec="seconds")
    return ServiceStatus(
        name=service.name,
        running=connects(record.address),
        address=record.address,
        source="local",
        pid=record.server.pid,
        since=since,
        version=record.version,
        data=str(service.folder),
        stays=record.owner is None,
    )


def _folder(settings: "Settings") -> "Path":
    from streams.settings import of_installation

    return of_installation(settings).data_dir


def _hide_password(url: str) -> str:
    scheme, separator, rest = url.partition("?")[0].rpartition("://")
    return scheme + separator + ("…@" if "@" in rest else "") + rest.rsplit("@", 1)[-1]


def service_statuses(settings: "Settings") -> list[ServiceStatus]:
    """Kafka and Redis: the addresses of the settings, else the local services of the data folder."""
    from streams.local.kafka_broker import KafkaBroker
    from streams.local.redis_server import RedisServer
    from streams.system.tcp import connects

    given = {"kafka": settings.kafka_bootstrap_servers, "redis": settings.redis_url}
    local: list[LocalService] = [KafkaBroker(_folder(settings)), RedisServer(_folder(settings))]
    statuses = []
    for service in local:
        address = given[service.name]
        if address:
            statuses.append(ServiceStatus(service.name, connects(address), _hide_password(address), "given"))
        else:
            statuses.append(_local_status(service))
    return statuses


def kafka_address(settings: "Settings") -> str | None:
    """The address of a broker that accepts connections, given or local; None when there is none."""
    return next((one.address for one in service_statuses(settings) if one.name == "kafka" and one.running), None)


def _print_services(console: "Console", services: list[ServiceStatus], settings: "Settings") -> None:
    """A table of at most 80 columns; `--json` prints every field."""
    rows: list[Row] = [
        {
            "service": f"{service.name} {service.version or ''}".strip(),
            "running": service.running,
            "address": service.address,
            "pid": service.pid,
            "since (UTC)": None if service.since is None else service.since[:16].replace("T", " "),
        }
        for service in services
    ]
    console.print(_table("services", rows))
    if any(service.source == "local" for service in services):
        console.print(f"data folder: {_folder(settings).resolve()}", soft_wrap=True, highlight=False, markup=False)
    for service in services:
        if service.stays is False:
            console.print(f"{service.name} stops with the command that started it", highlight=False)


def _table(title: str, rows: list[Row]) -> "Table":
    from rich.box import SIMPLE
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in rows[0] if rows else ():
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: str | int | bool | None) -> str:
    from rich.markup import escape

    if isinstance(value, bool):
        return "[green]yes[/]" if value else "[red]no[/]"
    return "" if value is None else escape(on_one_line(str(value)))


def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show what runs, where, and since when: services, stages, sources.

    Exit code 0: everything runs. Exit code 3: something does not run.

    Examples:

    * `toptopics status`
    * `toptopics status --json | jq .stages`
    """
    import orjson
    from rich.console import Console

    settings = settings_or_exit()
    services = service_statuses(settings)
    sections = [section(settings) for section in status_sections]
    if as_json:
        document = {
            "services": [asdict(service) for service in services],
            **{part.name: part.rows for part in sections},
        }
        typer.echo(json_text(orjson.dumps(document, option=orjson.OPT_INDENT_2)))
    else:
        console = Console()
        _print_services(console, services, settings)
        for part in sections:
            rows: list[Row] = [{name: row[name] for name in part.columns or row} for row in part.rows]
            if rows:
                console.print(_table(part.name, rows))
            for note in part.notes:
                console.print(on_one_line(note), soft_wrap=True, highlight=False, markup=False)
    if not all(service.running for service in services) or not all(part.healthy for part in sections):
        raise typer.Exit(NOT_RUNNING)


def _local_services(settings: "Settings") -> "list[LocalService]":
    """The services without a given address, in the order in which they start."""
    from streams.local.kafka_broker import KafkaBroker
    from streams.local.progress import to_stderr
    from streams.local.redis_server import RedisServer

    services: list[LocalService] = []
    if not settings.redis_url:
        services.append(RedisServer(_folder(settings), progress=to_stderr))
    if not settings.kafka_bootstrap_servers:
        services.append(KafkaBroker(_folder(settings), progress=to_stderr))
    return services


def up(
    foreground: Annotated[bool, typer.Option("--foreground", help="Run until Ctrl-C, then stop the services.")] = False,
) -> None:
    """Start Kafka and Redis for this checkout. They run until `toptopics down`.

    Prints their addresses as shell assignments.

    Examples:

    * `toptopics up`
    * `eval "$(toptopics up)"` sets the addresses for other programs
    """
    from streams.local.errors import LocalServiceError

    settings = settings_or_exit()
    try:
        if foreground:
            _stay(settings)
        else:
            _start_all(settings)
    except LocalServiceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _start_all(settings: "Settings") -> None:
    from streams.local.progress import to_stderr

    with ExitStack() as undo:
        for service in _local_services(settings):
            if service.start(stay=True):
                undo.callback(service.stop)
                continue
            record = service.running()
            note = "" if record is None or record.owner is None else f"; it stops with process {record.owner.pid}"
            to_stderr(f"{service.title}: runs already{note}")
        undo.pop_all()  # all or none: after a failure or Ctrl-C no service stays
    _print_addresses(settings.kafka_bootstrap_servers, settings.redis_url, settings)


def _print_addresses(bootstrap: str | None, redis_url: str | None, settings: "Settings") -> None:
    """Print shell assignments, so that `eval "$(toptopics up)"` sets them for other programs."""
    from streams.local.kafka_broker import KafkaBroker
    from streams.local.redis_server import RedisServer

    kafka = bootstrap or KafkaBroker(_folder(settings)).address
    redis = redis_url or RedisServer(_folder(settings)).address
    typer.echo(f"export KAFKA_BOOTSTRAP_SERVERS={kafka}\nexport REDIS_URL={redis}")


def _stay(settings: "Settings") -> None:
    """Run until Ctrl-C or SIGTERM.

    Raises:
        LocalServiceError: a service stopped by itself.
    """
    from streams.local.errors import LocalServiceError
    from streams.local.progress import to_stderr
    from streams.local.services import running_services

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    with (
        suppress(KeyboardInterrupt),
        running_services(
            _folder(settings), bootstrap=settings.kafka_bootstrap_servers, redis_url=settings.redis_url
        ) as services,
    ):
        _print_addresses(services.kafka, services.redis, settings)
        to_stderr("Running until Ctrl-C")
        while all(service.running() for service in _local_services(settings)):
            time.sleep(0.5)
        raise LocalServiceError("A service stopped by itself. See its log in the data folder.")


def down() -> None:
    """Stop the Kafka and Redis of this checkout, and stages that have lost their worker. The data stay.

    Example: `toptopics down`
    """
    from streams.local.kafka_broker import KafkaBroker
    from streams.local.orphans import end_orphans, orphans
    from streams.local.progress import to_stderr
    from streams.local.redis_server import RedisServer

    settings = settings_or_exit()
    found = orphans(_folder(settings))
    end_orphans(found)  # before the broker stops: they may be its active writers
    for orphan in found:
        to_stderr(f"{orphan.name}: process {orphan.pid} had lost its worker; stopped")
    for service in (KafkaBroker(_folder(settings), progress=to_stderr), RedisServer(_folder(settings))):
        to_stderr(f"{service.title}: " + ("stopped" if service.stop() else "was not running"))
