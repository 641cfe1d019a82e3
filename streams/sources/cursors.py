"""Cursor and health of a source, as small JSON files in the data folder, replaced atomically.

* `NAME.cursor.json`: {cursor, offsets}. It is written only after the broker acknowledged all earlier records, so after
  `kill -9` it is old at worst. `offsets` (partition -> next offset on `tweets`) marks where posts newer than the cursor
  may begin.

* `NAME.health.json`: what `toptopics status` shows.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import orjson
import structlog

from streams.sources.port import RefusedError
from streams.system.files import LockedError, locked, read_file, replace_file

log = structlog.get_logger(__name__)


class Saved(msgspec.Struct, frozen=True):
    """State that is confirmed on Kafka."""

    cursor: str | None = None  # opaque text of the source
    offsets: dict[int, int] = {}  # partition of `tweets` -> next offset


@dataclass
class Health:
    """State of a source; times are RFC 3339."""

    source: str
    state: str = "starting"  # starting, connected, waiting, stopped, refused
    pid: int = field(default_factory=os.getpid)
    since: str = ""  # time of the last change of state
    last_post: str = ""  # time at which the last post was sent
    last_error: str = ""
    sent: int = 0  # posts sent to `tweets`
    duplicates: int = 0  # posts that were sent before
    ignored: int = 0  # records that are not posts of listed people
    bad: int = 0  # records sent to `dead-letters`
    reconnects: int = 0
    per_minute: float = 0.0  # posts sent per minute
    not_found: list[str] = field(default_factory=list)  # listed handles that do not exist


class Files:
    """The files of one source.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._cursor = folder / f"{name}.cursor.json"
        self._health = folder / f"{name}.health.json"
        self._lock = folder / f"{name}.lock"
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock the source for this process; the system releases the lock when the process ends.

        Two processes would send every post twice.

        Raises:
            RefusedError: Another process has the lock.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock))
            except LockedError as error:
                name = self._lock.name.removesuffix(".lock")
                raise RefusedError(f"another process runs the source {name} on {self._lock.parent.parent}") from error
            yield

    def load(self) -> Saved:
        """Load the saved state; empty for a new source.

        Raises:
            ValueError: The file is damaged; the message names it.
        """
        try:
            return read_file(self._cursor, Saved, "delete it to start from the log's tail")
        except FileNotFoundError:
            return Saved()

    def save(self, saved: Saved) -> None:
        """Replace the cursor file atomically."""
        replace_file(self._cursor, msgspec.json.encode(saved))

    def report(self, health: Health) -> None:
        """Replace the health file atomically."""
        replace_file(self._health, msgspec.json.encode(asdict(health)), durable=False)


def read_positions(cursor: str | None) -> dict[str, Any]:
    """Decode the object of a cursor. A cursor of another format (from a foreign record) counts as no cursor."""
    try:
        value = orjson.loads(cursor) if cursor else {}
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    log.warning("cursor is not readable, starting without one", cursor=str(cursor)[:100])
    return {}


def healths(folder: Path) -> list[Health]:
    """Return the last report of every source; files of another version are skipped."""
    found = []
    for path in sorted(folder.glob("*.health.json")):
        try:
            found.append(read_file(path, Health, "it is written anew"))
        except (ValueError, FileNotFoundError):
            found.append(Health(source=path.name.removesuffix(".health.json"), state="unknown"))
    return found
