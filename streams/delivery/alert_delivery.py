"""Delivers alerts: apprise for chat, mail and many others, JSON for webhooks, with the same code as for digests.

So the same rules apply: signed, no redirects, no private address unless the channel has `allow_private`. Addresses are
secrets (they contain tokens), so they are not logged, and no library's message that may repeat them.
"""

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote

import msgspec
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_incrementing

from models.events.cloud_event import CloudEvent
from streams.clock import Clock, system_clock
from streams.delivery.alert_rules import Alert, Channel, Rules
from streams.delivery.apprise import Note, notify
from streams.delivery.errors import DeliveryError
from streams.delivery.signed_post import Message, Poster
from streams.delivery.subscription import SECRET_PREFIX
from streams.web.public_address import Lookup, is_public, system_lookup

TRIES = 3


class Delivery:
    """`deliver(channel, alert)` for the channels of the rules.

    Args:
        rules: with the channels.
        base: the address under which readers reach the service; alerts then link to their topic.
        wait_seconds: between attempts.
        clock: the time now.
        lookup: for tests.
        allowed: for tests.
    """

    def __init__(
        self,
        rules: Rules,
        *,
        base: str | None = None,
        wait_seconds: float = 1.0,
        clock: Clock = system_clock,
        lookup: Lookup = system_lookup,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self._channels = rules.channels
        self._base = base
        self._clock = clock
        self._wait = wait_seconds
        self._poster = Poster(lookup=lookup, allowed=allowed)
        self._allowed = allowed

    async def __call__(self, name: str, alert: Alert) -> None:
        """Deliver to one channel, with a few attempts.

        Args:
            channel: Name of the channel.
            alert: The alert.

        Raises:
            DeliveryError: No attempt succeeded.
        """
        channel = self._channels[name]
        if self._base:
            alert = msgspec.structs.replace(alert, url=f"{self._base}/topics/{quote(alert.topic_id, safe='')}")
        # the same in every attempt, also after a restart: two alerts are at least a cool-down apart
        message_id = f"alert_{alert.key}_{int(self._clock().timestamp()) // alert.cooldown_seconds}"
        attempts = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, DeliveryError) and not error.final),
            wait=wait_incrementing(self._wait, self._wait),
            stop=stop_after_attempt(TRIES),
            reraise=True,
        )
        await attempts(self._send, channel, alert, message_id)

    async def _send(self, channel: Channel, alert: Alert, message_id: str) -> None:
        if channel.webhook is None:
            url = channel.url.get_secret_value() if channel.url else ""
            note = Note(id=message_id, title=alert.title, text=f"{alert.text}\n{alert.url}".rstrip())
            await notify(url, note, allow_private=channel.allow_private, allowed=self._allowed)
            return
        message = Message(
            event=CloudEvent(id=message_id, type="topic.alert", subject=alert.topic_id),
            body=msgspec.json.encode(alert),
            url=channel.webhook.get_secret_value(),
            key=key_of(channel.secret.get_secret_value()) if channel.secret else None,
            allow_private=channel.allow_private,
        )
        await self._poster.post(message, self._clock())


def key_of(secret: str) -> bytes:
    """The bytes of a `whsec_…` secret; of another text the text's own."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error as error:
            raise DeliveryError("the secret after whsec_ is not base64", final=True) from error
    return secret.encode()
