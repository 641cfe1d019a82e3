"""Which weeks are due: watermark of event time, open and closed weeks, late posts. Pure; time is an argument.

Watermark = newest post time seen minus the allowed lateness, held back by partitions of `tweets` that still have
unprocessed records: without that, a worker that is quicker on one partition than on another would close a week
early, and a digest would depend on who was quicker.

* A week newer than all closed ones is due when the watermark has passed its end; or, when nothing at all has
  arrived for the idle time and nothing is waiting, once the wall clock is past its end and the lateness.
* An older week (a backfill), and a closed week that a late post, an edit or a tombstone touched (a correction), is
  due when nothing for it has arrived for the idle time: one correction for a burst of late posts, not one each.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from models.events import Deletion, EmbeddedTweet
from models.week.week import Week

# a correction to a digest older than this interests nobody, and remembering its posts would never end
CORRECTED_WEEKS = 8


class WeekClock:
    """Feed it records with their offsets; ask it what is due. Memory: the weeks, the posts of eight
    digests, and the retweets of those weeks and of open ones."""

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
        self._retweets: dict[Week, dict[str, list[str]]] = {}  # ids of a week's retweets by the post that they repeat

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
            self._touch({week for week in self._shown if self._shows(week, record.id)}, offset, now)
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
        if tweet.kind == "retweet" and tweet.related_id is not None and (week in self._shown or week in self._open):
            self._retweets.setdefault(week, {}).setdefault(tweet.related_id, []).append(tweet.id)
        self._touch(touched, offset, now)

    def closed(self, week: Week, slice_end: int, shown_posts: set[str]) -> None:
        """Its digest is published, made of the log up to `slice_end`, and shows these posts."""
        self._open.discard(week)
        self._stale.discard(week)
        self._touched_at.pop(week, None)
        self._closed[week] = slice_end
        self._shown[week] = shown_posts
        for old in sorted(self._shown)[:-CORRECTED_WEEKS]:
            del self._shown[old]
            self._retweets.pop(old, None)
            self._stale.discard(old)

    def due(self, now: datetime, lagging: Collection[int] = ()) -> list[Week]:
        """Weeks to close or correct at `now`, in the order of time."""
        self._no_later_than(now)
        newest_closed = max(self._closed, default=None)
        watermark = self.watermark(lagging)
        due = {week for week in self._stale if self._settled(week, now)}
        for week in self._open:
            if newest_closed is not None and week < newest_closed:
                over = self._settled(week, now)
            else:
                over = (watermark is not None and watermark >= week.end) or self._is_quiet(week, now, lagging)
            if over:
                due.add(week)
        return sorted(due)

    def _shows(self, week: Week, post_id: str) -> bool:
        """Whether the week's digest shows the post, or one that repeats it."""
        repeats = self._retweets.get(week, {}).get(post_id, ())
        return not self._shown[week].isdisjoint((post_id, *repeats))

    def _no_later_than(self, now: datetime) -> None:
        """A clock that was set back must not make the quiet wait until it is where it was."""
        if self._last_arrival is not None:
            self._last_arrival = min(self._last_arrival, now)
        self._touched_at = {week: min(at, now) for week, at in self._touched_at.items()}

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
