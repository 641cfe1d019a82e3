"""Adaptive batches: a single event at once, order of acknowledgement, errors, limits."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from streams.runtime.batching import LEAST, SECONDS, BatchSize, handle_batches


class Source:
    """Yields the events that the test puts in, and counts those taken."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[int | None] = asyncio.Queue()
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[int]:
        while (event := await self.queue.get()) is not None:
            self.taken += 1
            yield event

    def put(self, *events: int | None) -> None:
        for event in events:
            self.queue.put_nowait(event)


class Handler:
    """Holds every batch until the test releases it."""

    def __init__(self) -> None:
        self.begun: list[list[int]] = []
        self.gates: list[asyncio.Future[None]] = []

    async def __call__(self, batch: Sequence[int]) -> None:
        self.begun.append(list(batch))
        self.gates.append(asyncio.get_running_loop().create_future())
        await self.gates[-1]


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def flow(source: Source, handler: Handler, acknowledged: list[int], most: int = 100) -> asyncio.Task[None]:
    task = asyncio.ensure_future(handle_batches(aiter(source), handler, acknowledged.append, most=most, ahead=2))
    await settle()
    return task


async def test_a_lone_event_leaves_at_once_and_a_backlog_leaves_together() -> None:
    """A single event does not wait for others; events that arrive during a batch form one batch."""
    source, handler, acknowledged = Source(), Handler(), list[int]()
    task = await flow(source, handler, acknowledged)
    source.put(0)
    await settle()
    for event in range(1, 12):
        source.put(event)
        await settle()
    assert handler.begun == [[0]]
    handler.gates[0].set_result(None)
    await settle()
    assert handler.begun == [[0], list(range(1, 12))]
    assert acknowledged == [0]
    source.put(None)
    handler.gates[1].set_result(None)
    await task
    assert acknowledged == list(range(12))


async def test_a_backlog_keeps_full_batches_under_way() -> None:
    """A second batch with only the first event would make the device wait repeatedly."""
    source, handler, acknowledged = Source(), Handler(), list[int]()
    task = await flow(source, handler, acknowledged, most=10)
    for event in range(60):
        source.put(event)
        await settle()
    for done in range(4):
        await settle()
        assert len(handler.begun) == done + 2
        handler.gates[done].set_result(None)
    assert {len(batch) for batch in handler.begun[1:]} == {10}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_batch_that_is_done_early_waits_for_the_one_before() -> None:
    """Faust commits past a gap of one, so the order of acknowledgement is the order of arrival."""
    source, handler, acknowledged = Source(), Handler(), list[int]()
    task = await flow(source, handler, acknowledged, most=1)
    for event in range(2):
        source.put(event)
        await settle()
    handler.gates[1].set_result(None)
    await settle()
    assert acknowledged == []
    handler.gates[0].set_result(None)
    await settle()
    assert acknowledged == [0, 1]
    source.put(None)
    await task


@pytest.mark.parametrize("failing", [0, 1])
async def test_a_failed_batch_ends_the_flow_and_nothing_after_it_is_acknowledged(failing: int) -> None:
    """Also while no event arrives. The raised error is the batch's own."""
    source, handler, acknowledged = Source(), Handler(), list[int]()
    task = await flow(source, handler, acknowledged, most=1)
    for event in range(2):
        source.put(event)
        await settle()
    handler.gates[1 - failing].set_result(None)
    await settle()
    handler.gates[failing].set_exception(KeyError("x"))
    with pytest.raises(KeyError):
        await task
    assert acknowledged == [0][:failing]


async def test_an_error_of_the_source_is_raised_and_nothing_stays_behind() -> None:
    """Running batches are cancelled; their events are delivered again."""

    async def broken() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(0.01)
        raise ConnectionError("gone")

    handler, acknowledged = Handler(), list[int]()
    before = asyncio.all_tasks()
    with pytest.raises(ConnectionError):
        await handle_batches(broken(), handler, acknowledged.append, most=10, ahead=2)
    assert handler.gates[0].cancelled()
    assert asyncio.all_tasks() == before
    assert acknowledged == []


async def test_no_more_is_read_than_the_next_batch_takes() -> None:
    """Back-pressure: a backlog stays on the broker."""
    source, handler, acknowledged = Source(), Handler(), list[int]()
    task = await flow(source, handler, acknowledged, most=10)
    source.put(*range(100))
    await settle()
    assert source.taken <= 3 * 10
    assert all(len(batch) <= 10 for batch in handler.begun)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_size_follows_the_handler() -> None:
    """A fast handler gets the largest size, a slow one the smallest; a small fast batch changes nothing."""
    size = BatchSize(500)
    size.observe(3, 0.001)
    assert size.now == LEAST
    for _ in range(10):
        size.observe(size.now, SECONDS / 10)
    assert size.now == 500
    size.observe(500, SECONDS / 2)
    assert size.now == 500
    for _ in range(10):
        size.observe(size.now, 2 * SECONDS)
    assert size.now == LEAST
    assert BatchSize(7).now == 7
