"""Snapshots of a stage's state on disk, written atomically and checked by their hash when read.

A file is named `STAGE-POSITION-HASH.safetensors`. The newest two are kept: when one is damaged, the catch-up from the
log takes longer, and the state is not lost.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from streams.system.files import replace_file
from streams.system.logs import get_logger

KEPT = 2
log = get_logger(__name__)


class SnapshotStore:
    """The snapshots of one stage in one folder.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: Path, stage: str) -> None:
        self._folder = folder
        self._stage = stage

    def save(self, data: bytes, position: int) -> Path:
        """Write the snapshot durably (fsync of file and folder), then delete older ones."""
        path = self._folder / f"{self._stage}-{position:020d}-{_hash(data)}.safetensors"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # the live topics hold words of posts: the file's own mode is not enough
        replace_file(path, data)
        for pattern, kept in (("safetensors", KEPT), ("damaged", KEPT), ("partial", 0)):
            for old in self._paths(pattern)[kept:]:
                old.unlink(missing_ok=True)
        return path

    def load(self, limit: int | None = None) -> Iterator[bytes]:
        """Yield the intact snapshots, newest first. Damaged ones are renamed and logged.

        Args:
            limit: Highest accepted position. Snapshots beyond it are deleted: they would count as newer than all later
                ones.
        """
        for path in self._paths():
            data = path.read_bytes()
            if path.stem.rsplit("-", 1)[1] != _hash(data):
                log.warning("snapshot damaged; renaming it and trying an older one", path=str(path))
                path.replace(path.with_suffix(".damaged"))
            elif limit is not None and _position(path) > limit:
                path.unlink(missing_ok=True)
            else:
                yield data

    def newest(self) -> int | None:
        """The position of the newest snapshot, by its name; None without any."""
        return max((_position(path) for path in self._paths()), default=None)

    def _paths(self, ending: str = "safetensors") -> list[Path]:
        return sorted(self._folder.glob(f"{self._stage}-*.{ending}"), reverse=True)


def _position(path: Path) -> int:
    return int(path.stem.rsplit("-", 2)[1])


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
