"""One digest by e-mail, Slack, Discord, Telegram and the rest: the only file that knows apprise.

E-mail gets the whole digest as HTML; chats get title, headline and one line a topic, short enough for the strictest of
them. A correction says so in its title: chats cannot change what was said. Services at an address of the user's own
(json://, gotify://, mailto:// and so on) are held to public addresses like webhooks, wherever redirects lead; a proxy
in a private network is such an address too.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

from models.events import Digest
from models.render import render
from models.text.plain import one_line
from streams.digest_log import PublishedDigest
from streams.push.delivery_error import DeliveryError
from streams.push.guard import only_to
from streams.push.subscription import Subscription, SubscriptionError
from streams.resources import is_public

CHAT_CHARACTERS = 1_800  # Discord takes 2,000
MAIL = ("mailto", "mailtos")
_STATUS = re.compile(r"\berror=(\d{3})\b")


class ChatSender:
    """Sends digests by apprise. `allowed` is for tests, which have nothing but loopback to talk to."""

    def __init__(self, *, allowed: Callable[[str], bool] = is_public) -> None:
        self._allowed = allowed

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Raises DeliveryError when apprise reports a failure."""
        import apprise

        services = apprise.Apprise()
        if not services.add(subscription.url):
            raise DeliveryError("apprise does not know this address", final=True)
        by_mail = subscription.url.split("://", 1)[0].lower() in MAIL
        with only_to(_anywhere if subscription.allow_private else self._allowed) as guard:
            sent = await asyncio.to_thread(
                services.notify,
                title=title_of(entry),
                body=render(entry.digest, "html") if by_mail else chat_text(entry.digest),
                body_format=apprise.NotifyFormat.HTML if by_mail else apprise.NotifyFormat.TEXT,
            )
        if guard.refused:
            raise DeliveryError("the host is not on the public internet, and the subscription does not allow that")
        if not sent:
            # its messages may hold the address, which is a secret: of them only the status is told
            status = _STATUS.search(" ".join(entry.message for entry in sent.logs()))
            raise DeliveryError("apprise could not deliver it" + (f": answered {status[1]}" if status else ""))


def check_address(subscription: Subscription) -> None:
    """Raises SubscriptionError for what is neither a webhook nor an address of apprise's; loads all its plugins."""
    import apprise

    if subscription.kind == "apprise" and not apprise.Apprise().add(subscription.url):
        raise SubscriptionError(f"{subscription.name}: apprise does not know this address")


def title_of(entry: PublishedDigest) -> str:
    """The subject line."""
    return f"Top topics of {entry.digest.week}" + (" (corrected)" if entry.supersedes else "")


def chat_text(digest: Digest) -> str:
    """Headline and one line a topic, as many as fit."""
    lines = [one_line(digest.headline.text, 300), ""]
    for sentence in digest.overview:
        lines.append(f"• {one_line(sentence.text, 240)}")
        if sum(len(line) + 1 for line in lines) > CHAT_CHARACTERS:
            lines.pop()
            break
    return "\n".join(lines).rstrip()


def _anywhere(_: str) -> bool:
    return True
