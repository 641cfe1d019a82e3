"""The key that opens the feed, and nothing else, where a token protects the service: feed readers cannot log in."""

import hmac
import secrets
from pathlib import Path

from streams.system.files import read_file, replace_file


class FeedKey:
    """One key in a file of the data folder. A new key closes the address that had the old one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def value(self) -> str:
        """The key; the first call makes it. Raises ValueError for a damaged file."""
        try:
            return read_file(self._path, str, "delete it to get a new key")
        except FileNotFoundError:
            return self.renew()

    def renew(self) -> str:
        """A new key."""
        key = secrets.token_urlsafe(24)
        replace_file(self._path, f'"{key}"'.encode())
        return key

    def opens(self, given: str) -> bool:
        """Whether `given` is the key."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.value().encode())
