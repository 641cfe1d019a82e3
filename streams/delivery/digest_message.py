"""One digest by e-mail or to a chat (see `streams.delivery.apprise`).

The headline is the subject. E-mail gets the whole digest as text and as HTML. Chats get one line a section with its
address, short enough for the strictest service. The title of a correction says so, because chats cannot change a sent
message.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlsplit

from models.editing.shown import edited_view
from models.events import EditedDigest
from models.render.html import Unsubscribe, mail_page
from models.render.plain_text import plain_text
from models.render.view import View
from models.text.plain import one_line
from streams.delivery.apprise import Note, knows, notify
from streams.delivery.apprise_addresses import refusal
from streams.delivery.signed_post import PRIVATE
from streams.delivery.subscription import Subscription, SubscriptionError
from streams.kafka.digests import PublishedDigest
from streams.web.public_address import is_public

CHAT_CHARACTERS = 1_800  # Discord accepts 2,000
SUBJECT_CHARACTERS = 150


EditionOf = Callable[[PublishedDigest], Awaitable[EditedDigest | None]]


async def no_edition(_: PublishedDigest) -> EditedDigest | None:
    """No language model edits the digests."""
    return None


class ChatSender:
    """Sends digests by apprise.

    Args:
        base: the address under which readers reach the service; None: links lead to the platforms only.
        edition_of: what a language model wrote about a digest, for subscriptions that want it.
        allowed: for tests, which have nothing but loopback to talk to.
    """

    def __init__(
        self,
        base: str | None = None,
        edition_of: EditionOf = no_edition,
        *,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self._base = base
        self._edition_of = edition_of
        self._allowed = allowed

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Send the digest.

        Raises:
            DeliveryError: apprise reports a failure.
        """
        edited = await self._edition_of(entry) if subscription.edited else None
        shown = edited_view(entry.digest, edited, entry.edition(self._base))
        leave = self._unsubscribe(subscription)
        note = Note(
            id=entry.event.id,
            title=title_of(entry, shown.headline),
            text=chat_text(shown),
            mail_text=mail_text(shown, leave),
            html=mail_page(shown, leave),
            unsubscribe=leave.url if leave else "",
        )
        await notify(subscription.url, note, allow_private=subscription.allow_private, allowed=self._allowed)

    def _unsubscribe(self, subscription: Subscription) -> Unsubscribe | None:
        if not self._base or not subscription.unsubscribe_key:
            return None
        url = f"{self._base}/unsubscribe/{subscription.name}?key={subscription.unsubscribe_key}"
        return Unsubscribe(subscription.name, url)


def check_address(subscription: Subscription) -> None:
    """Check that an address can be delivered to at all. A host name is looked up only at a delivery.

    Raises:
        SubscriptionError: The address is neither a webhook nor supported by apprise (which loads all its plugins), or
            it is private and that is not allowed.
    """
    if not subscription.allow_private and _is_private(subscription.url):
        raise SubscriptionError(f"{subscription.name}: {PRIVATE}")
    if subscription.kind == "apprise":
        if refused := refusal(subscription.url):
            raise SubscriptionError(f"{subscription.name}: {refused}")
        if not knows(subscription.url):
            raise SubscriptionError(f"{subscription.name}: apprise does not know this address")


def _is_private(url: str) -> bool:
    """Whether the host is an IP address that is not public, or a name of this machine."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False  # an invalid address: the delivery reports it
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return not is_public(host)


def title_of(entry: PublishedDigest, headline: str) -> str:
    """The subject line."""
    headline = one_line(headline, SUBJECT_CHARACTERS)
    return f"Corrected: {headline}" if entry.supersedes else headline


def mail_text(shown: View, leave: Unsubscribe | None) -> str:
    """The whole digest, and where the subscription ends."""
    text = plain_text(shown)
    return text + (f"\nYou get this as “{leave.name}”. Unsubscribe: <{leave.url}>\n" if leave else "")


def chat_text(shown: View) -> str:
    """The week, its address, and one line for each section and each brief, as many as fit."""
    lines = [shown.title, *([shown.notice] if shown.notice else []), *([shown.page] if shown.page else []), ""]
    lines += [_line(line.text, f"{shown.page}{line.url}" if shown.page else None) for line in shown.overview]
    for brief in shown.briefs:
        title = brief.title.text if brief.title else ""
        said = f"{brief.before}{title}{brief.after}{' – ' if brief.names else ''}{brief.names}"
        lines.append(_line(said, brief.evidence[0].url if brief.evidence else None))
    while sum(len(line) + 1 for line in lines) > CHAT_CHARACTERS:
        lines.pop()
    return "\n".join(lines).rstrip()


def _line(text: str, url: str | None) -> str:
    return f"• {one_line(text, 240)}" + (f" {url}" if url else "")
