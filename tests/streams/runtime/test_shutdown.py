"""A stage that must stop waits for a reachable broker for a limited time, and not for an unreachable one."""

import socket
import threading
from collections.abc import Iterator

import pytest

from streams.runtime import shutdown
from streams.runtime.shutdown import end_in_time
from streams.runtime.worker import STOP_SECONDS


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "AWAY_SECONDS", 0.5)  # a thread may pause for a moment between two looks
    monkeypatch.setattr(shutdown, "LOOK_SECONDS", 0.01)


@pytest.fixture
def broker() -> Iterator[socket.socket]:
    """Accepts connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as listening:
        yield listening


def _address(listening: socket.socket) -> str:
    return f"127.0.0.1:1,127.0.0.1:{listening.getsockname()[1]}"


def test_one_that_is_there_is_waited_for_until_it_goes(broker: socket.socket) -> None:
    """Also when it is not the first of the addresses."""
    ended = threading.Event()
    watching = end_in_time(_address(broker), lambda: True, ended.set)
    assert not ended.wait(1.5)
    broker.close()
    assert ended.wait(120)
    watching.join()


def test_nothing_ends_that_was_not_told_to() -> None:
    """A stage that should continue waits for a broker that is unreachable for a minute."""
    told, ended = threading.Event(), threading.Event()
    watching = end_in_time("127.0.0.1:1", told.is_set, ended.set)
    assert not ended.wait(1.5)
    told.set()
    assert ended.wait(120)
    watching.join()


def test_one_that_is_there_is_not_waited_for_for_ever(broker: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that blocks its member, or a batch that hangs: the worker must not have to kill the stage."""
    monkeypatch.setattr(shutdown, "MOST_SECONDS", 0.3)
    told, ended = threading.Event(), threading.Event()
    watching = end_in_time(_address(broker), told.is_set, ended.set)
    assert not ended.wait(0.6)
    told.set()
    assert ended.wait(120)
    watching.join()


def test_there_is_time_to_end_before_the_worker_kills() -> None:
    """Including the time that the process needs to exit."""
    assert shutdown.MOST_SECONDS + 2 * shutdown.LOOK_SECONDS + 3 < STOP_SECONDS < 30
