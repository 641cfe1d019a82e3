"""One digest by e-mail, Slack, Discord, Telegram and the rest: the only file that knows apprise.

E-mail gets the whole digest as HTML; chats get title, headline and one line a topic, short enough for the strictest of
them. A correction says so in its title: chats cannot change what was said. Services at an address of the user's own
(json://, gotify://, mailto:// and so on) are held to public addresses like webhooks, as far as can be told beforehand.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from models.events import Digest
from models.plain import one_line
from models.render import render
from streams.digest_log import PublishedDigest
from streams.push.delivery_error import DeliveryError
from streams.push.subscription import Subscription
from streams.resources import Lookup, is_public, system_lookup

CHAT_CHARACTERS = 1_800  # Discord takes 2,000
MAIL = ("mailto", "mailtos")


class ChatSender:
    """Sends digests by apprise. `lookup` and `allowed` are for tests."""

    def __init__(self, *, lookup: Lookup = system_lookup, allowed: Callable[[str], bool] = is_public) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Raises DeliveryError when apprise reports a failure; it does not tell which."""
        import apprise

        services = apprise.Apprise()
        if not services.add(subscription.url):
            raise DeliveryError("apprise does not know this address", final=True)
        if not subscription.allow_private:
            for host in _hosts(services):
                await self._check(host)
        by_mail = subscription.url.split("://", 1)[0].lower() in MAIL
        sent = await asyncio.to_thread(
            services.notify,
            title=title_of(entry),
            body=render(entry.digest, "html") if by_mail else chat_text(entry.digest),
            body_format=apprise.NotifyFormat.HTML if by_mail else apprise.NotifyFormat.TEXT,
        )
        if not sent:
            raise DeliveryError("apprise could not deliver it")

    async def _check(self, host: str) -> None:
        try:
            addresses = await self._lookup(host, 443)
        except OSError:
            return  # no name of a host: a token in its place, or one that apprise will not find either
        if not all(map(self._allowed, addresses)):
            raise DeliveryError("the host is not on the public internet, and the subscription does not allow that")


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


def _hosts(services: Iterable[Any]) -> list[str]:
    """Hosts that the user named, of services that have such a place in their address."""
    found: list[str] = []
    for service in services:
        templates = getattr(service, "templates", ())
        named = [getattr(service, "smtp_host", None)]
        if any("{host}" in template for template in templates):
            named.append(getattr(service, "host", None))
        found += [host for host in named if isinstance(host, str) and host]
    return found
