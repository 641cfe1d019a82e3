"""A stage that is told to stop: it waits for a broker that is there, and not for one that is away."""

import socket
import threading
from collections.abc import Iterator

import pytest

from streams import drain
from streams.drain import end_without_broker


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "AWAY_SECONDS", 0.05)
    monkeypatch.setattr(drain, "LOOK_SECONDS", 0.01)


@pytest.fixture
def broker() -> Iterator[socket.socket]:
    """Something that accepts connections."""
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as listening:
        yield listening


def _address(listening: socket.socket) -> str:
    return f"127.0.0.1:1,127.0.0.1:{listening.getsockname()[1]}"


def test_one_that_is_there_is_waited_for_until_it_goes(broker: socket.socket) -> None:
    """Also when it is not the first of the addresses."""
    ended = threading.Event()
    watching = end_without_broker(_address(broker), lambda: True, ended.set)
    assert not ended.wait(0.5)
    broker.close()
    assert ended.wait(30)
    watching.join()


def test_nothing_ends_that_was_not_told_to() -> None:
    """A broker that is away for a minute is waited for by a stage that is to go on."""
    told, ended = threading.Event(), threading.Event()
    watching = end_without_broker("127.0.0.1:1", told.is_set, ended.set)
    assert not ended.wait(0.5)
    told.set()
    assert ended.wait(30)
    watching.join()
