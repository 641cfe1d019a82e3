"""When a post was written, and whether that can be: one rule for every way into `tweets` and for the embed stage."""

from datetime import datetime, timedelta

from models.events import Deletion, Tweet
from models.events.wire import PoisonError


def time_of(post: Tweet | Deletion) -> datetime:
    """The post's own time; a tombstone's: when the post was deleted."""
    return post.deleted_at if isinstance(post, Deletion) else post.created_at


def check_not_future(moment: datetime, now: datetime, skew: timedelta) -> None:
    """Raises PoisonError for a time more than `skew` after `now`."""
    if moment > now + skew:
        minutes = skew / timedelta(minutes=1)
        raise PoisonError(
            f"{moment.isoformat()} is in the future, more than {minutes:g} minutes ahead "
            "(TOPTOPICS_FUTURE_SKEW_MINUTES allows so much)"
        )
