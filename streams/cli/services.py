"""`toptopics up`, `down` and `status`: the local Kafka and Redis of this checkout.

Exit codes of `status`: 0 when everything runs, 3 when something does not. `up` and `down` are harmless when there is
nothing to do. Other parts of the product add to `status` through `status_sections`.
"""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.text.terminal import json_text, on_one_line
from streams.cli.common import settings_or_exit
from streams.local.errors import LocalServiceError
from streams.local.kafka_broker import KafkaBroker
from streams.local.progress import to_stderr
from streams.local.readiness import connects
from streams.local.redis_server import RedisServer
from streams.local.service import LocalService
from streams.local.services import running_services
from streams.settings import Settings

NOT_RUNNING = 3
"""Exit code of `status` when something is down."""


@dataclass(frozen=True)
class StatusSection:
    """One table of `status`: rows of plain values with the same keys, and whether all is well."""

    name: str
    rows: list[dict[str, str | int | bool | None]]
    healthy: bool = True
    columns: tuple[str, ...] = ()  # those of the table, where the rows hold more than eighty columns do; else all
    notes: tuple[str, ...] = ()  # lines under the table


status_sections: list[Callable[[Settings], StatusSection]] = []
"""Hook: each is asked after Kafka and Redis, with the settings. An unhealthy one also makes the exit code 3."""


@dataclass(frozen=True)
class ServiceStatus:
    """One line of `status`; what is not known is None. `since`: ISO 8601, UTC."""

    name: str
    running: bool
    address: str | None
    source: str
    pid: int | None = None
    since: str | None = None
    version: str | None = None
    data: str | None = None
    stays: bool | None = field(default=None)
    """Whether it runs until `toptopics down` rather than until its starter ends."""


def _local_status(service: LocalService) -> ServiceStatus:
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


def _hide_password(url: str) -> str:
    scheme, separator, rest = url.partition("?")[0].rpartition("://")
    return scheme + separator + ("…@" if "@" in rest else "") + rest.rsplit("@", 1)[-1]


def service_statuses(settings: Settings) -> list[ServiceStatus]:
    """Kafka and Redis as the settings name them: the given addresses, else the local services of the data folder."""
    given = {"kafka": settings.kafka_bootstrap_servers, "redis": settings.redis_url}
    local: list[LocalService] = [KafkaBroker(settings.data_dir), RedisServer(settings.data_dir)]
    statuses = []
    for service in local:
        address = given[service.name]
        if address:
            statuses.append(ServiceStatus(service.name, connects(address), _hide_password(address), "given"))
        else:
            statuses.append(_local_status(service))
    return statuses


def kafka_address(settings: Settings) -> str | None:
    """Where a broker accepts connections, given or local; None when none does."""
    return next((one.address for one in service_statuses(settings) if one.name == "kafka" and one.running), None)


def _print_services(console: Console, services: list[ServiceStatus], settings: Settings) -> None:
    """Eighty columns wide; all that is known is in the JSON."""
    rows: list[dict[str, str | int | bool | None]] = [
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
        console.print(f"data folder: {settings.data_dir.resolve()}", soft_wrap=True, highlight=False, markup=False)
    for service in services:
        if service.stays is False:
            console.print(f"{service.name} ends with the command that started it", highlight=False)


def _table(title: str, rows: list[dict[str, str | int | bool | None]]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in rows[0] if rows else ():
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return "[green]yes[/]" if value else "[red]no[/]"
    return "" if value is None else escape(on_one_line(str(value)))


def status(as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False) -> None:
    """Show what runs, where and since when. Exit code 0: all of it runs; 3: something does not."""
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
            rows = [{name: row[name] for name in part.columns or row} for row in part.rows]
            if rows:
                console.print(_table(part.name, rows))
            for note in part.notes:
                console.print(on_one_line(note), soft_wrap=True, highlight=False, markup=False)
    if not all(service.running for service in services) or not all(part.healthy for part in sections):
        raise typer.Exit(NOT_RUNNING)


def _local_services(settings: Settings) -> list[LocalService]:
    """Those that the settings leave to us, in the order in which they are started."""
    services: list[LocalService] = []
    if not settings.redis_url:
        services.append(RedisServer(settings.data_dir, progress=to_stderr))
    if not settings.kafka_bootstrap_servers:
        services.append(KafkaBroker(settings.data_dir, progress=to_stderr))
    return services


def up(
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay, and stop them again at Ctrl-C.")] = False,
) -> None:
    """Start Kafka and Redis for this checkout; they run until `toptopics down`."""
    settings = settings_or_exit()
    try:
        if foreground:
            _stay(settings)
        else:
            _start_all(settings)
    except LocalServiceError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _start_all(settings: Settings) -> None:
    with ExitStack() as undo:
        for service in _local_services(settings):
            if service.start(stay=True):
                undo.callback(service.stop)
                continue
            record = service.running()
            note = "" if record is None or record.owner is None else f"; it ends with process {record.owner.pid}"
            to_stderr(f"{service.title}: runs already{note}")
        undo.pop_all()  # all or none: a failure or Ctrl-C in the middle leaves nothing behind
    _print_addresses(settings.kafka_bootstrap_servers, settings.redis_url, settings)


def _print_addresses(bootstrap: str | None, redis_url: str | None, settings: Settings) -> None:
    """As shell assignments, so that `eval "$(toptopics up)"` hands them to other tools."""
    kafka = bootstrap or KafkaBroker(settings.data_dir).address
    redis = redis_url or RedisServer(settings.data_dir).address
    typer.echo(f"export KAFKA_BOOTSTRAP_SERVERS={kafka}\nexport REDIS_URL={redis}")


def _stay(settings: Settings) -> None:
    """Until Ctrl-C or SIGTERM; a service that ends by itself ends this too, with exit code 1."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    with (
        suppress(KeyboardInterrupt),
        running_services(
            settings.data_dir, bootstrap=settings.kafka_bootstrap_servers, redis_url=settings.redis_url
        ) as services,
    ):
        _print_addresses(services.kafka, services.redis, settings)
        to_stderr("Running until Ctrl-C")
        while all(service.running() for service in _local_services(settings)):
            time.sleep(0.5)
        raise LocalServiceError("A service ended by itself; its log is in the data folder.")


def down() -> None:
    """Stop the Kafka and Redis of this checkout, whoever started them; their data stay."""
    settings = settings_or_exit()
    for service in (KafkaBroker(settings.data_dir, progress=to_stderr), RedisServer(settings.data_dir)):
        to_stderr(f"{service.title}: " + ("stopped" if service.stop() else "was not running"))


def register(app: typer.Typer) -> None:
    """Add `up`, `down` and `status` to the command line."""
    for command in (up, down, status):
        app.command()(command)
