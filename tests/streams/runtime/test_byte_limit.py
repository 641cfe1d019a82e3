"""Memory is limited by bytes, whatever the size of the records."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from streams.kafka.record import Record
from streams.kafka.topics import TWEETS
from streams.runtime.byte_limit import LIMIT, ByteLimiter
from streams.runtime.faust_app import create_app
from streams.settings import load_settings
from streams.stages.stage import Stage
from streams.system.metrics import Metrics


async def test_who_finds_the_room_full_waits_until_others_leave() -> None:
    """A value waits at the limit until others are released; a null value needs no room."""
    limiter = ByteLimiter(10)
    assert await limiter.acquire(b"123456") == b"123456"
    assert await limiter.acquire(None) is None
    waiting = asyncio.create_task(limiter.acquire(b"78901"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    limiter.release([b"123456", None])
    assert await asyncio.wait_for(waiting, 120) == b"78901"


async def test_what_is_larger_than_the_room_goes_alone() -> None:
    """It would otherwise wait forever."""
    limiter = ByteLimiter(10)
    assert await limiter.acquire(b"x" * 11)
    waiting = asyncio.create_task(limiter.acquire(b"1"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    limiter.release([b"x" * 11])
    assert await asyncio.wait_for(waiting, 120) == b"1"


MESSAGE = SimpleNamespace(
    topic="tweets", partition=0, offset=0, key=b"k", value=b"", timestamp=0.0, headers=[], generation_id=1
)


@dataclass
class _Event:
    value: bytes
    acknowledged: bool = False

    @property
    def message(self) -> SimpleNamespace:
        return MESSAGE

    def acknowledge(self) -> None:
        self.acknowledged = True


class _Stream:
    """The part of Faust's stream that an agent uses: two records, each of which reaches the limit."""

    def __init__(self) -> None:
        self.processors: list[Callable[[bytes], Coroutine[object, object, bytes]]] = []
        self.events = [_Event(b"x" * LIMIT), _Event(b"y" * LIMIT)]

    def add_processor(self, processor: Callable[[bytes], Coroutine[object, object, bytes]]) -> None:
        self.processors.append(processor)

    async def noack_take(self, count: int, within: float) -> AsyncIterator[list[_Event]]:
        (enter,) = self.processors
        first, second = self.events
        await enter(first.value)
        waiting = asyncio.create_task(enter(second.value))
        await asyncio.sleep(0.01)
        assert not waiting.done(), "both would be in memory"
        yield [first]
        assert first.acknowledged
        await asyncio.wait_for(waiting, 120)
        yield [second]


async def test_every_agent_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next record enters after the previous batch is acknowledged, not before."""
    seen: list[int] = []

    async def handle(records: Sequence[Record]) -> None:
        seen.append(len(records))

    async def nothing_committed(*_: object, **__: object) -> int:
        return 0

    monkeypatch.setattr("streams.runtime.faust_app.next_offset", nothing_committed)
    settings = load_settings(kafka_bootstrap_servers="127.0.0.1:1", data_dir=tmp_path)
    app = create_app(settings, "embed", lambda *_: Stage("embed", {TWEETS: handle}), Metrics())
    (agent,) = app.agents.values()
    stream = _Stream()
    await agent.fun(stream)
    assert seen == [1, 1]
    assert all(event.acknowledged for event in stream.events)
