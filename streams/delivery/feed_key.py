"""What the feeds keep in the data folder: the key that opens them, and the installation's id.

The key opens the feeds, and nothing else, where a token protects the service: feed readers cannot log in.
"""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

from streams.system.files import read_file, replace_file


class FeedKey:
    """One key in a file. A new key closes the addresses that had the old one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def value(self) -> str:
        """The key; the first call makes it. Raises ValueError for a damaged file."""
        return _kept(self._path, self.renew)

    def renew(self) -> str:
        """A new key."""
        return _put(self._path, secrets.token_urlsafe(24))

    def opens(self, given: str) -> bool:
        """Whether `given` is the key."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.value().encode())


def installation(path: Path) -> UUID:
    """The id of this installation, from which ids of feeds are derived; the first call makes it."""
    return UUID(_kept(path, lambda: _put(path, str(uuid4()))))


def _kept(path: Path, make: Callable[[], str]) -> str:
    try:
        return read_file(path, str, "delete it to get a new one")
    except FileNotFoundError:
        return make()


def _put(path: Path, text: str) -> str:
    replace_file(path, f'"{text}"'.encode())
    return text
