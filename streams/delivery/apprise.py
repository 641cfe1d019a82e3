"""Sends one message by e-mail, Slack, Discord, Telegram and other services. The only file that uses apprise.

Services at an address of the user's own (json://, gotify://, mailto:// and so on) may only use public addresses, like
webhooks, also after redirects; a proxy in a private network is refused as well. Services with headers (json://,
form://, xml://, e-mail) get the delivery's id as `webhook-id`. It is the same in every attempt, so that receivers can
recognise repetitions.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

import msgspec

from streams.delivery.apprise_addresses import refusal
from streams.delivery.chat_words import plain_words
from streams.delivery.errors import DeliveryError
from streams.delivery.signed_post import PRIVATE
from streams.web.public_address import is_public
from streams.web.socket_guard import only_to

MAIL = ("mailto", "mailtos")
_SILENT = logging.NullHandler()
_STATUS = re.compile(r"\berror=(\d{3})\b")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    id: str  # the same in every attempt
    title: str
    text: str  # for services other than mail
    html: str | None = None  # for mail
    unsubscribe: str = ""  # for mail: the address where one click ends the subscription (RFC 8058)


def knows(url: str) -> bool:
    """Whether apprise supports the address, which must be of one service. Loads all its plugins."""
    return _service(url) is not None


async def notify(
    url: str, note: Note, *, allow_private: bool = False, allowed: Callable[[str], bool] = is_public
) -> None:
    """Send the message to one service.

    Args:
        url: The service's address, which is a secret.
        note: The message.
        allow_private: Whether the service may be in a private network.
        allowed: Whether an address may be contacted.

    Raises:
        DeliveryError: The message was not sent. The text contains nothing of the address.
    """
    import apprise

    if refused := refusal(url):
        raise DeliveryError(refused, final=True)
    service = _service(url)
    if service is None:
        raise DeliveryError("apprise does not know this address", final=True)
    if isinstance(headers := getattr(service, "headers", None), dict):
        headers.setdefault("webhook-id", note.id)
        if note.unsubscribe and url.split("://", 1)[0].lower() in MAIL:
            headers.setdefault("List-Unsubscribe", f"<{note.unsubscribe}>")
            headers.setdefault("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
    services = apprise.Apprise()
    services.add(service)
    html = note.html if url.split("://", 1)[0].lower() in MAIL else None
    with only_to(_anywhere if allow_private else allowed) as guard:
        sent = await asyncio.to_thread(
            services.notify,
            title=note.title if html is not None else plain_words(note.title, url),
            body=plain_words(note.text, url) if html is None else html,
            body_format=apprise.NotifyFormat.TEXT if html is None else apprise.NotifyFormat.HTML,
        )
    if guard.refused:
        raise DeliveryError(PRIVATE)
    if not sent:
        # apprise's messages may contain the address, so only the status is reported
        status = _STATUS.search(" ".join(entry.message for entry in sent.logs()))
        raise DeliveryError("apprise could not deliver it" + (f": answered {status[1]}" if status else ""))


def _service(url: str) -> Any:
    """The one service of `url`, else None: `Apprise.add` accepts a list of addresses, separated by commas.

    The log of apprise stays off, because it may contain a malformed token.
    """
    import apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(_SILENT)
    return apprise.Apprise.instantiate(url)


def _anywhere(_: str) -> bool:
    return True
