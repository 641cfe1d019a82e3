"""Small state files: replaced atomically, and an error when they are damaged."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")


def read_file(path: Path, kind: type[T], remedy: str) -> T:
    """The JSON in a file as a `kind`.

    Args:
        path: The file.
        kind: Type of the content.
        remedy: What the user can do about a damaged file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged; the message names it and the remedy.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}): {remedy}") from error


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write `data` durably to `path` and create its folder. After a crash the old content is intact. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.partial")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


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
