"""One process delivers: two would send everything twice."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyPushingError(RuntimeError):
    """Another process delivers from this data folder."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Held by one process at a time, and let go by the system however it ends. Raises AlreadyPushingError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyPushingError(f"another `toptopics push` runs on {path.parent}") from error
        yield
