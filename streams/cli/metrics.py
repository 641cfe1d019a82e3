"""The metrics' port of a command that runs until Ctrl-C."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from streams.cli.common import fail
from streams.sources.registry import SOURCES
from streams.stages.table import STAGE_NAMES

if TYPE_CHECKING:
    from streams.settings import Settings
    from streams.system.metrics import Metrics

# in the order of their ports, counted from `TOPTOPICS_METRICS_PORT`
SERVED: Final = (*STAGE_NAMES, *SOURCES, "push", "alerts")


@contextmanager
def served(metrics: "Metrics", settings: "Settings", name: str) -> Iterator[None]:
    """Serve the metrics as long as the context, where a port is set.

    Args:
        metrics: Of this process.
        settings: Port and address.
        name: One of `SERVED`; the first one, when several sources run in a process.

    Raises:
        typer.Exit: with code 1, when the port cannot be used.
    """
    from streams.system.metrics import serve_metrics

    if not settings.metrics_port:
        yield
        return
    port = settings.metrics_port + SERVED.index(name)
    try:
        stop = serve_metrics(metrics, port, settings.metrics_host)
    except OSError as error:
        fail(f"cannot serve metrics on port {port}: {error}; choose another TOPTOPICS_METRICS_PORT")
    try:
        yield
    finally:
        stop()
