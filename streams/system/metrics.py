"""Prometheus metrics of all processes: a closed table (`TABLE`); a test compares the README with it.

`Metrics()` creates an instrument at its first use, in a registry of its own. So nothing happens at import, two apps in
one process do not collide, and a process exports only its own metrics. Labels have closed sets of values, or the names
of subscriptions, which an administrator chooses; nothing from a post becomes a label.
"""

import platform
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from time import perf_counter
from typing import Any, Final, Literal, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
    start_http_server,
)

from streams.clock import system_clock

R = TypeVar("R")
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
DELAYS: Final = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400)
REFITS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600)
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


@dataclass(frozen=True)
class Metric:
    """One row of the table."""

    name: str  # without the prefix `toptopics_`
    kind: Literal["counter", "gauge", "histogram"]
    help: str  # shown by Prometheus and in the README
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()  # upper bounds of a histogram's buckets


TABLE: Final = (
    Metric("records", "counter", "records handled by a stage", ("stage",)),
    Metric("batch_records", "histogram", "records in a batch", ("stage",), SIZES),
    Metric("batch_seconds", "histogram", "seconds to handle a batch, sends included", ("stage",), SECONDS),
    Metric(
        "digests",
        "counter",
        "weeks closed or corrected: published, corrected, unchanged (readers see no difference), redacted or kept "
        "(the log no longer holds the week)",
        ("outcome",),
    ),
    Metric("edited_claims", "counter", "claims of a language model: accepted, refused", ("outcome",)),
    Metric("weeks_due", "gauge", "weeks whose digest or correction is due and not published yet"),
    Metric("digest_made_seconds", "gauge", "time at which the newest digest was made, seconds since 1970"),
    Metric("watermark_seconds", "gauge", "time before which no more posts are expected, seconds since 1970"),
    Metric("refit_seconds", "histogram", "seconds to refit a week, reading it included", (), REFITS),
    Metric("refit_memory_bytes", "gauge", "largest resident memory of the refit process"),
    Metric("encode_seconds", "histogram", "seconds to encode a batch of texts", (), SECONDS),
    Metric("assign_seconds", "histogram", "seconds to assign a batch of posts to topics", (), SECONDS),
    Metric("dead_letters", "counter", "records sent to dead-letters", ("stage",)),
    Metric("lag_records", "gauge", "records that a stage has not handled yet", ("stage", "topic")),
    Metric(
        "stage_running",
        "gauge",
        "1 while the consumer group of a stage has a member, as the service sees it",
        ("stage",),
    ),
    Metric(
        "progress_seconds",
        "gauge",
        "time at which a part last finished some work, or had none waiting; seconds since 1970",
        ("part",),
    ),
    Metric("live_topics", "gauge", "topics alive in the online model or, on the service, listed"),
    Metric("post_to_view_seconds", "histogram", "from a new post's own time to its being visible", (), DELAYS),
    Metric(
        "source_records", "counter", "what a source was given: sent, duplicates, ignored, bad", ("source", "outcome")
    ),
    Metric("source_reconnects", "counter", "connections of a source that ended or failed", ("source",)),
    Metric("source_connected", "gauge", "1 while a source is connected", ("source",)),
    Metric("source_posts_per_minute", "gauge", "posts that a source sent, over five minutes", ("source",)),
    Metric(
        "source_last_post_seconds",
        "gauge",
        "time at which a source last sent a post, or its start; seconds since 1970",
        ("source",),
    ),
    Metric("source_lag_seconds", "gauge", "from the last sent post's own time to its being sent", ("source",)),
    Metric("http_requests", "counter", "answers of the HTTP service", ("route", "method", "status")),
    Metric("http_seconds", "histogram", "seconds to answer, streams excluded", ("route",), SECONDS),
    Metric("sse_clients", "gauge", "connected readers of the event stream"),
    Metric("sse_messages", "counter", "messages put into readers' queues"),
    Metric("sse_slow_readers", "counter", "readers disconnected because they did not keep up"),
    Metric("view_posts", "gauge", "posts in the live view"),
    Metric("view_newest_post_seconds", "gauge", "time of the newest post in the view, seconds since 1970"),
    Metric("alerts", "counter", "alerts by what became of them: sent, suppressed or failed", ("outcome",)),
    Metric(
        "deliveries",
        "counter",
        "attempts to deliver a digest: delivered, failed (repeated later) or dead (given up)",
        ("endpoint", "outcome"),
    ),
    Metric("deliveries_waiting", "gauge", "digests that wait for an endpoint", ("endpoint",)),
    Metric("deliveries_dead", "gauge", "digests that were given up for an endpoint", ("endpoint",)),
    Metric("build_info", "gauge", "1; its labels are the versions of the program and of Python", ("version", "python")),
)


class Metrics:
    """The instruments of the table; `metrics.counter("records").labels(stage="embed").inc()`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._table = {metric.name: metric for metric in TABLE}
        self._instruments: dict[str, Any] = {}

    def counter(self, name: str) -> Counter:
        """The counter of that name.

        Raises:
            KeyError: The name is not in the table.
        """
        return self._typed(name, Counter)

    def gauge(self, name: str) -> Gauge:
        """The gauge of that name.

        Raises:
            KeyError: The name is not in the table.
        """
        return self._typed(name, Gauge)

    def histogram(self, name: str) -> Histogram:
        """The histogram of that name.

        Raises:
            KeyError: The name is not in the table.
        """
        return self._typed(name, Histogram)

    def describe_process(self) -> None:
        """Add the versions, and memory, processor time and descriptors of the process (`process_…`). Call it once."""
        self.gauge("build_info").labels(version=version("toptopics"), python=platform.python_version()).set(1)
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _typed(self, name: str, kind: type[R]) -> R:
        metric = self._table[name]
        if metric.kind != kind.__name__.lower():
            raise KeyError(f"{name} is a {metric.kind}, not a {kind.__name__.lower()}")
        if name not in self._instruments:
            self._instruments[name] = self._make(metric)
        instrument: R = self._instruments[name]
        return instrument

    def _make(self, metric: Metric) -> Any:
        name = f"toptopics_{metric.name}"
        if metric.kind == "counter":
            return Counter(name, metric.help, metric.labels, registry=self.registry)
        if metric.kind == "gauge":
            return Gauge(name, metric.help, metric.labels, registry=self.registry)
        return Histogram(name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets)


def note_progress(metrics: Metrics, part: str) -> None:
    """Export that the part has just finished some work, or has none. Health checks read it."""
    metrics.gauge("progress_seconds").labels(part=part).set(system_clock().timestamp())


def metered(
    metrics: Metrics, stage: str, handler: Callable[[Sequence[R]], Awaitable[None]]
) -> Callable[[Sequence[R]], Awaitable[None]]:
    """Wrap a handler so that its records, batch sizes and seconds are counted. A failed batch is not counted."""
    records = metrics.counter("records").labels(stage=stage)
    sizes = metrics.histogram("batch_records").labels(stage=stage)
    seconds = metrics.histogram("batch_seconds").labels(stage=stage)

    async def counted(batch: Sequence[R]) -> None:
        start = perf_counter()
        await handler(batch)
        seconds.observe(perf_counter() - start)
        sizes.observe(len(batch))
        records.inc(len(batch))
        note_progress(metrics, stage)

    return counted


def serve_metrics(metrics: Metrics, port: int, host: str = "127.0.0.1") -> Callable[[], None]:
    """Serve the metrics, and those of the process, over HTTP from a thread.

    Args:
        metrics: The metrics.
        port: The port.
        host: The address.

    Returns:
        A function that stops the server.

    Raises:
        OSError: The port is in use.
    """
    metrics.describe_process()
    server, thread = start_http_server(port, addr=host, registry=metrics.registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
