"""A subscription: who gets the digests, and how. From the command line, the API, or a TOML file:

[[subscription]]
name = "team"
url = "https://example.org/hooks/digest"     # a webhook, or any address that apprise knows (mailto://, slack://, ...)
secret = "whsec_..."                         # webhooks: signs; made when it is left out; mail: always made
since = "2021-W18"                           # default: from the next digest on
allow_private = false                        # webhooks: whether it may lie in a private network
edited = false                               # mail and chat: the words of a language model, where it edited the digest
"""

import base64
import hashlib
import hmac
import re
import secrets
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.week.week import Week

Kind = Literal["webhook", "apprise"]
SECRET_PREFIX = "whsec_"  # as the Standard Webhooks specification writes them  # noqa: S105
SECRET_BYTES = 32
_SECRET_LENGTH = range(24, 65)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")


class SubscriptionError(ValueError):
    """An impossible subscription. The message gives the error without secrets."""


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One endpoint. The `url` of an apprise subscription contains credentials: show only `shown_url`."""

    name: str
    url: Annotated[str, Meta(min_length=1, max_length=4_000)]
    secret: str = ""  # signs webhooks; "" for apprise
    since: str | None = None  # first week to deliver; None: from the next digest on
    allow_private: bool = False
    edited: bool = False  # mail and chat: with the words of a language model, where it edited the digest

    @property
    def kind(self) -> Kind:
        """The kind, by the scheme of the address."""
        return "webhook" if self.url.split("://", 1)[0].lower() in {"http", "https"} else "apprise"

    @property
    def key(self) -> bytes:
        """The secret's bytes."""
        return base64.b64decode(self.secret.removeprefix(SECRET_PREFIX))

    @property
    def unsubscribe_key(self) -> str:
        """What a mail's link needs to end the subscription; empty for one from before there were such links."""
        if not self.secret:
            return ""
        return hmac.new(self.key, f"unsubscribe {self.name}".encode(), hashlib.sha256).hexdigest()[:32]

    @property
    def shown_url(self) -> str:
        """The part of the address that may be shown: a webhook's path and an apprise address may be secrets."""
        scheme, _, rest = self.url.partition("://")
        host = rest.split("/", 1)[0].rpartition("@")[2] if self.kind == "webhook" else ""
        return f"{scheme}://{host}/…" if host else f"{scheme}://…"


def new_secret() -> str:
    """A new signing secret."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def checked(subscription: Subscription, before: Subscription | None = None) -> Subscription:
    """Check a subscription and add a secret where one is needed: the given one, that of `before`, or a new one.

    Raises:
        SubscriptionError: The subscription is impossible.
    """
    if not _NAME.match(subscription.name):
        raise SubscriptionError(
            "a name has letters, digits, '.', '_' and '-', at most 60, and starts with a letter or digit"
        )
    # NUL and DEL are not white space: a client and a log read an address with them differently
    if "://" not in subscription.url or " " in subscription.url or not subscription.url.isprintable():
        raise SubscriptionError(f"{subscription.name}: that is no address (https://…, mailto://…, slack://…)")
    if subscription.since is not None:
        try:
            Week.parse(subscription.since)
        except ValueError as error:
            raise SubscriptionError(f"{subscription.name}: {error}") from error
    if subscription.kind == "apprise" or not subscription.secret:
        kept = before.secret if before is not None else ""
        return msgspec.structs.replace(subscription, secret=kept or new_secret())
    _check_secret(subscription)
    return subscription


def from_file(path: Path) -> list[Subscription]:
    """The subscriptions in a TOML file, not yet `checked`.

    Raises:
        SubscriptionError: The file is invalid.
        OSError: The file cannot be read.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = msgspec.convert(document.get("subscription", []), list[Subscription])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise SubscriptionError(f"{path}: {error}") from error
    names = [subscription.name for subscription in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SubscriptionError(f"{path}: twice the same name: {', '.join(twice)}")
    return found


def _check_secret(subscription: Subscription) -> None:
    try:
        length = len(subscription.key)
    except ValueError as error:
        raise SubscriptionError(f"{subscription.name}: the secret is not {SECRET_PREFIX} and base64") from error
    if length not in _SECRET_LENGTH:
        raise SubscriptionError(f"{subscription.name}: the secret has {length} bytes; 24 to 64 are needed")
