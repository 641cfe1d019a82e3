"""One digest by e-mail or to a chat (see `streams.delivery.apprise`).

E-mail gets the whole digest as HTML; chats get title, headline and one line a topic, short enough for the strictest of
them. A correction says in its title which revision it is: chats cannot change what was said.
"""

import ipaddress
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from models.events import Digest
from models.render import render
from models.text.plain import one_line
from streams.delivery.apprise import Note, knows, notify
from streams.delivery.digest_webhook import delivery_id
from streams.delivery.signed_post import PRIVATE
from streams.delivery.subscription import Subscription, SubscriptionError
from streams.kafka.digests import PublishedDigest
from streams.web.public_address import is_public

CHAT_CHARACTERS = 1_800  # Discord takes 2,000


class ChatSender:
    """Sends digests by apprise. `allowed` is for tests, which have nothing but loopback to talk to."""

    def __init__(self, *, allowed: Callable[[str], bool] = is_public) -> None:
        self._allowed = allowed

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Raises DeliveryError when apprise reports a failure."""
        note = Note(
            id=delivery_id(entry),
            title=title_of(entry),
            text=chat_text(entry.digest),
            html=render(entry.digest, "html"),
        )
        await notify(subscription.url, note, allow_private=subscription.allow_private, allowed=self._allowed)


def check_address(subscription: Subscription) -> None:
    """Raises SubscriptionError for what can never be delivered to.

    That is what is neither a webhook nor an address of apprise's (loads all its plugins), and an address that says
    itself that it is private where that is not allowed; a name is looked up at each delivery only.
    """
    if not subscription.allow_private and _is_private(subscription.url):
        raise SubscriptionError(f"{subscription.name}: {PRIVATE}")
    if subscription.kind == "apprise" and not knows(subscription.url):
        raise SubscriptionError(f"{subscription.name}: apprise does not know this address")


def _is_private(url: str) -> bool:
    """Whether the host is an IP address that is not public, or this machine's name for itself."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False  # no valid address: said by whoever delivers
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return not is_public(host)


def title_of(entry: PublishedDigest) -> str:
    """The subject line."""
    return f"Top topics of {entry.digest.week}" + (
        f" (corrected, revision {entry.revision})" if entry.supersedes else ""
    )


def chat_text(digest: Digest) -> str:
    """Headline and one line for each topic and each brief, as many as fit."""
    lines = [one_line(digest.headline.text, 300), ""]
    for sentence in (*digest.overview, *(brief.sentence for brief in digest.briefs)):
        lines.append(f"• {one_line(sentence.text, 240)}")
        if sum(len(line) + 1 for line in lines) > CHAT_CHARACTERS:
            lines.pop()
            break
    return "\n".join(lines).rstrip()
