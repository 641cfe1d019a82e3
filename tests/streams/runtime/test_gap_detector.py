"""A quiet stream is checked for records that never arrived; a busy stream is not."""

from collections.abc import Collection, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from streams.kafka.record import Record
from streams.runtime.gap_detection import QUIET_SECONDS, GapDetector, GapError, OffsetChecker


class World:
    """A log of ten records and a clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.asked = 0
        self.end = 10
        self.detector = GapDetector(OffsetChecker(self.next_offset, self.any_record), self.ends, lambda: self.seconds)

    async def next_offset(self, _: int) -> int:
        return 0

    async def any_record(self, _: int, start: int, end: int) -> bool:
        return start < min(end, self.end)

    async def ends(self) -> Mapping[int, int]:
        self.asked += 1
        return {0: self.end, 1: 0}

    async def look_until(self, seconds: float, owned: Collection[int] = (0, 1)) -> None:
        """Look every second; the app looks every few seconds."""
        while self.seconds < seconds:
            self.seconds += 1
            await self.detector.check_quiet(owned, 1)

    async def hand_over(self, *offsets: int) -> None:
        for offset in offsets:
            await self.detector.check(event(offset))


def event(offset: int) -> Any:
    """An event like Faust's."""
    return SimpleNamespace(message=SimpleNamespace(partition=0, offset=offset, generation_id=1))


async def test_a_record_that_never_comes_is_found_when_all_is_quiet() -> None:
    """It is not reported earlier, because it may still be on its way."""
    world = World()
    await world.hand_over(*range(8))
    await world.look_until(2 * QUIET_SECONDS - 1)
    with pytest.raises(GapError, match="from offset 8 to"):
        await world.look_until(3 * QUIET_SECONDS)


async def test_a_record_that_has_only_just_come_is_on_its_way() -> None:
    """The length of the quiet time before it does not matter."""
    world = World()
    await world.hand_over(*range(10))
    await world.look_until(10 * QUIET_SECONDS)
    world.end = 11
    await world.look_until(11 * QUIET_SECONDS)
    await world.hand_over(10)
    world.end = 12
    await world.look_until(12 * QUIET_SECONDS)
    with pytest.raises(GapError, match="from offset 11 to"):
        await world.look_until(15 * QUIET_SECONDS)


async def test_a_stream_that_has_handed_over_everything_is_quiet_for_good() -> None:
    """The broker is asked once in QUIET_SECONDS."""
    world = World()
    await world.hand_over(*range(10))
    await world.look_until(100)
    assert 0 < world.asked <= 100 / QUIET_SECONDS


async def test_what_others_own_is_theirs() -> None:
    """A standby receives no records at all."""
    world = World()
    await world.look_until(100, owned=set())
    assert world.asked


async def test_while_a_batch_is_handled_nothing_is_missing() -> None:
    """Records behind the batch were fetched and arrive after it; then the quiet time starts again."""
    world = World()
    looked: list[float] = []

    async def slow(_: Sequence[Record]) -> None:
        world.seconds += 100
        await world.detector.check_quiet({0}, 1)
        looked.append(world.seconds)

    await world.hand_over(0)
    await world.detector.tracked(slow)([])
    assert looked == [100]
    await world.look_until(100 + QUIET_SECONDS - 1)
    assert world.asked == 0
    with pytest.raises(GapError, match="from offset 1 to"):
        await world.look_until(100 + 3 * QUIET_SECONDS)


async def test_events_pass_in_order_until_one_was_skipped() -> None:
    """The event behind a gap is not passed on."""
    world = World()

    async def events() -> Any:
        for offset in (0, 1, 2, 4, 5):
            yield event(offset)

    passed = aiter(world.detector.checked(events()))
    assert [(await anext(passed)).message.offset for _ in range(3)] == [0, 1, 2]
    with pytest.raises(GapError, match="from offset 3 to"):
        await anext(passed)
