"""The posts that a published digest was made from."""

from models.events import Tweet
from models.week.posts import held_posts, week_tweets
from models.week.week import Week
from streams.kafka.digests import PublishedDigest
from streams.refit.week_slice import read_week
from streams.settings import Settings


async def digest_posts(settings: Settings, entry: PublishedDigest) -> dict[str, Tweet]:
    """The posts by id.

    Raises:
        LookupError: The log no longer holds all of them.
    """
    week = Week.parse(entry.digest.week, entry.digest.timezone)
    piece = await read_week(settings, week, end=entry.slice_end or None)
    if missing := entry.missing_in(piece.log_start, held_posts(piece.records, week)):
        raise LookupError(f"the log no longer holds {week}: {missing}")
    return week_tweets(piece.records, week)
