"""Tokens of the API: several at a time, each with a name and a role, in one file of the data folder.

The file has only hashes, so a token is shown once, when it is made. It is read again when it changes: a new token
opens, and a revoked one closes, without a restart. `TOPTOPICS_API_TOKEN` is one more token, with the role `admin`.
"""

import hashlib
import hmac
import secrets
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from streams.settings import Settings
from streams.system.files import read_file, replace_file

Role = Literal["read", "admin"]
FROM_ENVIRONMENT = "TOPTOPICS_API_TOKEN"  # the name of that token
PREFIX = "tt_"  # by it, scanners for secrets know one that was published


class TokenError(ValueError):
    """A token cannot be added or removed; the message gives the reason."""


class Token(msgspec.Struct, frozen=True):
    """Who may do what."""

    name: str
    role: Role  # "read": everything but changes
    hash: str  # hex sha256 of the token: 256 random bits need no slow hash
    made_at: datetime | None = None  # None for the token of the environment
    per_minute: int | None = None  # requests in a minute; None: as for everybody

    @property
    def session(self) -> str:
        """The value of the browser's cookie. It opens this service and does not reveal the token."""
        return hmac.new(self.hash.encode(), b"toptopics session", hashlib.sha256).hexdigest()

    def opens(self, given: str) -> bool:
        """Whether `given` is the token; compared in constant time."""
        return hmac.compare_digest(self.hash, hash_of(given))


class Tokens:
    """The tokens of an installation.

    Args:
        path: The file; it may be missing.
        fixed: Tokens that are not in it.
    """

    def __init__(self, path: Path, fixed: tuple[Token, ...] = ()) -> None:
        self._path = path
        self._fixed = fixed
        self._read: tuple[tuple[int, int] | None, tuple[Token, ...]] = (None, ())

    def all(self) -> tuple[Token, ...]:
        """Every token that opens now.

        Raises:
            ValueError: The file is damaged; the message names it.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return self._fixed
        version = (found.st_mtime_ns, found.st_ino)  # the file is replaced as a whole
        if self._read[0] != version:
            self._read = (version, tuple(read_file(self._path, list[Token], "delete it, and add the tokens again")))
        return (*self._fixed, *self._read[1])

    def bearer(self, given: str) -> Token | None:
        """The token that `given` is."""
        return next((token for token in self.all() if token.opens(given)), None)

    def session(self, cookie: str) -> Token | None:
        """The token whose login set the cookie; a revoked one has none."""
        given = cookie.encode("utf-8", "replace")
        return next((one for one in self.all() if hmac.compare_digest(one.session.encode(), given)), None)

    def add(self, name: str, role: Role, now: datetime, per_minute: int | None = None) -> str:
        """Make a token and return it. It is stored nowhere.

        Args:
            name: A new name.
            role: What it may do.
            now: The present time.
            per_minute: Requests in a minute, when not as for everybody.

        Raises:
            TokenError: There is a token of that name.
            OSError: The file cannot be written.
        """
        if any(token.name == name for token in self.all()):
            raise TokenError(f"there is a token {name!r} already: remove it first")
        text = PREFIX + secrets.token_urlsafe(32)
        self._write((*self._stored(), Token(name, role, hash_of(text), now, per_minute)))
        return text

    def remove(self, name: str) -> None:
        """Revoke a token.

        Raises:
            TokenError: There is none of that name in the file.
            OSError: The file cannot be written.
        """
        kept = tuple(token for token in self._stored() if token.name != name)
        if len(kept) == len(self._stored()):
            raise TokenError(f"there is no token {name!r}")
        self._write(kept)

    def _stored(self) -> tuple[Token, ...]:
        return self.all()[len(self._fixed) :]

    def _write(self, tokens: tuple[Token, ...]) -> None:
        replace_file(self._path, msgspec.json.encode(tokens))


def tokens_of(settings: Settings) -> Tokens:
    """Those of the file and the one of the environment."""
    given = settings.api_token.get_secret_value() if settings.api_token else ""
    fixed = (Token(FROM_ENVIRONMENT, "admin", hash_of(given)),) if given else ()
    return Tokens(settings.data_dir / "tokens.json", fixed)


def hash_of(token: str) -> str:
    """Hex sha256."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
