"""Mail, as a mail server receives it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope

from models.events import EditedDigest, Sentence
from streams.delivery.digest_message import ChatSender
from streams.delivery.errors import DeliveryError
from streams.delivery.subscription import Subscription, checked
from streams.kafka.digests import PublishedDigest
from tests.support.published import CORRECTED, ENTRY, MADE_AT
from tests.support.view_examples import digest

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Mailbox:
    """Stores the messages that the server accepts."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.answer = "250 accepted"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Called for each message."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return self.answer


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, Subscription]]:
    """A mail server, and a subscription that it receives."""
    box = Mailbox()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"mailto://127.0.0.1:{port}?mode=insecure&from=digest@topics.example&to=me@example.org"
    async with server:
        yield box, checked(Subscription(name="me", url=url, allow_private=True))


async def test_a_mail_has_what_mail_programs_ask_for(mailbox: tuple[Mailbox, Subscription]) -> None:
    """The headline as subject, a sender, text beside HTML, and one click that ends it (RFC 2369, RFC 8058)."""
    box, me = mailbox
    await ChatSender("https://topics.example").send(me, ENTRY, MADE_AT)
    (mail,) = box.messages
    assert mail["Subject"] == ENTRY.digest.headline.text
    assert mail["From"] == "Top Topics <digest@topics.example>"
    assert mail["To"] == "me@example.org"
    link = f"https://topics.example/unsubscribe/me?key={me.unsubscribe_key}"
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "Speech without labels" in html.get_content()
    assert link in html.get_content()
    assert "Speech without labels" in text.get_content()
    for address in ("https://topics.example/digests/2021-W18", link):
        assert f"<{address}>" in text.get_content()


async def test_a_mail_is_the_same_message_in_every_attempt(mailbox: tuple[Mailbox, Subscription]) -> None:
    """A mail server that got it twice shows it once; a correction is another message, and says so."""
    box, me = mailbox
    for entry in (ENTRY, ENTRY, CORRECTED):
        await ChatSender().send(me, entry, MADE_AT)
    first, again, corrected = box.messages
    assert first["Message-ID"] == again["Message-ID"] != corrected["Message-ID"]
    assert corrected["Subject"] == "Corrected: <b>Corrected</b> & true"
    assert "List-Unsubscribe" not in first


async def test_everybody_of_the_address_gets_the_mail(mailbox: tuple[Mailbox, Subscription]) -> None:
    """With the name of the sender that the address gives; any script arrives as it is."""
    box, me = mailbox
    url = (
        me.url.replace("from=digest@", "name=Hausblatt&from=digest@")
        + ",you@example.org&cc=third@example.org&reply=x@example.org"
    )
    entry = replace(ENTRY, digest=digest("2021-W18", headline="Größe: 日本語 und mehr"))
    await ChatSender().send(msgspec.structs.replace(me, url=url), entry, MADE_AT)
    assert {mail["To"] for mail in box.messages} == {"me@example.org", "you@example.org"}
    assert {(mail["From"], mail["Cc"], mail["Reply-To"]) for mail in box.messages} == {
        ("Hausblatt <digest@topics.example>", "third@example.org", "x@example.org")
    }
    assert {mail["Subject"] for mail in box.messages} == {"Größe: 日本語 und mehr"}


async def test_who_wants_it_gets_the_words_of_a_language_model(mailbox: tuple[Mailbox, Subscription]) -> None:
    """Its headline as subject, and whose words they are; without an edition, and for the others, the digest's."""
    box, me = mailbox
    headline = Sentence(text="Speech needs no labels", posts=["1"])
    edited = EditedDigest(
        week="2021-W18", digest=ENTRY.hash, model="a-model", headline=headline, sections=[], proposed=2, accepted=1,
        answers=[],
    )  # fmt: skip
    wanted = msgspec.structs.replace(me, edited=True)

    async def edition_of(entry: PublishedDigest) -> EditedDigest | None:
        return edited if entry is ENTRY else None

    sender = ChatSender(None, edition_of)
    for subscription, entry in ((wanted, ENTRY), (wanted, CORRECTED), (me, ENTRY)):
        await sender.send(subscription, entry, MADE_AT)
    assert [mail["Subject"] for mail in box.messages] == [
        "Speech needs no labels",
        "Corrected: <b>Corrected</b> & true",
        ENTRY.digest.headline.text,
    ]
    text = box.messages[0].get_body(("plain",))
    assert text is not None
    assert "Edited by a-model and held to the posts: 1 of 2 claims stand" in " ".join(text.get_content().split())


async def test_a_mail_server_that_refuses_is_a_failed_delivery(mailbox: tuple[Mailbox, Subscription]) -> None:
    """It is tried again; the address is not repeated."""
    box, me = mailbox
    box.answer = "554 no"
    with pytest.raises(DeliveryError, match="did not accept") as refused:
        await ChatSender().send(me, ENTRY, MADE_AT)
    assert not refused.value.final
    with pytest.raises(DeliveryError, match="no mail server"):
        await ChatSender().send(
            msgspec.structs.replace(me, url="mailto://127.0.0.1:9?mode=insecure&from=a@b.example"), ENTRY, MADE_AT
        )
