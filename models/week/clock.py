"""Which weeks are due: watermark of event time, open and closed weeks, late posts. Pure; time is an argument.

Watermark = newest post time seen minus the allowed lateness, held back by partitions of `tweets` that still have
unprocessed records: without that, a worker that is quicker on one partition than on another would close a week
early, and a digest would depend on who was quicker.

* A week newer than all closed ones is due when the watermark has passed its end; or, when nothing at all has
  arrived for the idle time and nothing is waiting, once the wall clock is past its end and the lateness.
* An older week (a backfill), and a closed week that a late post, an edit or a tombstone touched (a correction), is
  due when nothing for it has arrived for the idle time: one correction for a burst of late posts, not one each.
* The first correction of a week waits for nothing else. The next ones wait since the one before: two idle times, then
  four, then eight, up to the lateness. So a post that is edited without end does not correct a digest without end. A
  deleted post never waits.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from models.events import Deletion, EmbeddedTweet
from models.week.week import Week

# a correction to a digest older than this interests nobody, and remembering its posts would never end
CORRECTED_WEEKS = 8
LONGEST_WAIT = 20  # as a power of two of the idle time: the lateness is shorter


class WeekClock:
    """Feed it records with their offsets; ask it what is due. Memory: the weeks, and the posts of eight digests."""

    def __init__(self, *, timezone: str, lateness: timedelta, idle: timedelta) -> None:
        self._timezone = timezone
        self._lateness = lateness
        self._idle = idle
        self._newest: dict[int, datetime] = {}  # by partition of `tweets`
        self._last_arrival: datetime | None = None
        self._open: set[Week] = set()
        self._closed: dict[Week, int] = {}  # week -> the offset up to which its digest has read the log
        self._stale: set[Week] = set()
        self._touched_at: dict[Week, datetime] = {}
        self._shown: dict[Week, set[str]] = {}  # posts that the digests of recent weeks show
        self._gone: dict[Week, set[str]] = {}  # those of them that were deleted since
        self._made: dict[Week, tuple[int, datetime]] = {}  # corrections so far, and when the last digest was made

    def watermark(self, lagging: Collection[int] = ()) -> datetime | None:
        """No post older than this is expected any more; None when that cannot be said.

        lagging: partitions of `tweets` with records that are not yet on `tweets.embedded`.
        """
        if not self._newest or any(partition not in self._newest for partition in lagging):
            return None
        newest = [self._newest[partition] for partition in lagging] or [max(self._newest.values())]
        return min(newest) - self._lateness

    def see(self, record: EmbeddedTweet | Deletion, offset: int, now: datetime) -> None:
        """One record, in log order, arriving at `now`; seeing it again changes nothing but the quiet."""
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
        """The posts that its digest shows and that were deleted since it was made."""
        return set(self._gone.get(week, ()))

    def closed(self, week: Week, slice_end: int, shown_posts: set[str], *, at: datetime, corrections: int = 0) -> None:
        """The digest of a week is made.

        Args:
            week: The week.
            slice_end: Offset up to which the log was read for it (exclusive).
            shown_posts: Ids of the posts that it shows, and of the posts that these repeat.
            at: When it was made.
            corrections: How often the week was corrected before, as far as that is known from elsewhere.
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
        """Weeks to close or correct at `now`, in the order of time."""
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
        """A clock that was set back must not make the quiet wait until it is where it was."""
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
