"""Stage assign when its outputs are not confirmed: the state is ahead of the durable outputs."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.events import Assignment
from streams.kafka.record import Record
from tests.support.assigning import Bench, made_log, straight_run
from tests.support.made_posts import START


class _AwayBroker:
    """Confirms `room` records, fails at the next one, and never answers for the rest."""

    def __init__(self, bench: Bench, room: int, error: BaseException) -> None:
        self._send = bench.send
        self._room = room
        self._error = error

    async def __call__(self, topic: str, **named: Any) -> Awaitable[object]:
        confirmation = asyncio.get_running_loop().create_future()
        self._room -= 1
        if self._room >= 0:
            confirmation.set_result(await (await self._send(topic, **named)))
        elif self._room == -1:
            confirmation = asyncio.ensure_future(self._fail())
        return confirmation

    async def _fail(self) -> None:
        raise self._error


async def _cut_off(bench: Bench, room: int, error: BaseException) -> list[Assignment]:
    """Offsets 0 to 19 are committed; the broker becomes unreachable while the next 20 are sent. Returns what is
    durable.
    """
    await bench.stage.assign(made_log()[:20])
    bench.stage._send = _AwayBroker(bench, room, error)
    with pytest.raises(type(error)):
        await bench.stage.assign(made_log()[20:40])
    return bench.assignments()


@pytest.mark.parametrize("room", [0, 1, 9])
@pytest.mark.parametrize("error", [ConnectionError(), asyncio.CancelledError()])
async def test_a_stop_without_a_broker_takes_nothing_for_sent(tmp_path: Path, room: int, error: BaseException) -> None:
    """A stopping stage writes a snapshot. If it included these posts, they would never be sent (seen: 39 lost)."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "cut", made_log())
    durable = await _cut_off(bench, room, error)
    bench.stage.save_snapshot()
    bench.restart()
    bench.stage.load_snapshot()
    await bench.stage.assign(made_log()[20:])
    assert {one.origin: one for one in [*durable, *bench.assignments()]} == {one.origin: one for one in expected}


async def test_what_was_not_confirmed_is_sent_when_it_is_handed_again(tmp_path: Path) -> None:
    """Delivered again to the same process, as after a rebalance that cancelled its batch."""
    expected = (await straight_run(tmp_path)).assignments()
    bench = Bench(tmp_path / "cut", made_log())
    await _cut_off(bench, 3, asyncio.CancelledError())
    bench.stage._send = bench.send
    await bench.stage.assign(made_log()[20:])
    assert {one.origin: one for one in bench.assignments()} == {one.origin: one for one in expected}


async def test_the_snapshot_before_is_still_good(tmp_path: Path) -> None:
    """Its records are not read again; later ones are."""
    bench = Bench(tmp_path, made_log())
    await bench.stage.assign(made_log()[:10])
    bench.stage.save_snapshot()
    await _cut_off(bench, 3, ConnectionError())
    bench.stage.save_snapshot()
    bench.restart()
    assert bench.stage.load_snapshot() == 10


async def test_a_catch_up_that_is_called_off_is_saved_as_far_as_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled within one read of thousands of records: a process that is killed repeatedly still makes progress."""
    monkeypatch.setattr("streams.stages.assign.CATCH_UP_BATCH", 20)
    bench = Bench(tmp_path, made_log(100))
    moments = itertools.count()
    bench.stage._clock = lambda: START + timedelta(seconds=31 * next(moments))

    async def all_at_once(start: int, end: int) -> AsyncIterator[list[Record]]:
        yield list(bench.log[start:end])

    bench.stage._read_log = all_at_once
    task = asyncio.create_task(bench.stage.assign(bench.log[99:]))
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    bench.restart()
    assert 0 < bench.stage.load_snapshot() < 99
