"""Requests to a busy broker, for topics and for consumer groups."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    KafkaConnectionError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams.cli.common import run
from streams.kafka import admin_client as asking
from streams.kafka.admin import check_topics, ensure_topics
from streams.kafka.lag import member_counts
from streams.kafka.topics import TOPICS
from streams.settings import load_settings

SETTINGS = load_settings(kafka_bootstrap_servers="127.0.0.1:1")


class Busy:
    """An administration client whose broker first returns `errors`, and then every topic."""

    def __init__(self, errors: list[Exception], at_start: list[Exception] | None = None) -> None:
        self.errors, self.at_start, self.started, self.closed = errors, at_start or [], 0, 0

    async def start(self) -> None:
        self.started += 1
        if self.at_start:
            raise self.at_start.pop(0)

    async def close(self) -> None:
        self.closed += 1

    def _answer(self) -> None:
        if self.errors:
            raise self.errors.pop(0)

    async def list_topics(self) -> list[str]:
        self._answer()
        return [topic.name for topic in TOPICS]

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        self._answer()
        return [{"topic": topic.name, "partitions": [0] * topic.partitions} for topic in TOPICS if topic.name in names]

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        self._answer()
        return []

    async def describe_consumer_groups(self, groups: list[str]) -> list[Any]:
        self._answer()
        return [SimpleNamespace(groups=[(0, groups[0], "", "", "", ["a member"])])]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Callable[[Busy], Busy]:
    """Replaces the broker where the client is created; retries do not wait."""
    monkeypatch.setattr(asking, "FIRST_PAUSE", 0.0)

    def put(busy: Busy) -> Busy:
        monkeypatch.setattr(asking, "AIOKafkaAdminClient", lambda **_: busy)
        return busy

    return put


@pytest.mark.parametrize("ask", [ensure_topics, check_topics])
async def test_a_busy_broker_is_asked_again_for_its_topics(broker: Callable[[Busy], Busy], ask: Any) -> None:
    """Every command asks this first; a single late answer once ended it."""
    busy = broker(Busy([NodeNotReadyError("node 1"), KafkaConnectionError("closed")]))
    assert await ask(SETTINGS) == []
    assert busy.started == busy.closed == 3


async def test_a_fresh_broker_is_asked_again_for_the_members_of_groups(broker: Callable[[Busy], Busy]) -> None:
    """A fresh broker has no coordinator at the first request and only starts to create one."""
    broker(Busy([GroupCoordinatorNotAvailableError()]))
    assert await member_counts(SETTINGS, ["assign"]) == {"assign": 1}


@pytest.mark.parametrize("error", [TopicAuthorizationFailedError("tweets"), UnknownTopicOrPartitionError("tweets")])
async def test_what_does_not_pass_is_told_at_once(broker: Callable[[Busy], Busy], error: Exception) -> None:
    """The same for a missing topic, which Kafka calls retriable because it may be created later."""
    busy = broker(Busy([error]))
    with pytest.raises(type(error)):
        await ensure_topics(SETTINGS)
    assert busy.started == busy.closed == 1


async def test_an_address_at_which_nobody_answers_is_told_at_once(broker: Callable[[Busy], Busy]) -> None:
    """A refused password looks the same and must not be tried for 15 seconds."""
    busy = broker(Busy([], at_start=[KafkaConnectionError("Unable to bootstrap")]))
    with pytest.raises(asking.UnreachableError, match="Unable to bootstrap"):
        await ensure_topics(SETTINGS)
    assert busy.started == busy.closed == 1


def test_a_broker_that_stays_busy_is_one_clear_line(
    broker: Callable[[Busy], Busy], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its last answer, the command's hint, and exit code 1."""
    monkeypatch.setattr(asking, "SECONDS", 0.0)
    broker(Busy([NodeNotReadyError("node 1 is not ready")] * 1_000))
    with pytest.raises(typer.Exit) as ended:
        run(ensure_topics(SETTINGS), ", see `toptopics doctor`")
    assert ended.value.exit_code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("toptopics: the broker was not ready")
    assert "node 1 is not ready" in line
    assert line.endswith("see `toptopics doctor`")
