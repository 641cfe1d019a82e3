"""A week read back from `tweets.embedded`.

Every record before `offsets_for_times(week start)` is older than the week, because a record's time is its post's
own time; so the slice starts there and ends at a fixed offset. A tombstone has the time of the deletion, which is
later than the post, so it lies behind that start too.
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
    end: int  # exclusive
    read: int  # records, those of other weeks included
    log_start: int  # first offset that `tweets.embedded` still has


async def read_week(
    settings: Settings, week: Week, *, end: int | None = None, progress: Callable[[int, int], None] | None = None
) -> WeekSlice:
    """The slice up to offset `end` (default: the log's end as of now). `progress` is told records read and in all.

    Records that cannot be decoded are passed over: the assign stage has put them on `dead-letters`.
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
