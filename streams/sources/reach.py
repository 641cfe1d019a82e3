"""How far into the past a live source reaches: no post that a platform hands out today may open a week of the past.

The time of a post is its author's claim. It counts when the network saw the post soon after it. A post that appeared
late has the time at which it became readable. A post from long ago that appears today (an imported archive, a repeated
feed) is no news: it is left out. Files are read on purpose and not held to this.
"""

from datetime import datetime, timedelta

BELIEVED = timedelta(days=1)  # clocks that are wrong, posts that are written offline
NEWS = timedelta(days=7)  # a page that is dated when its draft began
FIRST_YEAR = 1990  # before the web: a zero of some calendar, and no date


def is_date(moment: datetime) -> bool:
    """Whether a time can be meant as one: years 1, 1900 and 1970 stand for "unknown"."""
    return moment.year >= FIRST_YEAR


def time_within_reach(claimed: datetime | None, seen: datetime, since: datetime | None = None) -> datetime | None:
    """The time that a post is given; None for a post that is too old to be news.

    Args:
        claimed: the author's word, None without one.
        seen: when the network saw the post, or when it was first readable.
        since: when the source looked before, where it cannot know what happened in between; default: `seen`.
    """
    if claimed is None or not is_date(claimed):
        return seen
    before = seen if since is None else min(since, seen)
    if claimed >= before - BELIEVED:
        return min(claimed, seen)
    return seen if claimed >= before - NEWS else None
