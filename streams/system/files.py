"""Small state files: replaced atomically, refused when damaged, and locked by one process at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from filelock import FileLock, Timeout

T = TypeVar("T")


class LockedError(RuntimeError):
    """Another process holds the lock."""


def read_file(path: Path, kind: type[T], remedy: str) -> T:
    """Read JSON from `path` as a `kind`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged; the message names the file and the `remedy`.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged ({error}): {remedy}") from error


def replace_file(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True) -> None:
    """Write `data` under `path` in one step, creating its folder; a crash leaves the old content.

    Args:
        path: the file.
        data: its new content.
        mode: the new file's permissions.
        durable: wait until the file and its name are on the disk (fsync of file and folder).

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)
    if durable:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock file `path`; the system releases it however the process ends.

    Args:
        path: the lock file; it is created, with its folder, and stays.
        wait: wait for a lock that another process holds, instead of raising.

    Raises:
        LockedError: another process holds the lock, and `wait` is False.
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, timeout=-1 if wait else 0, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise LockedError(f"another process holds {path}") from error
    try:
        yield
    finally:
        lock.release()
