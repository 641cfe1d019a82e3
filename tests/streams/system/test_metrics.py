"""The table of metrics is closed, and a stage's batches are counted when they are done."""

import platform
from collections.abc import Sequence
from importlib.metadata import version

import httpx
import pytest
from pydantic import ValidationError

from streams.cli.metrics import SERVED
from streams.settings import load_settings
from streams.system.metrics import TABLE, Metrics, metered, serve_metrics

MOST = 65535 - len(SERVED) + 1


def test_every_metric_of_the_table_is_served_once_it_is_used_and_no_other() -> None:
    """Names in the text format; two instances do not collide; a process exports only its own metrics."""
    assert Metrics().text() == b""
    metrics = Metrics()
    for one in TABLE:
        getattr(metrics, one.kind)(one.name)
    text = metrics.text().decode()
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    expected = {f"toptopics_{one.name}{'_total' if one.kind == 'counter' else ''}" for one in TABLE}
    assert {name for name in described if not name.endswith("_created")} == expected


def test_an_unknown_or_other_kind_of_metric_is_an_error() -> None:
    """A typing error must not create a new metric."""
    with pytest.raises(KeyError):
        Metrics().counter("nothing")
    with pytest.raises(KeyError):
        Metrics().gauge("records")


async def test_a_batch_counts_when_it_is_done() -> None:
    """A failed batch is delivered again and must not be counted twice."""
    metrics = Metrics()
    failing = True

    async def handle(_: Sequence[str]) -> None:
        if failing:
            raise RuntimeError("crash")

    handler = metered(metrics, "embed", handle)
    with pytest.raises(RuntimeError):
        await handler(["a", "b"])
    failing = False
    value = metrics.registry.get_sample_value
    assert value("toptopics_progress_seconds", {"part": "embed"}) is None
    await handler(["a", "b"])
    assert value("toptopics_progress_seconds", {"part": "embed"}) is not None
    assert value("toptopics_records_total", {"stage": "embed"}) == 2
    assert value("toptopics_batch_records_count", {"stage": "embed"}) == 1


def test_every_process_has_a_port_of_its_own() -> None:
    """The highest one is a valid port."""
    assert len(set(SERVED)) == len(SERVED)
    highest = load_settings(metrics_port=MOST).metrics_port + len(SERVED) - 1
    assert highest == 65535
    with pytest.raises(ValidationError):
        load_settings(metrics_port=MOST + 1)


def test_the_workers_port_serves_and_stops() -> None:
    """On loopback, on a free port."""
    metrics = Metrics()
    metrics.gauge("live_topics").set(3)
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stop = serve_metrics(metrics, port)
    try:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert "toptopics_live_topics 3.0" in text
        built = f'python="{platform.python_version()}",version="{version("toptopics")}"'
        assert f"toptopics_build_info{{{built}}} 1.0" in text
        assert "process_resident_memory_bytes" in text
    finally:
        stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")
