"""Follows new digests for one subscriber, each once: used by `toptopics subscribe` and the push.

Message in: records of `digests`. Out: `PublishedDigest`, first the newest of every week on the log, in order of weeks,
then each new one. A correction is another digest of the same week. Reading uses no consumer group and commits nothing,
so any number may follow. A subscriber's position is stored as the digests that it received (week -> hash) instead of an
offset, so that compaction or a recreated topic does not lose or repeat one.
"""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import msgspec

from streams.kafka.digests import PublishedDigest, published_of
from streams.kafka.log import bounds_of, consumer, read
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS
from streams.settings import Settings
from streams.system.files import read_file, replace_file

POLL_MS = 1_000


class Position(msgspec.Struct):
    """The digests that a subscriber has received."""

    delivered: dict[str, str] = {}  # week -> hash of the last delivered digest

    def is_new(self, entry: PublishedDigest) -> bool:
        """Whether the digest has not been delivered."""
        return self.delivered.get(entry.digest.week) != entry.hash


class PositionFile:
    """A subscriber's position in one file, replaced atomically after each delivery."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Position | None:
        """The stored position; None for a new subscriber.

        Raises:
            ValueError: The file is damaged; the message names it.
        """
        try:
            return read_file(self._path, Position, "delete it to start again")
        except FileNotFoundError:
            return None

    def save(self, position: Position) -> None:
        """Store the position durably."""
        replace_file(self._path, msgspec.json.encode(position))


async def follow(settings: Settings) -> AsyncGenerator[list[PublishedDigest], None]:
    """Yield digests in lists. The first list has the digests on the log and may be empty; later ones arrive as
    published.
    """
    async with consumer(settings, DIGESTS) as client:
        bounds = await bounds_of(client)
        newest: dict[str, PublishedDigest] = {}
        async for records in read(client, bounds):
            _take(records, newest)
        yield [newest[week] for week in sorted(newest)]
        for partition, bound in bounds.items():
            client.seek(partition, bound.end)
            client.resume(partition)
        while True:
            batches = await client.getmany(timeout_ms=POLL_MS)
            for messages in batches.values():
                arrived: dict[str, PublishedDigest] = {}
                _take([Record.of_message(message) for message in messages], arrived)
                if arrived:
                    yield [arrived[week] for week in sorted(arrived)]


def first_position(there: list[PublishedDigest], since: str | None) -> Position:
    """The position of a new subscriber: from week `since` on, or only digests published later."""
    return Position({e.digest.week: e.hash for e in there if since is None or e.digest.week < since})


def rewound(position: Position, since: str) -> Position:
    """The position of a subscriber that receives everything from week `since` on again."""
    return Position({week: value for week, value in position.delivered.items() if week < since})


def as_event(entry: PublishedDigest) -> Mapping[str, object]:
    """The digest with the facts from its record's headers, as plain data."""
    return {
        "week": entry.digest.week,
        "revision": entry.revision,
        "hash": entry.hash,
        "supersedes": entry.supersedes,
        "made_at": entry.made_at,
        "digest": msgspec.to_builtins(entry.digest),
    }


def _take(records: list[Record], into: dict[str, PublishedDigest]) -> None:
    for record in records:
        if record.value is None:
            into.pop((record.key or b"").decode("utf-8", "replace"), None)
        elif (entry := published_of(record)) is not None:
            into[entry.digest.week] = entry
