"""A process that misses a record ends before it acknowledges a later one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.runtime.gap_detection import GapError, OffsetChecker


class Broker:
    """The committed offsets of the group, by partition, and the offsets that have a record."""

    def __init__(self, records: set[int], committed: dict[int, int] | None = None) -> None:
        self.records = records
        self.committed = committed or {}
        self.asked = 0

    async def next_offset(self, partition: int) -> int:
        self.asked += 1
        return self.committed.get(partition, min(self.records, default=0))

    async def any_record(self, _: int, start: int, end: int) -> bool:
        return any(start <= offset < end for offset in self.records)

    def checker(self) -> OffsetChecker:
        return OffsetChecker(self.next_offset, self.any_record)


async def test_a_hole_between_two_records() -> None:
    """Records 12 and 13 are on the log and did not arrive, for whatever reason inside Faust."""
    checker = Broker(set(range(20)), {0: 10}).checker()
    for offset in (10, 11):
        await checker.check(0, offset, 1)
    with pytest.raises(GapError, match="partition 0: records from offset 12 to 14 were skipped"):
        await checker.check(0, 14, 1)


async def test_a_hole_before_the_first_record() -> None:
    """The committed offset is below the first record that arrives."""
    with pytest.raises(GapError, match="from offset 10 to 12 were skipped"):
        await Broker(set(range(20)), {0: 10}).checker().check(0, 12, 1)


async def test_a_hole_at_the_start_of_a_log_of_which_nothing_was_committed() -> None:
    """The log starts at 5."""
    checker = Broker({5, 6, 7}).checker()
    with pytest.raises(GapError, match="from offset 5 to"):
        await checker.check(0, 6, 1)
    await Broker({5, 6, 7}).checker().check(0, 5, 1)


async def test_offsets_without_a_record_are_no_hole() -> None:
    """Compaction, retention and transactions leave such offsets."""
    checker = Broker({3, 4, 9, 10}, {0: 3}).checker()
    for offset in (3, 4, 9, 10):
        await checker.check(0, offset, 1)


async def test_delivered_again_is_no_hole() -> None:
    """Later records are compared with the highest offset that arrived."""
    broker = Broker(set(range(20)), {0: 4})
    checker = broker.checker()
    for offset in (4, 5, 6, 7):
        await checker.check(0, offset, 1)
    for offset in (5, 6, 7, 8):
        await checker.check(0, offset, 2)
    assert broker.asked == 1, "nothing was in doubt after the first record"
    with pytest.raises(GapError):
        await checker.check(0, 10, 2)


async def test_what_another_worker_has_handled_is_no_hole() -> None:
    """Another worker owned the partition for a while and has committed."""
    broker = Broker(set(range(20)), {0: 0})
    checker = broker.checker()
    await checker.check(0, 0, 1)
    broker.committed[0] = 9
    await checker.check(0, 9, 3)
    with pytest.raises(GapError, match="from offset 10 to"):
        await checker.check(0, 11, 3)


async def test_what_was_committed_in_the_same_generation_excuses_nothing() -> None:
    """No other process owned the partition, so our own commit was wrong."""
    broker = Broker(set(range(20)), {0: 0})
    checker = broker.checker()
    await checker.check(0, 0, 1)
    broker.committed[0] = 5
    with pytest.raises(GapError, match="from offset 1 to"):
        await checker.check(0, 5, 1)


async def test_partitions_are_apart() -> None:
    """Each partition has its own offsets."""
    checker = Broker(set(range(20)), {0: 4, 1: 8}).checker()
    for partition, offset in ((0, 4), (1, 8), (0, 5), (1, 9)):
        await checker.check(partition, offset, 1)
    with pytest.raises(GapError, match="partition 1"):
        await checker.check(1, 11, 1)


async def test_records_behind_the_last_that_came() -> None:
    """Passes when everything before the end has arrived; raises when two records are missing."""
    broker = Broker({0, 1, 2, 3}, {0: 0})
    checker = broker.checker()
    for offset in (0, 1):
        await checker.check(0, offset, 1)
    await checker.check_end(0, 2, 1)
    with pytest.raises(GapError, match="from offset 2 to"):
        await checker.check_end(0, 4, 1)
    broker.committed[0] = 4
    await checker.check_end(0, 4, 2)  # another worker has handled them


@given(
    records=st.sets(st.integers(0, 30), min_size=2),
    missing=st.sets(st.integers(0, 30)),
    again=st.lists(st.integers(0, 30), max_size=3),
)
async def test_it_ends_exactly_before_the_first_record_behind_a_hole(
    records: set[int], missing: set[int], again: list[int]
) -> None:
    """Random logs with and without records at an offset, some of which never arrive."""
    checker = Broker(records).checker()
    handed: list[int] = []
    for offset in sorted(records - missing):
        hole = any(record not in handed for record in records if record < offset)
        try:
            await checker.check(0, offset, 1)
        except GapError:
            assert hole
            return
        assert not hole
        handed.append(offset)
        for earlier in again:
            if earlier in handed:
                await checker.check(0, earlier, 1)
