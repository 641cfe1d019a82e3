"""Sends one message by e-mail, Slack, Discord, Telegram and other services. The only file that uses apprise.

Services at an address of the user's own (json://, gotify://, mailto:// and so on) may only use public addresses, like
webhooks, also after redirects; a proxy in a private network is refused as well. Services with headers (json://,
form://, xml://, e-mail) get the delivery's id as `webhook-id`. It is the same in every attempt, so that receivers can
recognise repetitions.

Mail is written here, and apprise only reads the address and speaks to the server: its own plain text of an HTML mail
has no addresses of links. A mail has the text beside the HTML, and headers for one click that ends the subscription.
"""

import asyncio
import logging
import re
import smtplib
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.utils import formataddr, localtime
from typing import Any

import msgspec

from streams.delivery.apprise_addresses import refusal
from streams.delivery.chat_words import plain_words
from streams.delivery.errors import DeliveryError
from streams.delivery.signed_post import PRIVATE
from streams.web.public_address import is_public
from streams.web.socket_guard import only_to

SENDER = "Top Topics"  # where the address gives no name
MAIL_POLICY = policy.SMTP.clone(cte_type="7bit")  # a server may know no other
UNFOLDED = MAIL_POLICY.clone(max_line_length=998)  # an address in a header stays on the header's line
_SILENT = logging.NullHandler()
_STATUS = re.compile(r"\berror=(\d{3})\b")


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    id: str  # the same in every attempt
    title: str
    text: str  # for chats
    mail_text: str = ""  # for mail, instead of `text`
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
    if refused := refusal(url):
        raise DeliveryError(refused, final=True)
    service = _service(url)
    if service is None:
        raise DeliveryError("apprise does not know this address", final=True)
    if isinstance(headers := getattr(service, "headers", None), dict):
        headers.setdefault("webhook-id", note.id)
    send = _mail if url.split("://", 1)[0].lower() in {"mailto", "mailtos"} else _message
    with only_to(_anywhere if allow_private else allowed) as guard:
        failure = await asyncio.to_thread(send, service, note, url)
    if guard.refused:
        raise DeliveryError(PRIVATE)
    if failure is not None:
        raise DeliveryError(failure)


def _message(service: Any, note: Note, url: str) -> str | None:
    """Send to a service other than mail. Returns the failure."""
    import apprise

    services = apprise.Apprise()
    services.add(service)
    sent = services.notify(
        title=plain_words(note.title, url), body=plain_words(note.text, url), body_format=apprise.NotifyFormat.TEXT
    )
    if sent:
        return None
    # apprise's messages may contain the address, so only the status is reported
    status = _STATUS.search(" ".join(entry.message for entry in sent.logs()))
    return "apprise could not deliver it" + (f": answered {status[1]}" if status else "")


def _mail(service: Any, note: Note, _url: str) -> str | None:
    """Send to every recipient of the address. Returns the failure."""
    from apprise.plugins.email.smtp import AppriseSMTPController

    try:
        with AppriseSMTPController(
            host=service.smtp_host,
            port=service.port,
            secure_mode=service.secure_mode,
            user=service.user,
            password=service.password,
            verify_certificate=service.verify_certificate,
            socket_connect_timeout=service.socket_connect_timeout,
        ) as smtp:
            accepted = [
                smtp.sendmail(
                    service.from_addr[1],
                    [address, *(service.cc - {address}), *(service.bcc - {address})],
                    _written(service, note, formataddr((name or "", address))).as_string(policy=UNFOLDED),
                )
                for name, address in service.targets
            ]
    except smtplib.SMTPResponseException as error:
        return f"the mail server answered {error.smtp_code}"
    except (OSError, smtplib.SMTPException) as error:
        return f"no mail server: {type(error).__name__}"
    return None if all(accepted) else "the mail server did not accept it"


def _written(service: Any, note: Note, recipient: str) -> EmailMessage:
    mail = EmailMessage(policy=MAIL_POLICY)
    name, address = service.from_addr
    given = name if name and name != service.app_id else SENDER
    mail["Subject"], mail["From"], mail["To"] = note.title, formataddr((given, address)), recipient
    if service.cc:
        mail["Cc"] = ", ".join(sorted(service.cc))
    if service.reply_to:
        mail["Reply-To"] = ", ".join(sorted(service.reply_to))
    mail["Date"] = localtime()
    mail["Message-ID"] = f"<{note.id}@{address.rpartition('@')[2]}>"  # the same in every attempt
    if note.unsubscribe:
        mail["List-Unsubscribe"] = f"<{note.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for header, value in service.headers.items():
        if header not in mail:
            mail[header] = value
    mail.set_content(note.mail_text or note.text)
    if note.html is not None:
        mail.add_alternative(note.html, subtype="html")
    return mail


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
