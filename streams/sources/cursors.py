"""A source's cursor and health as small JSON files in the data folder, replaced atomically.

`NAME.cursor.json`: {cursor, offsets}; it is written only after the broker acknowledged everything before it, so after
`kill -9` it is old at worst. `offsets` (partition -> next offset on `tweets`) tells where the tail begins that may hold
posts newer than the cursor. `NAME.health.json` is what `toptopics status` shows.
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
    """What is known to be safe on Kafka."""

    cursor: str | None = None
    offsets: dict[int, int] = {}


@dataclass
class Health:
    """How a source is doing; times are RFC 3339."""

    source: str
    state: str = "starting"  # starting, connected, waiting, stopped, refused
    pid: int = field(default_factory=os.getpid)
    since: str = ""
    last_post: str = ""
    last_error: str = ""
    sent: int = 0
    duplicates: int = 0
    ignored: int = 0
    bad: int = 0
    reconnects: int = 0
    per_minute: float = 0.0
    not_found: list[str] = field(default_factory=list)  # listed handles that nobody has


class Files:
    """The files of one source. Raises OSError when the folder cannot be written."""

    def __init__(self, folder: Path, name: str) -> None:
        self._cursor = folder / f"{name}.cursor.json"
        self._health = folder / f"{name}.health.json"
        self._lock = folder / f"{name}.lock"
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Held by one process at a time, and let go by the system however it ends: two would send everything twice.
        Raises RefusedError."""
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(self._lock))
            except LockedError as error:
                name = self._lock.name.removesuffix(".lock")
                raise RefusedError(f"another process runs the source {name} on {self._lock.parent.parent}") from error
            yield

    def load(self) -> Saved:
        """What was saved last; nothing for a new source. Raises ValueError for a damaged file, naming it."""
        try:
            return read_file(self._cursor, Saved, "delete it to start from the log's tail")
        except FileNotFoundError:
            return Saved()

    def save(self, saved: Saved) -> None:
        """Atomically replace the cursor."""
        replace_file(self._cursor, msgspec.json.encode(saved))

    def report(self, health: Health) -> None:
        """Atomically replace the health."""
        replace_file(self._health, msgspec.json.encode(asdict(health)), durable=False)


def read_positions(cursor: str | None) -> dict[str, Any]:
    """The object that a cursor holds. One that is none (from a stranger's record) counts as no cursor."""
    try:
        value = orjson.loads(cursor) if cursor else {}
    except orjson.JSONDecodeError:
        value = None
    if isinstance(value, dict):
        return value
    log.warning("a cursor cannot be read; starting without one", cursor=str(cursor)[:100])
    return {}


def healths(folder: Path) -> list[Health]:
    """Every source's last report; files of another version are left out."""
    found = []
    for path in sorted(folder.glob("*.health.json")):
        try:
            found.append(read_file(path, Health, "it is written anew"))
        except (ValueError, FileNotFoundError):
            found.append(Health(source=path.name.removesuffix(".health.json"), state="unknown"))
    return found
