"""Decides which weeks are due: watermark of event time, open and closed weeks, late posts. Pure; time is an argument.

The watermark is the newest post time minus the allowed lateness. Partitions of `tweets` with unprocessed records hold
it back. Otherwise a worker that is faster on one partition would close a week early, and the digest would depend on
speed.

* A week newer than all closed ones is due when the watermark has passed its end. It is also due when nothing has
  arrived for the idle time, nothing is waiting, and the wall clock has passed the week's end plus the lateness.
* An older week (a backfill), and a closed week that a late post, an edit or a tombstone changed (a correction), is due
  when nothing for it has arrived for the idle time: a burst of late posts gives one correction.
* The first correction of a week needs no further wait. Each later one waits after the correction before it: two idle
  times, then four, then eight, up to the lateness. So repeated edits of a post do not cause endless corrections. A
  deleted post never waits.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from models.events import Deletion, EmbeddedTweet
from models.week.week import Week

# older digests are not corrected: nobody reads the correction, and remembering their posts would never end
CORRECTED_WEEKS = 8
LONGEST_WAIT = 20  # exponent of two, times the idle time; the lateness is shorter


class WeekClock:
    """Takes records with their offsets and returns the weeks that are due.

    Memory: the weeks, and the posts of eight digests.
    """

    def __init__(self, *, timezone: str, lateness: timedelta, idle: timedelta) -> None:
        self._timezone = timezone
        self._lateness = lateness
        self._idle = idle
        self._newest: dict[int, datetime] = {}  # partition of `tweets` -> newest post time
        self._last_arrival: datetime | None = None
        self._open: set[Week] = set()
        self._closed: dict[Week, int] = {}  # week -> the offset at which its digest stopped reading (exclusive)
        self._stale: set[Week] = set()  # closed weeks that need a correction
        self._touched_at: dict[Week, datetime] = {}  # when a record of the week last arrived
        self._shown: dict[Week, set[str]] = {}  # posts in the digests of recent weeks
        self._gone: dict[Week, set[str]] = {}  # those of them that were deleted afterwards
        self._made: dict[Week, tuple[int, datetime]] = {}  # corrections so far, and when the last digest was made

    def watermark(self, lagging: Collection[int] = ()) -> datetime | None:
        """The time before which no more posts are expected; None when it is unknown.

        Args:
            lagging: Partitions of `tweets` with records that are not on `tweets.embedded` yet.
        """
        if not self._newest or any(partition not in self._newest for partition in lagging):
            return None
        newest = [self._newest[partition] for partition in lagging] or [max(self._newest.values())]
        return min(newest) - self._lateness

    def see(self, record: EmbeddedTweet | Deletion, offset: int, now: datetime) -> None:
        """Take one record. Seeing it again only restarts the idle time.

        Args:
            record: The record.
            offset: Its offset; records come in log order.
            now: Time of arrival.
        """
        self._last_arrival = now
        if isinstance(record, Deletion):
            weeks = {week for week, posts in self._shown.items() if record.id in posts and offset >= self._closed[week]}
            for week in weeks:
                self._gone.setdefault(week, set()).add(record.id)
            self._touch(weeks, offset, now)
            return
        tweet = record.tweet
        partition = int(record.origin.split(":", 1)[0])
        self._newest[partition] = max(self._newest.get(partition, tweet.created_at), tweet.created_at)
        week = Week.of(tweet.created_at, self._timezone)
        touched = {shown for shown, posts in self._shown.items() if tweet.edit_of in posts}
        if week in self._shown:
            touched.add(week)
        elif week not in self._closed:
            self._open.add(week)
            self._touched_at[week] = now
        self._touch(touched, offset, now)

    def gone(self, week: Week) -> set[str]:
        """The posts in the week's digest that were deleted after it was made."""
        return set(self._gone.get(week, ()))

    def closed(self, week: Week, slice_end: int, shown_posts: set[str], *, at: datetime, corrections: int = 0) -> None:
        """Record that a week's digest is made.

        Args:
            week: The week.
            slice_end: Offset at which the digest stopped reading (exclusive).
            shown_posts: Ids of the posts that it shows, and of the posts that these repeat.
            at: When it was made.
            corrections: Number of earlier corrections, as far as other sources know it.
        """
        if week in self._made:
            corrections = max(corrections, self._made[week][0] + 1)
        self._made[week] = (corrections, at)
        self._gone.pop(week, None)
        self._open.discard(week)
        self._stale.discard(week)
        self._touched_at.pop(week, None)
        self._closed[week] = slice_end
        self._shown[week] = shown_posts
        for old in sorted(self._shown)[:-CORRECTED_WEEKS]:
            del self._shown[old]
            self._made.pop(old, None)
            self._gone.pop(old, None)
            self._stale.discard(old)

    def due(self, now: datetime, lagging: Collection[int] = ()) -> list[Week]:
        """The weeks to close or correct at `now`, in order of time."""
        self._no_later_than(now)
        newest_closed = max(self._closed, default=None)
        watermark = self.watermark(lagging)
        due = {week for week in self._stale if self._settled(week, now) and self._waited(week, now)}
        for week in self._open:
            if newest_closed is not None and week < newest_closed:
                over = self._settled(week, now)
            else:
                over = (watermark is not None and watermark >= week.end) or self._is_quiet(week, now, lagging)
            if over:
                due.add(week)
        return sorted(due)

    def _waited(self, week: Week, now: datetime) -> bool:
        """Whether the last digest of a stale week is old enough for another correction."""
        corrections, at = self._made[week]
        if not corrections or week in self._gone:
            return True
        return now - at >= min(self._idle * (1 << min(corrections, LONGEST_WAIT)), self._lateness)

    def _no_later_than(self, now: datetime) -> None:
        """After the clock was set back, measure the idle time from `now` instead of from a future time."""
        if self._last_arrival is not None:
            self._last_arrival = min(self._last_arrival, now)
        self._touched_at = {week: min(at, now) for week, at in self._touched_at.items()}
        self._made = {week: (corrections, min(at, now)) for week, (corrections, at) in self._made.items()}

    def _settled(self, week: Week, now: datetime) -> bool:
        return now - self._touched_at[week] >= self._idle

    def _is_quiet(self, week: Week, now: datetime, lagging: Collection[int]) -> bool:
        quiet = self._last_arrival is not None and now - self._last_arrival >= self._idle and not lagging
        return quiet and now >= week.end + self._lateness

    def _touch(self, weeks: set[Week], offset: int, now: datetime) -> None:
        for week in weeks:
            if offset >= self._closed[week]:
                self._stale.add(week)
                self._touched_at[week] = now
