"""What cannot be rebuilt, as one JSON file: influencers, digests, subscriptions with their queues, positions, keys.

The backup of an installation has the list of its communities; each community has a backup of its own.

Posts and live topics are not in it: they are on Kafka, which has replicas of its own. The file contains the secrets of
the subscriptions, so only its owner may read it. It contains no setting that is a secret. `restore` needs an empty
installation, so that it never overwrites anything.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr

from models.events import Community, Digest, Influencer
from models.events.wire import encode
from streams.clock import Clock
from streams.delivery.queue import DeliveryQueue, QueueCopy
from streams.kafka.communities import read_communities, write_community
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.influencers import put_influencers, read_influencers
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DIGESTS
from streams.settings import Settings
from streams.system.files import replace_file

FORMAT = 1
# files of the data folder that are small and made once or by hand
KEPT_FILES = ("tokens.json", "feed.key", "installation.id", "subscribers/*.json")


class BackupError(ValueError):
    """The file cannot be restored here; the message gives the reason."""


class StoredDigest(msgspec.Struct, frozen=True):
    """A digest with what its record's headers say, less the offsets: these belong to the log that it was read from."""

    digest: Digest
    revision: int
    made_at: str
    supersedes: str
    settings: str
    held: int
    changes: str

    @classmethod
    def of(cls, entry: PublishedDigest) -> "StoredDigest":
        """From the log."""
        return cls(
            digest=entry.digest,
            revision=entry.revision,
            made_at=entry.made_at.isoformat() if entry.made_at else "",
            supersedes=entry.supersedes or "",
            settings=entry.settings,
            held=entry.held,
            changes=entry.changes,
        )

    def entry(self) -> PublishedDigest:
        """For another log, where its posts may not be: late ones do not change it unless all of them are there."""
        return PublishedDigest(
            digest=self.digest,
            revision=self.revision,
            slice_start=0,
            slice_end=0,
            made_at=datetime.fromisoformat(self.made_at) if self.made_at else None,
            supersedes=self.supersedes or None,
            settings=self.settings,
            held=self.held,
            changes=self.changes,
        )


class Backup(msgspec.Struct, frozen=True):
    """The file."""

    format: int
    made_at: str
    settings: dict[str, Any]  # no secrets
    influencers: list[Influencer]
    digests: list[StoredDigest]
    queue: QueueCopy
    files: dict[str, str]  # path in the data folder -> text
    communities: list[Community] = []  # of the installation; what is theirs is in backups of their own


class _Header(msgspec.Struct):
    format: int


async def make_backup(settings: Settings, path: Path, clock: Clock) -> Backup:
    """Write the backup of an installation, readable by its owner only.

    Args:
        settings: Of the installation, with its addresses.
        path: The file.
        clock: The present time.

    Raises:
        OSError: The file cannot be written.
        KafkaError: The topics cannot be read.
    """
    made = Backup(
        format=FORMAT,
        made_at=clock().isoformat(),
        settings=shown_settings(settings),
        influencers=await read_influencers(settings),
        digests=[StoredDigest.of(entry) for entry in (await read_digests(settings)).values()],
        queue=DeliveryQueue(settings.data_dir / "push.sqlite3").copy(),
        files=_files(settings.data_dir),
        communities=[] if settings.community else await read_communities(settings),
    )
    replace_file(path, msgspec.json.format(msgspec.json.encode(made)))
    return made


def read_backup(path: Path) -> Backup:
    """Read the file.

    Raises:
        BackupError: It is damaged, or of a newer version of this program.
        OSError: It cannot be read.
    """
    data = path.read_bytes()
    try:
        found = msgspec.json.decode(data, type=_Header).format
        if found > FORMAT:
            raise BackupError(
                f"{path} has format {found}, and this program reads up to {FORMAT}: install the version that wrote it"
            )
        return msgspec.json.decode(data, type=Backup)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} is no backup, or is damaged: {error}") from error


async def restore(settings: Settings, backup: Backup, clock: Clock) -> None:
    """Fill an empty installation.

    Raises:
        BackupError: The installation is not empty; nothing was changed.
        KafkaError: The topics cannot be written; the next call says what is there.
    """
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    there = {
        "influencers": len(await read_influencers(settings)),
        "digests": len(await read_digests(settings)),
        "communities": 0 if settings.community else len(await read_communities(settings)),
        "subscriptions": len(queue.subscriptions()),
    }
    if any(there.values()):
        counts = ", ".join(f"{count} {name}" for name, count in there.items() if count)
        raise BackupError(f"this installation is not empty ({counts}): restore into a new data folder and prefix")
    for name, text in backup.files.items():
        target = settings.data_dir / name
        if not target.resolve().is_relative_to(settings.data_dir.resolve()):
            raise BackupError(f"{name!r} leads out of the data folder")
        replace_file(target, text.encode())
    await put_influencers(settings, backup.influencers, at=clock())
    for community in backup.communities:
        await write_community(settings, community.name, community, at=clock())
    async with producer(settings) as client:
        for stored in backup.digests:
            entry = stored.entry()
            await client.send_and_wait(
                topic_name(settings, DIGESTS),
                key=entry.digest.week.encode(),
                value=encode(entry.digest),
                timestamp_ms=int(entry.digest.end.timestamp() * 1000),
                headers=list(entry.headers()),
            )
    queue.fill(backup.queue)


def shown_settings(settings: Settings) -> dict[str, Any]:
    """The settings that differ from the defaults and are no secrets: their variables would set them again."""
    fields = type(settings).model_fields
    return {
        name: str(value)
        for name, value in settings
        if value != fields[name].default and fields[name].repr and not isinstance(value, SecretStr)
    }


def _files(folder: Path) -> dict[str, str]:
    found = [path for pattern in KEPT_FILES for path in folder.glob(pattern)]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in found}
