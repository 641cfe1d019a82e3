"""Reads the whole `digests` topic. It is compacted, and it decides which weeks are closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.events import Digest
from models.events.cloud_event import CloudEvent
from models.events.wire import PoisonError, content_hash, decode
from models.render.edition import Edition
from models.week.week import Week
from streams.kafka.log import read_topic
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS
from streams.ports import Headers
from streams.settings import Settings
from streams.system.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True)
class PublishedDigest:
    """A digest and facts about its making. They are no part of the value, which depends on the inputs alone."""

    digest: Digest
    revision: int  # 1 for the first digest of a week
    slice_start: int  # first offset of `tweets.embedded` that was read
    slice_end: int  # offset at which the read ended (exclusive); 0 when unknown
    made_at: datetime | None = None
    supersedes: str | None = None  # hash of the value that this one corrects
    settings: str = ""  # the settings that differ from the defaults: "key=value key=value"
    held: int = 0  # distinct posts of the week in the slice, deleted ones included; 0 when unknown
    read_end: int = 0  # offset up to which later records change nothing that is shown; 0: slice_end
    changes: str = ""  # what a correction changed for readers

    @property
    def hash(self) -> str:
        """Hex sha256 of the value."""
        return content_hash(self.digest)

    @property
    def event(self) -> CloudEvent:
        """The publication. Its id is the same wherever and however often it is sent, another one for a correction."""
        return CloudEvent(
            id=f"digest_{self.digest.week}_r{self.revision}_{self.hash[:16]}",
            type="digest.published" if self.supersedes is None else "digest.corrected",
            subject=self.digest.week,
            time=self.made_at,
        )

    def edition(self, base: str | None) -> Edition:
        """For rendering; `base`: the address under which readers reach the service."""
        return Edition(
            base=base or None,
            revision=self.revision,
            corrects=self.supersedes is not None,
            made_at=self.made_at,
            changes=self.changes,
        )

    @property
    def seen_end(self) -> int:
        """Offset up to which the digest includes the log (exclusive)."""
        return max(self.slice_end, self.read_end)

    def missing_in(self, log_start: int, held: int) -> str | None:
        """The reason why a slice is less complete than the one of this digest; None when it is complete.

        Args:
            log_start: First offset that `tweets.embedded` still has.
            held: Distinct posts of the week in the slice.
        """
        if self.slice_end and log_start > self.slice_start:
            return f"the log begins at offset {log_start:,}, and the week at {self.slice_start:,}"
        # a digest of an older version has only the numbers of used and deleted posts
        before = self.held or self.digest.manifest.records + self.digest.statistics.deleted
        if held < before:
            return f"the log has {held:,} posts of the week, and the digest was made from {before:,}"
        return None

    def headers(self) -> Headers:
        """The record's headers."""
        pairs = {
            "revision": str(self.revision),
            "slice_start": str(self.slice_start),
            "slice_end": str(self.slice_end),
            "made_at": self.made_at.isoformat() if self.made_at else "",
            "supersedes": self.supersedes or "",
            "settings": self.settings,
            "held": str(self.held),
            "read_end": str(self.read_end),
            "changes": self.changes,
            **self.event.kafka_headers(),
        }
        return [(name, value.encode()) for name, value in pairs.items()]

    @classmethod
    def of_record(cls, record: Record) -> "PublishedDigest":
        """Read a record. A missing header reads as unknown.

        Raises:
            PoisonError: The value is not a digest.
        """
        texts = {name: value.decode("utf-8", "replace") for name, value in record.headers}
        return cls(
            digest=decode(record.value, Digest),
            revision=int(texts.get("revision") or 1),
            slice_start=int(texts.get("slice_start") or 0),
            slice_end=int(texts.get("slice_end") or 0),
            made_at=datetime.fromisoformat(texts["made_at"]) if texts.get("made_at") else None,
            supersedes=texts.get("supersedes") or None,
            settings=texts.get("settings", ""),
            held=int(texts.get("held") or 0),
            read_end=int(texts.get("read_end") or 0),
            changes=texts.get("changes", ""),
        )


def published_of(record: Record) -> PublishedDigest | None:
    """The digest in a record. Another value is logged and gives None."""
    try:
        entry = PublishedDigest.of_record(record)
        Week.parse(entry.digest.week)
    except (PoisonError, ValueError) as error:
        log.warning("record is not a digest; skipping it", topic=record.topic, offset=record.offset, reason=str(error))
        return None
    return entry


async def read_revisions(settings: Settings) -> dict[str, list[PublishedDigest]]:
    """Every digest that the log still has, by week, oldest first. Compaction removes corrected ones later.

    A record that only updates `read_end` replaces the record of the same revision.
    """
    found: dict[str, list[PublishedDigest]] = {}
    async for records in read_topic(settings, DIGESTS):
        for record in records:
            if record.value is None:
                found.pop((record.key or b"").decode("utf-8", "replace"), None)
            elif (entry := published_of(record)) is not None:
                revisions = found.setdefault(entry.digest.week, [])
                if revisions and (revisions[-1].revision, revisions[-1].hash) == (entry.revision, entry.hash):
                    revisions.pop()
                revisions.append(entry)
    return dict(sorted(found.items()))


def week_before(weeks: Iterable[str], week: Week) -> str:
    """The newest of `weeks` before `week`, across silent weeks; without any, the calendar week before.

    The names of ISO weeks sort as the weeks do.
    """
    return max((name for name in weeks if name < str(week)), default=str(week.previous))


async def read_digests(settings: Settings) -> dict[str, PublishedDigest]:
    """The newest digest of every week, by week."""
    return {week: revisions[-1] for week, revisions in (await read_revisions(settings)).items()}
