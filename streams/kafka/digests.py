"""The `digests` topic, read whole: it is compacted, and the truth about which weeks are closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.events import Digest
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
    """A digest and how it came to be, which its value does not say (the value depends on its inputs alone).

    slice_end: the offset of `tweets.embedded` (exclusive) up to which the week was read. supersedes: hash of the
    value that this one corrects. revision: 1 for the first. settings: those that were not the defaults, as "key=value
    key=value".
    """

    digest: Digest
    revision: int
    slice_start: int
    slice_end: int
    made_at: datetime | None = None
    supersedes: str | None = None
    settings: str = ""

    @property
    def hash(self) -> str:
        """Hex sha256 of the value."""
        return content_hash(self.digest)

    def edition(self, base: str | None) -> Edition:
        """For rendering; `base`: the address under which readers reach the service."""
        return Edition(
            base=base or None, revision=self.revision, corrects=self.supersedes is not None, made_at=self.made_at
        )

    def headers(self) -> Headers:
        """What travels beside the value."""
        pairs = {
            "revision": str(self.revision),
            "slice_start": str(self.slice_start),
            "slice_end": str(self.slice_end),
            "made_at": self.made_at.isoformat() if self.made_at else "",
            "supersedes": self.supersedes or "",
            "settings": self.settings,
        }
        return [(name, value.encode()) for name, value in pairs.items()]

    @classmethod
    def of_record(cls, record: Record) -> "PublishedDigest":
        """Raises PoisonError for a value that is no digest; missing headers read as unknown."""
        texts = {name: value.decode("utf-8", "replace") for name, value in record.headers}
        return cls(
            digest=decode(record.value, Digest),
            revision=int(texts.get("revision") or 1),
            slice_start=int(texts.get("slice_start") or 0),
            slice_end=int(texts.get("slice_end") or 0),
            made_at=datetime.fromisoformat(texts["made_at"]) if texts.get("made_at") else None,
            supersedes=texts.get("supersedes") or None,
            settings=texts.get("settings", ""),
        )


def published_of(record: Record) -> PublishedDigest | None:
    """The digest in a record; None, and a line in the log, for what is none."""
    try:
        entry = PublishedDigest.of_record(record)
        Week.parse(entry.digest.week)
    except (PoisonError, ValueError) as error:
        log.warning("not a digest", topic=record.topic, offset=record.offset, reason=str(error))
        return None
    return entry


async def read_revisions(settings: Settings) -> dict[str, list[PublishedDigest]]:
    """Every digest that the log still has, by week, oldest first: compaction takes corrected ones away some day."""
    found: dict[str, list[PublishedDigest]] = {}
    async for records in read_topic(settings, DIGESTS):
        for record in records:
            if record.value is None:
                found.pop((record.key or b"").decode("utf-8", "replace"), None)
            elif (entry := published_of(record)) is not None:
                found.setdefault(entry.digest.week, []).append(entry)
    return dict(sorted(found.items()))


def week_before(weeks: Iterable[str], week: Week) -> str:
    """The newest of `weeks` before `week`, also over a gap of silent weeks; without any, the week before.

    The names of ISO weeks sort as the weeks do.
    """
    return max((name for name in weeks if name < str(week)), default=str(week.previous))


async def read_digests(settings: Settings) -> dict[str, PublishedDigest]:
    """The newest digest of every week, by week."""
    return {week: revisions[-1] for week, revisions in (await read_revisions(settings)).items()}
