"""Weeks that an interrupted replay has already rebuilt, so that the next run continues after them.

One file a week in the data folder, named by the hash of the week's inputs: a `MadeDigest` as JSON. A finished replay
deletes its files.
"""

from pathlib import Path

import msgspec

from streams.refit.client import MadeDigest
from streams.system.files import replace_file
from streams.system.logs import get_logger

log = get_logger(__name__)


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
            return msgspec.json.decode(path.read_bytes(), type=MadeDigest)
        except msgspec.DecodeError as error:
            log.warning("stored week is damaged; rebuilding it", path=str(path), reason=str(error))
            return None

    def save(self, key: str, made: MadeDigest) -> None:
        """Store a finished week."""
        replace_file(self._path(key), msgspec.json.encode(made))

    def clear(self) -> None:
        """Delete the weeks of this run, which is complete."""
        for key in self._used:
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key[:32]}.json"
