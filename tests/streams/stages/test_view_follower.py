"""A view that lost data is completed from the log, whenever the loss happened."""

import random
from collections.abc import AsyncIterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.record import Record
from streams.ports import Position
from streams.stages.view_follower import ViewFollower


class ForgetfulView:
    """A view and its positions in memory. `forget_in` flushes it during the n-th operation from now."""

    def __init__(self) -> None:
        self.shown: set[tuple[int, int]] = set()
        self.positions: dict[tuple[str, int], int] = {}
        self.epoch = 0
        self.forget_in = -1

    def flush(self) -> None:
        """Lose everything, like FLUSHALL."""
        self.shown.clear()
        self.positions.clear()
        self.epoch += 1

    def _step(self) -> None:
        self.forget_in -= 1
        if self.forget_in == 0:
            self.flush()

    async def apply(self, records: Sequence[Record]) -> None:
        """Show the records."""
        self._step()
        self.shown |= {(record.partition, record.offset) for record in records}
        self._step()

    async def position(self, topic: str, partition: int) -> Position:
        """See `PositionStore`."""
        self._step()
        return Position(str(self.epoch), self.positions.get((topic, partition), 0))

    async def advance(self, topic: str, partition: int, *, before: Position, to: int) -> bool:
        """See `PositionStore`."""
        self._step()
        if before != Position(str(self.epoch), self.positions.get((topic, partition), 0)):
            return False
        self.positions[topic, partition] = to
        return True


def _record(partition: int, offset: int) -> Record:
    return Record("assignments", partition, offset, None, b"{}", 0)


async def _log(partition: int, start: int, end: int) -> AsyncIterator[list[Record]]:
    for offset in range(start, end):
        yield [_record(partition, offset)]


def _follower(view: ForgetfulView) -> ViewFollower:
    return ViewFollower("assignments", view.apply, view, _log)


@given(st.integers(0, 10_000), st.lists(st.integers(1, 40), max_size=4))
async def test_flushed_at_any_moment_the_view_is_whole_after_the_next_look(seed: int, flushes: list[int]) -> None:
    """Batches of any size over three partitions; a flush may happen between any two steps."""
    chance = random.Random(seed)
    view = ForgetfulView()
    follower = _follower(view)
    ends = dict.fromkeys(range(3), 0)
    for _ in range(12):
        if view.forget_in < 0 and flushes:
            view.forget_in = flushes.pop()
        partition, size = chance.randrange(3), chance.randint(1, 5)
        batch = [_record(partition, offset) for offset in range(ends[partition], ends[partition] + size)]
        await follower.handle(batch)
        ends[partition] += size
    view.forget_in = -1
    await follower.check()
    expected = {(partition, offset) for partition, end in ends.items() for offset in range(end)}
    assert view.shown == expected


async def test_a_view_flushed_while_no_worker_ran_is_mended_up_to_the_committed_offsets() -> None:
    """Kafka would not deliver those records again."""
    view = ForgetfulView()
    await _follower(view).begin({0: 4, 2: 1})
    assert view.shown == {(0, 0), (0, 1), (0, 2), (0, 3), (2, 0)}


async def test_a_redelivery_moves_no_position_back() -> None:
    """After a crash between applying and acknowledging."""
    view = ForgetfulView()
    follower = _follower(view)
    await follower.handle([_record(0, offset) for offset in range(5)])
    await follower.handle([_record(0, offset) for offset in range(2, 4)])
    assert view.positions == {("assignments", 0): 5}
