"""Sends one signed message to one address: the common part of the webhooks for digests and alerts.

Headers follow the Standard Webhooks specification: `webhook-id` (the same in every attempt, so that receivers recognise
repetitions), `webhook-timestamp` (of this attempt, seconds), and with a key `webhook-signature` ("v1," and the base64
of HMAC-SHA256 over "id.timestamp.body"). The attributes of CloudEvents 1.0 are headers too (`ce-id` and so on).

The host is looked up once, and all of its addresses must be public (unless private ones are allowed). The connection
goes to the checked address, so a name that changes its address has no effect. A redirect is a failure, because it could
lead anywhere. Only 2xx within the time limit is a success.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import msgspec

from models.events.cloud_event import CloudEvent
from streams.delivery.errors import DeliveryError
from streams.web.public_address import Lookup, NotAllowedError, host_of, is_public, pinned, system_lookup
from streams.web.retry_after import retry_after

TIMEOUT = httpx.Timeout(15.0)
GONE = 410
PRIVATE = "the host is not on the public internet: that needs `--allow-private` (in a file: allow_private)"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message."""

    event: CloudEvent  # its id is the value of `webhook-id`
    body: bytes  # JSON
    url: str
    key: bytes | None  # signs the message; None for an unsigned one
    allow_private: bool


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of the `webhook-signature` header.

    Args:
        key: The secret's bytes.
        message_id: Value of `webhook-id`.
        timestamp: Seconds since 1970.
        body: The message's body.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


class Poster:
    """Posts messages. Tests replace `lookup` and `allowed`, because they have only loopback."""

    def __init__(self, *, lookup: Lookup = system_lookup, allowed: Callable[[str], bool] = is_public) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def post(self, message: Message, now: datetime) -> None:
        """Post one message.

        Raises:
            DeliveryError: It was not accepted. The text does not contain the address.
        """
        host, address = await self._pinned(message)
        try:
            # trust_env: a proxy of the environment would look the name up again, unchecked; its certificate authorities
            # are used
            trusted = httpx.create_ssl_context()
            async with httpx.AsyncClient(
                timeout=TIMEOUT, trust_env=False, verify=trusted, follow_redirects=False
            ) as client:
                request = client.build_request("POST", address, headers=_headers(message, now), content=message.body)
                request.extensions["sni_hostname"] = host
                response = await client.send(request, stream=True)  # the body of the answer is not read
                await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}"[:300]) from error
        _check(response, now)

    async def _pinned(self, message: Message) -> tuple[str, httpx.URL]:
        """The host, and the URL with the host replaced by its checked address."""
        try:
            url = httpx.URL(message.url)
            host = host_of(url)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise DeliveryError(f"the address is invalid: {error}", final=True) from error
        try:
            return host, await pinned(url, self._lookup, _anywhere if message.allow_private else self._allowed)
        except NotAllowedError as error:
            raise DeliveryError(PRIVATE) from error
        except OSError as error:
            raise DeliveryError(f"the host is not found: {error}") from error


def _anywhere(_address: str) -> bool:
    return True


def _headers(message: Message, now: datetime) -> dict[str, str]:
    timestamp = int(now.timestamp())
    headers = {
        "Host": urlsplit(message.url).netloc.rpartition("@")[2],
        "Content-Type": "application/json",
        "User-Agent": "toptopics/0.1 (webhook)",
        "webhook-id": message.event.id,
        "webhook-timestamp": str(timestamp),
        **message.event.http_headers(),
    }
    if message.key is not None:
        headers["webhook-signature"] = signature(message.key, message.event.id, timestamp, message.body)
    return headers


def _check(response: httpx.Response, now: datetime) -> None:
    if response.is_success:
        return
    status = response.status_code
    if response.is_redirect:
        raise DeliveryError(f"answered {status}: redirects are not followed")
    if status == GONE:
        raise DeliveryError(f"answered {status}: it wants no more", final=True)
    raise DeliveryError(f"answered {status}", retry_after=retry_after(response.headers, now))
