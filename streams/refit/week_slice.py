"""Reads a week from `tweets.embedded`.

A record's time is its post's own time, so every record before `offsets_for_times(week start)` is older than the week.
The slice starts there and ends at a fixed offset. A tombstone has the time of the deletion, which is later than the
post, so it is inside the slice as well.
"""

from collections.abc import Callable
from dataclasses import dataclass

from models.events import Deletion, EmbeddedTweet
from models.events.wire import PoisonError, decode_embedded
from models.week.week import Week
from streams.kafka.log import Bounds, bounds_of, consumer, read
from streams.kafka.topics import EMBEDDED
from streams.settings import Settings


@dataclass(frozen=True)
class WeekSlice:
    """The records of a week between two offsets, with all tombstones and edits between them."""

    records: list[EmbeddedTweet | Deletion]
    start: int  # first offset that was read
    end: int  # offset at which the read ended (exclusive)
    read: int  # number of records read, including those of other weeks
    log_start: int  # first offset that `tweets.embedded` still has


async def read_week(
    settings: Settings, week: Week, *, end: int | None = None, progress: Callable[[int, int], None] | None = None
) -> WeekSlice:
    """Read the slice of one week.

    Records that cannot be decoded are skipped: the assign stage has sent them to `dead-letters`.

    Args:
        settings: Brokers and prefix.
        week: The week.
        end: Offset at which to stop (exclusive); None for the present end of the log.
        progress: Called with the number of records read and of all records.
    """
    records_of_week: list[EmbeddedTweet | Deletion] = []
    seen = 0
    async with consumer(settings, EMBEDDED) as client:
        ((partition, kept),) = (await bounds_of(client)).items()
        bound = (await bounds_of(client, since=week.start))[partition]
        bound = Bounds(bound.start, bound.end if end is None else min(end, bound.end))
        async for records in read(client, {partition: bound}):
            for record in records:
                try:
                    embedded = decode_embedded(record.value)
                except PoisonError:
                    continue
                if isinstance(embedded, Deletion) or embedded.tweet.edit_of or week.contains(embedded.tweet.created_at):
                    records_of_week.append(embedded)
            seen += len(records)
            if progress is not None:
                progress(seen, bound.end - bound.start)
    return WeekSlice(records_of_week, bound.start, bound.end, seen, kept.start)
