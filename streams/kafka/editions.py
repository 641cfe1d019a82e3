"""Reads the compacted topic `digests.edited`."""

from models.events.edited import EditedDigest
from models.events.wire import PoisonError, decode
from streams.kafka.digests import PublishedDigest
from streams.kafka.log import read_topic
from streams.kafka.topics import DIGESTS_EDITED
from streams.settings import Settings
from streams.system.logs import get_logger

log = get_logger(__name__)


async def read_editions(settings: Settings) -> dict[str, EditedDigest]:
    """The newest edition of every week, by week. A withdrawn one is missing."""
    found: dict[str, EditedDigest] = {}
    async for records in read_topic(settings, DIGESTS_EDITED):
        for record in records:
            week = (record.key or b"").decode("utf-8", "replace")
            found.pop(week, None)
            if record.value is None:
                continue
            try:
                found[week] = decode(record.value, EditedDigest)
            except PoisonError as error:
                log.warning("record is not an edition; skipping it", offset=record.offset, reason=str(error))
    return found


async def edition_of(settings: Settings, entry: PublishedDigest) -> EditedDigest | None:
    """The edition of a digest; None when there is none, or it was made from another digest of the week."""
    edited = (await read_editions(settings)).get(entry.digest.week)
    return edited if edited is not None and edited.digest == entry.hash else None
