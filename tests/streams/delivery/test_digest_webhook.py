"""Webhooks: signed as the specification says, and sent to no forbidden address."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import trustme
from cloudevents.core.bindings import http, kafka
from standardwebhooks import Webhook, WebhookVerificationError

from models.events import Digest
from models.events.cloud_event import CloudEvent
from models.events.wire import decode, encode
from streams.delivery.digest_webhook import WebhookSender
from streams.delivery.errors import DeliveryError
from streams.delivery.subscription import Subscription, checked
from streams.kafka.digests import PublishedDigest
from tests.support.view_examples import digest
from tests.support.webhook_receiver import LOSE_ANSWER, Receiver, receiving

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ENTRY = PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=3, slice_end=9, made_at=NOW)
CORRECTION = PublishedDigest(
    digest=digest("2021-W18", headline="No"),
    revision=2,
    slice_start=3,
    slice_end=12,
    supersedes=ENTRY.hash,
    made_at=NOW,
    changes="1 topic added",
)


def to(receiver: Receiver, **given: object) -> Subscription:
    return checked(Subscription(**({"name": "team", "url": receiver.url, "allow_private": True} | given)))  # type: ignore[arg-type]


async def test_a_delivery_is_signed_and_complete() -> None:
    """The receiver can check the signature over id, timestamp and body, and read a whole digest."""
    async with receiving(Receiver()) as receiver:
        subscription, now = to(receiver), datetime.now(UTC)  # noqa: TID251 - the library refuses old messages
        await WebhookSender().send(subscription, ENTRY, now)
        (request,) = receiver.requests
    event = Webhook(subscription.secret).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(subscription.secret).verify(request.body + b" ", request.headers)
    assert request.headers["webhook-timestamp"] == str(int(now.timestamp()))
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert event["type"] == "digest.published"
    assert event["data"]["hash"] == ENTRY.hash
    assert decode(orjson.dumps(event["data"]["digest"]), Digest).topics == ENTRY.digest.topics


@pytest.mark.parametrize(("entry", "kind"), [(ENTRY, "digest.published"), (CORRECTION, "digest.corrected")])
async def test_a_delivery_is_a_cloud_event(entry: PublishedDigest, kind: str) -> None:
    """The library of the specification reads it; the record on Kafka has the same id."""
    async with receiving(Receiver()) as receiver:
        await WebhookSender().send(to(receiver), entry, NOW)
    (request,) = receiver.requests
    event = http.from_http_event(http.HTTPMessage(headers=request.headers, body=request.body))
    assert (event.get_specversion(), event.get_type(), event.get_source()) == ("1.0", kind, "urn:toptopics")
    assert (event.get_subject(), event.get_time()) == ("2021-W18", entry.made_at)
    assert event.get_data() == orjson.loads(request.body)
    message = kafka.KafkaMessage(headers=dict(entry.headers()), key=b"2021-W18", value=encode(entry.digest))
    record = kafka.from_binary_event(message)
    assert (record.get_id(), record.get_type(), record.get_time()) == (event.get_id(), kind, entry.made_at)
    assert record.get_data() == orjson.loads(encode(entry.digest))
    assert record.get_datacontenttype() == "application/json"


def test_any_subject_is_a_header() -> None:
    """Ids of topics are in every script; the library reads them back."""
    event = CloudEvent(id="1", type="topic.alert", subject='grün "100 %"')
    assert all(value.isascii() for value in event.http_headers().values())
    assert http.from_http_event(http.HTTPMessage(event.http_headers(), b"{}")).get_subject() == 'grün "100 %"'


async def test_a_correction_says_what_it_corrects_under_an_id_of_its_own() -> None:
    """A receiver that drops repetitions by id must keep it."""
    async with receiving(Receiver()) as receiver:
        await WebhookSender().send(to(receiver), CORRECTION, NOW)
    event = orjson.loads(receiver.requests[0].body)
    assert (event["type"], event["data"]["supersedes"]) == ("digest.corrected", ENTRY.hash)
    assert event["data"]["changes"] == "1 topic added"
    assert CORRECTION.event.id != ENTRY.event.id


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503, LOSE_ANSWER])
async def test_anything_but_success_is_a_failure(status: int) -> None:
    """The delivery is retried later."""
    async with receiving(Receiver([status])) as receiver:
        with pytest.raises(DeliveryError) as failed:
            await WebhookSender().send(to(receiver), ENTRY, NOW)
    assert not failed.value.final


async def test_a_receiver_may_ask_for_time_or_for_no_more() -> None:
    """`Retry-After` is obeyed, and 410 Gone is final."""
    async with receiving(Receiver([503, 410], retry_after="120")) as receiver:
        with pytest.raises(DeliveryError) as busy:
            await WebhookSender().send(to(receiver), ENTRY, NOW)
        with pytest.raises(DeliveryError) as gone:
            await WebhookSender().send(to(receiver), ENTRY, NOW)
    assert busy.value.retry_after == 120.0
    assert gone.value.final


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    """A public address that redirects to loopback reaches nothing there."""
    async with receiving(Receiver()) as inside, receiving(Receiver([status], location=inside.url)) as outside:
        with pytest.raises(DeliveryError, match="redirect"):
            await WebhookSender().send(to(outside), ENTRY, NOW)
        assert inside.requests == []
        assert len(outside.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::",
    ],
)  # fmt: skip
async def test_a_name_that_leads_to_a_private_address_is_refused(address: str) -> None:
    """Before any connection, if any of its addresses is private."""

    async def lookup(host: str, port: int) -> list[str]:
        return ["203.0.113.7", address] if host == "hooks.example.org" else []

    with pytest.raises(DeliveryError, match="public internet"):
        await WebhookSender(lookup=lookup, allowed=lambda a: a == "203.0.113.7").send(
            checked(Subscription(name="x", url="http://hooks.example.org/")), ENTRY, NOW
        )
    with pytest.raises(DeliveryError, match="public internet"):
        await WebhookSender(lookup=lambda host, port: lookup("hooks.example.org", port)).send(
            checked(Subscription(name="x", url="http://hooks.example.org/")), ENTRY, NOW
        )


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/", "http://localhost:{}/", "http://[::ffff:127.0.0.1]:{}/",
                                 "http://2130706433:{}/", "http://0x7f.1:{}/"])  # fmt: skip
async def test_no_spelling_of_loopback_gets_through(url: str) -> None:
    """The system resolves all of these to this machine."""
    async with receiving(Receiver()) as receiver:
        with pytest.raises(DeliveryError):
            await WebhookSender().send(checked(Subscription(name="x", url=url.format(receiver.port))), ENTRY, NOW)
        assert receiver.requests == []


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that answers differently the second time (DNS rebinding) is resolved once."""
    asked: list[str] = []

    async def lookup(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with receiving(Receiver()) as receiver:
        url = f"http://rebind.invalid:{receiver.port}/hook"
        await WebhookSender(lookup=lookup, allowed=lambda _: True).send(
            checked(Subscription(name="x", url=url)), ENTRY, NOW
        )
    assert asked == ["rebind.invalid"]
    assert receiver.requests[0].headers["host"] == f"rebind.invalid:{receiver.port}"


@pytest.mark.parametrize(("name", "accepted"), [("hooks.example.org", True), ("other.example.org", False)])
async def test_the_certificate_has_to_be_of_the_name_and_not_of_the_address(
    name: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pinned address does not change the certificate check; the user's own authorities are used."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)

    async def lookup(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    sender = WebhookSender(lookup=lookup, allowed=lambda _: True)
    async with receiving(Receiver(), tls=context) as receiver:
        there = checked(Subscription(name="x", url=f"https://hooks.example.org:{receiver.port}/hook"))
        if accepted:
            await sender.send(there, ENTRY, NOW)
        else:
            with pytest.raises(DeliveryError, match=r"hooks\.example\.org"):
                await sender.send(there, ENTRY, NOW)
        assert len(receiver.requests) == accepted
