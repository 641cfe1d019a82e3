"""Snapshots of a stage's state on disk: written whole or not at all, checked by their hash when read.

A file is named `STAGE-POSITION-HASH.safetensors`; the newest two are kept, so that a damaged one costs a longer
catch-up from the log and not the state.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from streams.system.files import replace_file
from streams.system.logs import get_logger

KEPT = 2
log = get_logger(__name__)


class SnapshotStore:
    """The snapshots of one stage in one folder. Raises OSError when the folder cannot be written."""

    def __init__(self, folder: Path, stage: str) -> None:
        self._folder = folder
        self._stage = stage

    def save(self, data: bytes, position: int) -> Path:
        """Write durably (fsync of file and folder), then drop older ones."""
        path = self._folder / f"{self._stage}-{position:020d}-{_hash(data)}.safetensors"
        replace_file(path, data)
        for old in self._paths()[KEPT:]:
            old.unlink(missing_ok=True)
        return path

    def load(self, limit: int | None = None) -> Iterator[bytes]:
        """The snapshots whose bytes are what was written, newest first; damaged ones are named in the log.

        limit: the last position that is wanted. Those beyond it are deleted: they would count as newer than all that
        is written from now on.
        """
        for path in self._paths():
            data = path.read_bytes()
            if path.stem.rsplit("-", 1)[1] != _hash(data):
                log.warning("snapshot damaged, set aside", path=str(path))
                path.replace(path.with_suffix(".damaged"))
            elif limit is not None and int(path.stem.rsplit("-", 2)[1]) > limit:
                path.unlink(missing_ok=True)
            else:
                yield data

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._stage}-*.safetensors"), reverse=True)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
