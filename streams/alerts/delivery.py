"""Alerts to the outside: apprise for chat, mail and a hundred others, JSON for webhooks, signed as digests are.

Addresses are secrets (they hold tokens): neither they nor a library's message that may repeat them is logged.
"""

import asyncio
import base64
import binascii

import httpx
import msgspec

from streams.alerts.loop import DeliveryError
from streams.alerts.rules import Alert, Channel, Rules
from streams.clock import Clock, system_clock
from streams.push.subscription import SECRET_PREFIX
from streams.push.webhook import signature

TIMEOUT_SECONDS = 15.0
TRIES = 3


class Delivery:
    """`deliver(channel, alert)` for the channels of the rules."""

    def __init__(self, rules: Rules, *, wait_seconds: float = 1.0, clock: Clock = system_clock) -> None:
        self._channels = rules.channels
        self._clock = clock
        self._wait = wait_seconds

    async def __call__(self, name: str, alert: Alert) -> None:
        """Tell one channel, trying a few times. Raises DeliveryError."""
        channel = self._channels[name]
        message_id = f"alert_{alert.key}_{int(self._clock().timestamp())}"  # the same in every attempt
        for attempt in range(1, TRIES + 1):
            try:
                await (self._webhook(channel, alert, message_id) if channel.webhook else self._apprise(channel, alert))
            except DeliveryError:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(self._wait * attempt)
            else:
                return

    async def _apprise(self, channel: Channel, alert: Alert) -> None:
        import apprise  # loads a hundred plugins

        service = apprise.Apprise()
        if channel.url is None or not service.add(channel.url.get_secret_value()):
            raise DeliveryError("apprise does not know this kind of address")
        if not await service.async_notify(title=alert.title, body=alert.text, body_format=apprise.NotifyFormat.TEXT):
            raise DeliveryError("the service did not take it")

    async def _webhook(self, channel: Channel, alert: Alert, message_id: str) -> None:
        body, timestamp = msgspec.json.encode(alert), int(self._clock().timestamp())
        headers = {"Content-Type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(timestamp)}
        if channel.secret:
            key = key_of(channel.secret.get_secret_value())
            headers["webhook-signature"] = signature(key, message_id, timestamp, body)
        url = channel.webhook.get_secret_value() if channel.webhook else ""
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
                answer = await client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise DeliveryError(f"the webhook does not answer: {type(error).__name__}") from error
        if answer.status_code >= 300:
            raise DeliveryError(f"the webhook answered {answer.status_code}")


def key_of(secret: str) -> bytes:
    """The bytes of a `whsec_…` secret; of any other text its own."""
    if secret.startswith(SECRET_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error as error:
            raise DeliveryError("the secret after whsec_ is not base64") from error
    return secret.encode()
