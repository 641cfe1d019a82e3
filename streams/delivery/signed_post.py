"""One signed message to one address of somebody's: what webhooks of digests and of alerts have in common.

Headers as in the Standard Webhooks specification: `webhook-id` (the same in every attempt, so a receiver tells
repetitions), `webhook-timestamp` (of this attempt, seconds), and with a key `webhook-signature` ("v1," and the base64
of HMAC-SHA256 over "id.timestamp.body").

The host is looked up once, every address of it has to be public (unless private ones are allowed), and the connection
goes to the address that was checked, so that a name which changes its address between look-up and request gains
nothing. A redirect is a failure: it could lead anywhere. 2xx within the time limit is success, nothing else is.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import httpx
import msgspec

from streams.delivery.errors import DeliveryError
from streams.web.public_address import Lookup, NotAllowedError, host_of, is_public, pinned, system_lookup
from streams.web.retry_after import retry_after

TIMEOUT = httpx.Timeout(15.0)
GONE = 410
PRIVATE = "the host is not on the public internet: that needs `--allow-private` (in a file: allow_private)"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What goes out. key: signs; None: unsigned. body: JSON."""

    id: str
    body: bytes
    url: str
    key: bytes | None
    allow_private: bool


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")


class Poster:
    """Posts messages. `lookup` and `allowed` are for tests, which have nothing but loopback to talk to."""

    def __init__(self, *, lookup: Lookup = system_lookup, allowed: Callable[[str], bool] = is_public) -> None:
        self._lookup = lookup
        self._allowed = allowed

    async def post(self, message: Message, now: datetime) -> None:
        """Raises DeliveryError when it was not accepted, for whatever reason; the address is not in its text."""
        host, address = await self._pinned(message)
        try:
            # trust_env: a proxy of the environment would look the name up again, unchecked; its authorities are welcome
            trusted = httpx.create_ssl_context()
            async with httpx.AsyncClient(
                timeout=TIMEOUT, trust_env=False, verify=trusted, follow_redirects=False
            ) as client:
                request = client.build_request("POST", address, headers=_headers(message, now), content=message.body)
                request.extensions["sni_hostname"] = host
                response = await client.send(request, stream=True)  # the answer's body is nobody's business
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
            raise DeliveryError(f"the address is not valid: {error}", final=True) from error
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
        "webhook-id": message.id,
        "webhook-timestamp": str(timestamp),
    }
    if message.key is not None:
        headers["webhook-signature"] = signature(message.key, message.id, timestamp, message.body)
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
