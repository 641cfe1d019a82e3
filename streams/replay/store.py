"""Weeks that an interrupted replay has already rebuilt, so that the next run continues after them.

One file a week in the data folder, named by the hash of the week's inputs: JSON with the digest's bytes (base64) and
the offsets. A finished replay deletes its files.
"""

import base64
from pathlib import Path

import msgspec

from streams.refit.client import MadeDigest
from streams.system.files import replace_file
from streams.system.logs import get_logger

log = get_logger(__name__)


class _Kept(msgspec.Struct):
    value: str
    slice_start: int
    slice_end: int
    records: int
    taught: str = ""


class ReplayStore:
    """Finished weeks in one folder.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def load(self, key: str) -> MadeDigest | None:
        """The week rebuilt from these inputs, if a previous run finished it."""
        self._used.add(key)
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
            value, taught = base64.b64decode(kept.value), base64.b64decode(kept.taught)
            return MadeDigest(value, kept.slice_start, kept.slice_end, kept.records, taught)
        except (msgspec.DecodeError, ValueError) as error:
            log.warning("stored week is damaged; rebuilding it", path=str(path), reason=str(error))
            return None

    def save(self, key: str, made: MadeDigest) -> None:
        """Store a finished week."""
        value, taught = (base64.b64encode(data).decode("ascii") for data in (made.value, made.taught))
        kept = _Kept(value, made.slice_start, made.slice_end, made.records, taught)
        replace_file(self._path(key), msgspec.json.encode(kept))

    def clear(self) -> None:
        """Delete the weeks of this run, which is complete."""
        for key in self._used:
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key[:32]}.json"
