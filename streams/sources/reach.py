"""Time limits of live sources: a post that a platform delivers today must not open a past week.

The author's clock sets the time of a post. It counts if the network saw the post soon afterwards. A post that appeared
later gets the time at which it became readable. A post from long ago that appears today (an imported archive, a
repeated feed) is left out. Files are read on purpose, so these limits do not apply to them.
"""

from datetime import datetime, timedelta

BELIEVED = timedelta(days=1)  # wrong clocks, and posts written offline
NEWS = timedelta(days=7)  # pages dated when their draft began
FIRST_YEAR = 1990  # before the web: the zero of a calendar, not a date


def is_date(moment: datetime) -> bool:
    """Whether a time is a real date: years 1, 1900 and 1970 stand for "unknown"."""
    return moment.year >= FIRST_YEAR


def time_within_reach(claimed: datetime | None, seen: datetime, since: datetime | None = None) -> datetime | None:
    """Return the time that a post gets, or None for a post that is too old.

    Args:
        claimed: the author's time; None if it is missing.
        seen: when the network saw the post, or when it first was readable.
        since: time of the previous look, if the source does not know what happened in between; default: `seen`.
    """
    if claimed is None or not is_date(claimed):
        return seen
    before = seen if since is None else min(since, seen)
    if claimed >= before - BELIEVED:
        return min(claimed, seen)
    return seen if claimed >= before - NEWS else None
