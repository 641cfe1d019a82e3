"""One message by e-mail, Slack, Discord, Telegram and the rest: the only file that knows apprise.

Services at an address of the user's own (json://, gotify://, mailto:// and so on) are held to public addresses like
webhooks, wherever redirects lead; a proxy in a private network is such an address too. Where a service takes headers
(json://, form://, xml://, e-mail) it is told the delivery's id as `webhook-id`, the same in every attempt, so that
who receives it can tell a repetition.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

import msgspec

from streams.delivery.apprise_addresses import refusal
from streams.delivery.errors import DeliveryError
from streams.delivery.signed_post import PRIVATE
from streams.web.public_address import is_public
from streams.web.socket_guard import only_to

MAIL = ("mailto", "mailtos")
_SILENT = logging.NullHandler()
_STATUS = re.compile(r"\berror=(\d{3})\b")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is told. html: for mail; text: for everything else."""

    id: str
    title: str
    text: str
    html: str | None = None


def knows(url: str) -> bool:
    """Whether it is the address of one service that apprise knows; loads all its plugins."""
    return _service(url) is not None


async def notify(
    url: str, note: Note, *, allow_private: bool = False, allowed: Callable[[str], bool] = is_public
) -> None:
    """Tell one service. Raises DeliveryError; its text holds nothing of the address, which is a secret."""
    import apprise

    if refused := refusal(url):
        raise DeliveryError(refused, final=True)
    service = _service(url)
    if service is None:
        raise DeliveryError("apprise does not know this address", final=True)
    if isinstance(headers := getattr(service, "headers", None), dict):
        headers.setdefault("webhook-id", note.id)
    services = apprise.Apprise()
    services.add(service)
    html = note.html if url.split("://", 1)[0].lower() in MAIL else None
    with only_to(_anywhere if allow_private else allowed) as guard:
        sent = await asyncio.to_thread(
            services.notify,
            title=note.title,
            body=note.text if html is None else html,
            body_format=apprise.NotifyFormat.TEXT if html is None else apprise.NotifyFormat.HTML,
        )
    if guard.refused:
        raise DeliveryError(PRIVATE)
    if not sent:
        # its messages may hold the address: of them only the status is told
        status = _STATUS.search(" ".join(entry.message for entry in sent.logs()))
        raise DeliveryError("apprise could not deliver it" + (f": answered {status[1]}" if status else ""))


def _service(url: str) -> Any:
    """The one service of `url`, else None. `Apprise.add` would take a list of addresses, separated by commas.

    The library's log stays silent: it repeats tokens that do not look right.
    """
    import apprise

    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(_SILENT)
    return apprise.Apprise.instantiate(url)


def _anywhere(_: str) -> bool:
    return True
