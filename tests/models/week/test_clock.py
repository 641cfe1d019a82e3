"""Law 5: time is event time."""

from datetime import datetime, timedelta

import pytest

from models.events import Deletion
from models.week.clock import CORRECTED_WEEKS, WeekClock
from models.week.week import Week
from tests.support.made_posts import START, embedded, tweet

W18, W19, W20 = (Week.parse(f"2021-W{number}") for number in (18, 19, 20))
NOW = START + timedelta(days=2000)
IDLE = timedelta(seconds=60)
WEEK_HOURS = 7 * 24


def _clock() -> WeekClock:
    return WeekClock(timezone="UTC", lateness=timedelta(hours=24), idle=IDLE)


def _see(
    clock: WeekClock, number: int, hours: float, *, partition: int = 0, now: datetime = NOW, **more: object
) -> None:
    clock.see(embedded(tweet(number, hours=hours, **more), f"{partition}:{number}"), number, now)  # type: ignore[arg-type]


def test_a_week_is_due_when_the_watermark_passes_its_end_and_not_before() -> None:
    """The watermark is the newest post time minus the allowed lateness."""
    clock = _clock()
    _see(clock, 0, 5)
    _see(clock, 1, WEEK_HOURS + 23.9)
    assert clock.due(NOW) == []
    _see(clock, 2, WEEK_HOURS + 24)
    assert clock.due(NOW) == [W18]


def test_a_partition_that_lags_holds_its_week_open() -> None:
    """No week closes before all partitions have passed it, whichever worker is faster."""
    clock = _clock()
    _see(clock, 0, 5, partition=1)
    _see(clock, 1, WEEK_HOURS + 48, partition=0)
    assert clock.due(NOW) == [W18]
    assert clock.due(NOW, lagging=[1]) == []
    assert clock.due(NOW, lagging=[2]) == [], "nothing is known of partition 2 yet"
    _see(clock, 2, WEEK_HOURS + 30, partition=1)
    assert clock.due(NOW, lagging=[1]) == [W18]


def test_a_quiet_stream_closes_by_the_wall_clock() -> None:
    """Only after the idle time, only a week that is over, and never while records wait."""
    clock = _clock()
    live = START + timedelta(hours=100)
    _see(clock, 0, 100, now=live)
    assert clock.due(live + timedelta(days=1)) == [], "the week is not over by the wall clock"
    over = W18.end + timedelta(hours=24)
    assert clock.due(over, lagging=[0]) == [], "records are waiting: the stream is stalled, not quiet"
    assert clock.due(over) == [W18]
    assert clock.due(over - timedelta(seconds=1)) == []


def test_an_idle_moment_is_no_quiet_stream() -> None:
    """A backfill of old weeks pauses for less than the idle time."""
    clock = _clock()
    _see(clock, 0, 5)
    assert clock.due(NOW + IDLE - timedelta(seconds=1)) == []
    assert clock.due(NOW + IDLE) == [W18]


def test_weeks_close_in_the_order_of_time() -> None:
    """A digest builds on the previous one."""
    clock = _clock()
    for number, hours in enumerate((5, WEEK_HOURS * 2 + 1, WEEK_HOURS + 5, WEEK_HOURS * 4)):
        _see(clock, number, hours)
    assert clock.due(NOW) == [W18, W19, W20]


def test_a_late_post_makes_one_correction_once_it_is_quiet() -> None:
    """A burst of late posts is one correction. A post that the digest has already read needs none."""
    clock = _clock()
    _see(clock, 0, 5)
    clock.closed(W18, slice_end=10, shown_posts=set(), at=NOW)
    _see(clock, 9, 6)
    assert clock.due(NOW + IDLE) == [], "offset 9 was read by the digest"
    _see(clock, 10, 6)
    assert clock.due(NOW) == []
    _see(clock, 11, 6, now=NOW + IDLE)
    assert clock.due(NOW + IDLE) == []
    assert clock.due(NOW + 2 * IDLE) == [W18]
    clock.closed(W18, slice_end=12, shown_posts=set(), at=NOW)
    assert clock.due(NOW + 3 * IDLE) == []


def test_a_tombstone_or_an_edit_of_a_shown_post_makes_a_correction() -> None:
    """Posts that the digest does not show need none."""
    clock = _clock()
    clock.closed(W18, slice_end=10, shown_posts={"p1", "p2"}, at=NOW)
    for number, post in enumerate(("p9", "p1")):
        assert clock.due(NOW + IDLE) == []
        clock.see(Deletion(id=post, author_id="a", deleted_at=NOW), 20 + number, NOW)
    assert clock.due(NOW + IDLE) == [W18]
    clock.closed(W18, slice_end=22, shown_posts={"p2"}, at=NOW)
    _see(clock, 30, WEEK_HOURS + 1, edit_of="p2")
    assert W18 in clock.due(NOW + 2 * IDLE)


def test_an_older_week_is_a_backfill_and_waits_for_its_own_quiet() -> None:
    """The watermark has passed it long ago, so its first post must not close it."""
    clock = _clock()
    clock.closed(W20, slice_end=5, shown_posts=set(), at=NOW)
    _see(clock, 6, 5)
    assert clock.due(NOW) == []
    _see(clock, 7, WEEK_HOURS * 3 + 1, now=NOW + IDLE)
    assert clock.due(NOW + IDLE) == [W18], "another week's posts do not disturb its quiet"


def test_memory_is_bounded() -> None:
    """The posts of old digests are forgotten; a late post of theirs changes nothing."""
    clock = _clock()
    week = W18
    for _ in range(CORRECTED_WEEKS + 3):
        clock.closed(week, slice_end=0, shown_posts={str(week)}, at=NOW)
        week = week.next
    clock.see(Deletion(id=str(W18), author_id="a", deleted_at=NOW), 5, NOW)
    _see(clock, 6, 5)
    assert clock.due(NOW + IDLE) == []


@pytest.mark.parametrize("times", [1, 3])
def test_seeing_a_record_again_changes_nothing(times: int) -> None:
    """At-least-once delivery."""
    clock = _clock()
    for _ in range(times):
        _see(clock, 0, 5)
        _see(clock, 1, WEEK_HOURS + 48)
    assert clock.due(NOW) == [W18]
    assert clock.watermark() == START + timedelta(hours=WEEK_HOURS + 24)


def test_a_clock_that_is_set_back_delays_no_week() -> None:
    """By half a day: the idle time is measured from the new time, not until the old one."""
    clock, ahead = _clock(), NOW + timedelta(hours=12)
    _see(clock, 0, 100, now=ahead)
    assert clock.due(NOW) == []
    assert clock.due(NOW + IDLE) == [W18]
    clock.closed(W18, 1, set(), at=NOW)
    _see(clock, 1, 101, now=ahead)
    assert clock.due(NOW) == []
    assert clock.due(NOW + IDLE) == [W18]


def test_the_deletion_of_a_repeated_post_makes_a_digest_stale() -> None:
    """A shown retweet has the deleted text: its original counts as shown, also after a restart."""
    clock = _clock()
    clock.closed(W18, 3, {"p00000", "p00001", "original"}, at=NOW)
    clock.see(Deletion(id="unknown", author_id="a", deleted_at=START), 3, NOW)
    assert (clock.due(NOW + IDLE), clock.gone(W18)) == ([], set())
    clock.see(Deletion(id="original", author_id="a", deleted_at=START), 4, NOW)
    assert (clock.due(NOW + IDLE), clock.gone(W18)) == ([W18], {"original"})
    clock.closed(W18, 5, {"p00000"}, at=NOW)
    assert clock.gone(W18) == set()


def test_corrections_of_a_week_become_rarer() -> None:
    """A post that is edited every few minutes for ever: the first correction is quick, the tenth waits for hours."""
    clock, now, made = _clock(), NOW, 0
    clock.closed(W18, 0, {"p1"}, at=now)
    for minute in range(0, 24 * 60, 5):
        now = NOW + timedelta(minutes=minute)
        _see(clock, minute, 5 + minute / 1e4, now=now, edit_of="p1")
        now += IDLE
        if W18 in clock.due(now):
            made += 1
            clock.closed(W18, minute + 1, {"p1"}, at=now)
    assert 3 <= made <= 11


def test_a_deletion_waits_for_no_other_correction() -> None:
    """Somebody took their words back."""
    clock = _clock()
    for corrections in range(3):
        clock.closed(W18, corrections, {"p1"}, at=NOW)
    _see(clock, 5, 6)
    assert W18 not in clock.due(NOW + IDLE)
    clock.see(Deletion(id="p1", author_id="a", deleted_at=NOW), 6, NOW)
    assert W18 in clock.due(NOW + IDLE)


def test_the_number_of_corrections_survives_a_restart() -> None:
    """It is the revision of the digest on the log."""
    clock = _clock()
    clock.closed(W18, 0, set(), at=NOW, corrections=4)
    _see(clock, 5, 6)
    assert W18 not in clock.due(NOW + IDLE)
    assert W18 in clock.due(NOW + 16 * IDLE)
