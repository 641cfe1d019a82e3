"""The time of a post and its check: one rule for every way into `tweets` and for the embed stage."""

from datetime import datetime, timedelta

from models.events import Deletion, Tweet
from models.events.wire import PoisonError


def time_of(post: Tweet | Deletion) -> datetime:
    """The time at which the post was written; of a tombstone, the time of the deletion."""
    return post.deleted_at if isinstance(post, Deletion) else post.created_at


def check_not_future(moment: datetime, now: datetime, skew: timedelta) -> None:
    """Raise PoisonError for a time more than `skew` after `now`."""
    if moment > now + skew:
        minutes = skew / timedelta(minutes=1)
        raise PoisonError(
            f"{moment.isoformat()} is more than {minutes:g} minutes in the future "
            "(limit: TOPTOPICS_FUTURE_SKEW_MINUTES)"
        )
