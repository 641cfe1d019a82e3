"""Delivery of an alert to a chat or a webhook: signed, retried, and to no forbidden address."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from streams.delivery.alert_delivery import TRIES, Delivery, key_of
from streams.delivery.alert_rules import Alert, Rules
from streams.delivery.errors import DeliveryError
from tests.support.webhook_receiver import Receiver, receiving

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
ALERT = Alert(rule="r", key="k", cooldown_seconds=60, send=["a"], topic_id="T1", title="A title", text="A text")
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
KINDS = ("webhook", "url")


def channel(kind: str, receiver: Receiver, *, private: bool = True, secret: str | None = "s") -> Rules:
    """Rules with one channel, the receiver as our webhook or as apprise's json://."""
    address = receiver.url if kind == "webhook" else receiver.url.replace("http://", "json://")
    one = {kind: address, "secret": secret, "allow_private": private}
    return Rules.model_validate({"channels": {"a": one}, "rules": [{"name": "r", "send": ["a"], "trend_over": 1}]})


@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_tried_again_under_the_same_id(kind: str) -> None:
    """Within the attempt, and by a restarted process. The next alert, after the cool-down, has another id."""
    async with receiving(Receiver([500])) as receiver:
        deliver = Delivery(channel(kind, receiver), wait_seconds=0, clock=lambda: NOW)
        await deliver("a", ALERT)
        await Delivery(channel(kind, receiver), clock=lambda: NOW + timedelta(seconds=1))("a", ALERT)
        await Delivery(channel(kind, receiver), clock=lambda: NOW + timedelta(seconds=60))("a", ALERT)
    ids = [request.message_id for request in receiver.requests]
    assert (len(ids), len(set(ids[:3])), ids[3] != ids[0]) == (4, 1, True)
    assert all(b"A title" in request.body for request in receiver.requests)


async def test_a_webhook_is_signed_and_holds_the_alert() -> None:
    """As for a digest."""
    async with receiving(Receiver()) as receiver:
        await Delivery(channel("webhook", receiver), clock=lambda: NOW)("a", ALERT)
    (request,) = receiver.requests
    signed = f"{request.message_id}.{int(NOW.timestamp())}.".encode() + request.body
    expected = base64.b64encode(hmac.new(b"s", signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert msgspec.json.decode(request.body, type=Alert) == ALERT


async def test_without_a_secret_nothing_is_signed() -> None:
    """A signature with an empty key would look valid."""
    async with receiving(Receiver()) as receiver:
        await Delivery(channel("webhook", receiver, secret=None), clock=lambda: NOW)("a", ALERT)
    assert "webhook-signature" not in receiver.requests[0].headers


@pytest.mark.parametrize("kind", KINDS)
async def test_a_private_address_is_refused_unless_the_channel_allows_it(kind: str) -> None:
    """No connection is made in any attempt."""
    async with receiving(Receiver()) as receiver:
        with pytest.raises(DeliveryError, match="public internet"):
            await Delivery(channel(kind, receiver, private=False), wait_seconds=0, clock=lambda: NOW)("a", ALERT)
        assert receiver.requests == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_redirect_leads_to_no_private_address(kind: str) -> None:
    """Webhooks follow no redirects; redirects of apprise are checked when the connection is made."""
    inside, outside = Receiver(), Receiver([307] * TRIES)
    async with receiving(inside, host="127.0.0.2"), receiving(outside):
        outside.location = inside.url
        deliver = Delivery(
            channel(kind, outside, private=False), wait_seconds=0, clock=lambda: NOW, allowed=lambda a: a == "127.0.0.1"
        )
        with pytest.raises(DeliveryError):
            await deliver("a", ALERT)
        assert inside.requests == []


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_there_is_a_delivery_error(kind: str) -> None:
    """After the attempts. The message does not contain the address."""
    async with receiving(Receiver()) as receiver:
        rules = channel(kind, receiver)
    with pytest.raises(DeliveryError) as caught:
        await Delivery(rules, wait_seconds=0, clock=lambda: NOW)("a", ALERT)
    assert "127.0.0.1" not in str(caught.value)


async def test_who_wants_no_more_is_not_asked_again() -> None:
    """410 Gone."""
    async with receiving(Receiver([410])) as receiver:
        with pytest.raises(DeliveryError, match="no more"):
            await Delivery(channel("webhook", receiver), wait_seconds=0, clock=lambda: NOW)("a", ALERT)
    assert len(receiver.requests) == 1


def test_a_secret_may_be_any_text_or_one_of_the_specification() -> None:
    """`whsec_` and base64, as for digests; otherwise the text itself."""
    assert key_of("whsec_c2VjcmV0") == b"secret"
    assert key_of("secret") == b"secret"
    with pytest.raises(DeliveryError, match="base64"):
        key_of("whsec_***")
