"""The health check of containers: a process that runs and does nothing is not healthy."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from streams.clock import system_clock
from streams.operations.health import MOST_SECONDS, main, trouble
from streams.system.metrics import Metrics, note_progress, serve_metrics


@pytest.fixture
def served() -> Iterator[tuple[Metrics, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    metrics = Metrics()
    stop = serve_metrics(metrics, port)
    yield metrics, port
    stop()


def test_a_part_is_healthy_while_it_finishes_work(
    served: tuple[Metrics, int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before its first work, and long after its last, it is not."""
    metrics, port = served
    assert trouble(port, 0) == f"port {port}: no part has started to work"
    note_progress(metrics, "embed")
    assert main([str(port)]) == 0
    later = (system_clock() + timedelta(seconds=MOST_SECONDS + 5)).timestamp()
    assert trouble(port, later).startswith("embed: nothing done for 30")
    assert main([]) == 1
    assert "ok" in capsys.readouterr().out


def test_a_process_that_is_gone_is_not_healthy() -> None:
    """The port is named."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert str(port) in trouble(port, 0)
    assert main([str(port)]) == 1
