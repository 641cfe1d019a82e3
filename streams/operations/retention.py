"""Does Kafka keep what corrections and restarts need? Read-only; `doctor` and `status` ask.

* A correction needs `tweets.embedded` from the first record of the oldest week that is still corrected.
* A restart needs every record that a stage has not committed yet, and the assign stage every record after its snapshot.
* `retention.bytes` must leave room for that: the size of a record is estimated from the newest ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from models.week.clock import CORRECTED_WEEKS
from streams.kafka.admin import topic_setting
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.lag import committed_offsets
from streams.kafka.log import Bounds, bounds_of, consumer, group_name, read
from streams.kafka.topics import EMBEDDED, TWEETS, Topic
from streams.settings import Settings
from streams.stages.snapshots import SnapshotStore

SAMPLE = 500  # newest records that tell the size of one
READERS = (("embed", TWEETS), ("assign", EMBEDDED), ("week-close", EMBEDDED))


@dataclass(frozen=True)
class HeldWeeks:
    """The published weeks, as far as they are still corrected, by whether the log holds them."""

    held: list[str]
    lost: list[str]


@dataclass(frozen=True)
class Unread:
    """Records that were deleted before a stage had read them."""

    stage: str
    topic: str
    partition: int
    records: int


@dataclass(frozen=True)
class Room:
    """What `tweets.embedded` may keep, and what the corrected weeks take of it."""

    kept: int  # bytes; -1: everything
    needed: int  # bytes, estimated

    @property
    def is_enough(self) -> bool:
        """Whether the next segment that is deleted leaves the corrected weeks alone."""
        return self.kept < 0 or self.needed <= self.kept


async def held_weeks(settings: Settings) -> HeldWeeks:
    """Which of the newest weeks a correction can still be made for. Raises Kafka's errors."""
    return weeks_by_log(await read_digests(settings), await _log_start(settings))


def weeks_by_log(digests: Mapping[str, PublishedDigest], log_start: int) -> HeldWeeks:
    """Divide the weeks that are still corrected by whether the log reaches back to their first record."""
    recent = sorted(digests)[-CORRECTED_WEEKS:]
    lost = [week for week in recent if digests[week].slice_end and digests[week].slice_start < log_start]
    return HeldWeeks([week for week in recent if week not in lost], lost)


async def unread(settings: Settings) -> list[Unread]:
    """What was deleted before it was read. Raises Kafka's errors."""
    found: list[Unread] = []
    for stage, topic in READERS:
        committed = await committed_offsets(settings, topic, group=group_name(settings, stage))
        async with consumer(settings, topic) as client:
            starts = {known.partition: bound.start for known, bound in (await bounds_of(client)).items()}
        for partition, start in sorted(starts.items()):
            missing = start - committed.get(partition, start)  # a group that never committed has missed nothing
            if missing > 0:
                found.append(Unread(stage, topic.name, partition, missing))
    return found


async def forgotten(settings: Settings) -> int:
    """How many records a restart of the assign stage lacks: deleted ones after its newest snapshot on this machine.

    Without a snapshot the answer is 0: the stage may run elsewhere. Raises Kafka's errors.
    """
    snapshots = SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}")
    newest = snapshots.newest()
    return 0 if newest is None else max(0, await _log_start(settings) - newest)


async def room(settings: Settings) -> Room:
    """Whether `retention.bytes` of `tweets.embedded` leaves room for the corrected weeks. Raises Kafka's errors."""
    kept = int(await topic_setting(settings, EMBEDDED, "retention.bytes") or -1)
    digests = await read_digests(settings)
    recent = sorted(digests)[-CORRECTED_WEEKS:]
    async with consumer(settings, EMBEDDED) as client:
        ((partition, bound),) = (await bounds_of(client)).items()
        first = min((digests[week].slice_start for week in recent), default=bound.start)
        sizes = [0]
        async for records in read(client, {partition: Bounds(max(bound.start, bound.end - SAMPLE), bound.end)}):
            sizes += [len(record.key or b"") + len(record.value or b"") for record in records]
    return Room(kept, (bound.end - first) * sum(sizes) // len(sizes))


async def _log_start(settings: Settings, topic: Topic = EMBEDDED) -> int:
    async with consumer(settings, topic) as client:
        return min(bound.start for bound in (await bounds_of(client)).values())
