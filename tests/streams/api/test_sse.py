"""The event stream: a reconnect misses nothing, and a slow reader does not affect others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import pytest

from models.live.state import ViewEvent
from models.text.plain import one_line
from streams.api.hub import Hub
from streams.api.limits import ApiLimits
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.memory import MemoryViews
from streams.views.port import ViewUnavailableError
from tests.support.view_examples import assignment, event

Message = tuple[str, str, Any]


@asynccontextmanager
async def running_hub(views: MemoryViews, limits: ApiLimits | None = None) -> AsyncIterator[tuple[Hub, Metrics]]:
    """A hub that follows the view."""
    metrics = Metrics()
    hub = Hub(views, Board(views), metrics, limits or ApiLimits())
    task = asyncio.create_task(hub.run())
    while not hub.connected:
        await asyncio.sleep(0)
    try:
        yield hub, metrics
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def parse(chunk: bytes) -> list[Message]:
    """(id, event, data) of each message."""
    found = []
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields.get("id", ""), fields["event"], orjson.loads(fields["data"])))
    return found


async def until(stream: AsyncIterator[bytes], name: str, count: int = 1) -> list[Message]:
    """Read until `count` messages of that name have arrived; returns all messages."""
    seen: list[Message] = []
    async with asyncio.timeout(120):
        while sum(1 for one in seen if one[1] == name) < count:
            seen += parse(await anext(stream))
    return seen


async def test_what_happens_arrives_in_order_with_ids_that_grow() -> None:
    """Topic events with ids; changes of the board without."""
    views = MemoryViews()
    async with running_hub(views) as (hub, _):
        stream = hub.subscribe("a", None)
        assert parse(await anext(stream))[0][1] == "status"
        await views.apply_topic_events([event("born", f"T{i}") for i in range(3)])
        await views.apply_assignments([assignment("1", "T1")])
        seen = await until(stream, "topics")
        seen += await until(stream, "topic", 3) if sum(1 for one in seen if one[1] == "topic") < 3 else []
        topics = [one for one in seen if one[1] == "topic"]
        assert [data["topic_id"] for _, _, data in topics] == ["T0", "T1", "T2"]
        assert [found for found, _, _ in topics] == ["1-0", "2-0", "3-0"]
        assert all(not found for found, name, _ in seen if name == "topics")
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_reader_that_comes_back_gets_what_it_missed_once() -> None:
    """Last-Event-ID: everything after it, whether it happened before or after the reconnect, and nothing twice."""
    views = MemoryViews()
    async with running_hub(views) as (hub, _):
        await views.apply_topic_events([event("born", f"T{i}") for i in range(4)])
        stream = hub.subscribe("a", "2-0")
        await anext(stream)
        await views.apply_topic_events([event("born", "T9")])
        seen = await until(stream, "topic", 3)
        assert [data["topic_id"] for _, name, data in seen if name == "topic"] == ["T2", "T3", "T9"]
        assert not any(name == "reset" for _, name, _ in seen)
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_reader_that_missed_more_than_is_kept_is_told_to_reload() -> None:
    """`reset`, then the present events."""
    views = MemoryViews()
    await views.apply_topic_events([event("born", "T1")])
    async with running_hub(views) as (hub, _):
        stream = hub.subscribe("a", "0-1")
        seen = await until(stream, "topic")
        assert [name for _, name, _ in seen] == ["status", "reset", "topic"]
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_slow_reader_is_disconnected_and_the_others_get_everything() -> None:
    """Its queue is bounded, others do not wait for it, and it may resume."""
    views = MemoryViews()
    async with running_hub(views, ApiLimits(sse_queue=4)) as (hub, metrics):
        slow, quick = hub.subscribe("slow", None), hub.subscribe("quick", None)
        await anext(slow)
        await anext(quick)
        got: list[str] = []
        for i in range(30):
            await views.apply_topic_events([event("born", f"T{i}")])
            got += [one[2]["topic_id"] for one in await until(quick, "topic") if one[1] == "topic"]
        assert got == [f"T{i}" for i in range(30)]
        left = [one async for one in slow]
        assert len(left) == 4
        assert metrics.registry.get_sample_value("toptopics_sse_slow_readers_total") == 1
        assert metrics.registry.get_sample_value("toptopics_sse_clients") == 1
        await quick.aclose()  # type: ignore[attr-defined]
        assert metrics.registry.get_sample_value("toptopics_sse_clients") == 0


async def test_heart_beats_show_that_a_quiet_stream_lives() -> None:
    """They carry no id, because they are nothing to resume from."""
    async with running_hub(MemoryViews(), ApiLimits(heartbeat_seconds=0.01)) as (hub, _):
        stream = hub.subscribe("a", None)
        seen = await until(stream, "heartbeat", 2)
        assert {found for found, _, _ in seen} == {""}
        await stream.aclose()  # type: ignore[attr-defined]


async def test_one_client_cannot_take_all_the_room() -> None:
    """The limit is per address, and a place is free again when a client leaves."""
    async with running_hub(MemoryViews(), ApiLimits(sse_per_client=1)) as (hub, _):
        stream = hub.subscribe("a", None)
        await anext(stream)
        assert not hub.has_room("a")
        assert hub.has_room("b")
        await stream.aclose()  # type: ignore[attr-defined]
        assert hub.has_room("a")


class Flaky(MemoryViews):
    """A store that becomes unreachable on request."""

    away = False

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """Raises while unreachable."""
        if self.away:
            raise ViewUnavailableError("gone")
        return await super().tail(event, pulse, 20)


async def test_readers_are_told_when_the_store_goes_and_comes_back() -> None:
    """They stay connected."""
    views = Flaky()
    async with running_hub(views) as (hub, _):
        stream = hub.subscribe("a", None)
        await anext(stream)
        views.away = True
        assert (await until(stream, "status"))[-1][2]["connected"] is False
        views.away = False
        assert (await until(stream, "status"))[-1][2]["connected"] is True
        await stream.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["a\nb", "a\r\nevent: x", "data: x\n\n"])
async def test_text_cannot_forge_messages(text: str) -> None:
    """A line break in a label starts no new line of the stream."""
    views = MemoryViews()
    async with running_hub(views) as (hub, _):
        stream = hub.subscribe("a", None)
        await anext(stream)
        await views.apply_topic_events([event("born", "T1", label=text)])
        seen = await until(stream, "topic")
        assert [data["data"]["label"] for _, name, data in seen if name == "topic"] == [one_line(text)]
        await stream.aclose()  # type: ignore[attr-defined]
