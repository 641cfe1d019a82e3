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
    """The records of a week (and all tombstones and edits seen on the way) between two offsets."""

    records: list[EmbeddedTweet | Deletion]
    start: int
    end: int
    read: int


async def read_week(
    settings: Settings, week: Week, *, end: int | None = None, progress: Callable[[int, int], None] | None = None
) -> WeekSlice:
    """The slice up to offset `end` (default: the log's end as of now). `progress` is told records read and in all.

    Records that cannot be decoded are passed over: the assign stage has put them on `dead-letters`.
    """
    kept: list[EmbeddedTweet | Deletion] = []
    seen = 0
    async with consumer(settings, EMBEDDED) as client:
        found = await bounds_of(client, since=week.start)
        ((partition, bound),) = found.items()
        bound = Bounds(bound.start, bound.end if end is None else min(end, bound.end))
        async for records in read(client, {partition: bound}):
            for record in records:
                try:
                    embedded = decode_embedded(record.value)
                except PoisonError:
                    continue
                if isinstance(embedded, Deletion) or embedded.tweet.edit_of or week.contains(embedded.tweet.created_at):
                    kept.append(embedded)
            seen += len(records)
            if progress is not None:
                progress(seen, bound.end - bound.start)
    return WeekSlice(kept, bound.start, bound.end, seen)
