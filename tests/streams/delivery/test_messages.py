"""What chats and mail get."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apprise
import msgspec
import pytest
from apprise.decorators import notify
from apprise.manager_plugins import NotificationManager

from models.events import Sentence
from models.render.html import mail_page
from models.render.view import view
from streams.delivery import apprise_addresses
from streams.delivery.digest_message import CHAT_CHARACTERS, ChatSender, chat_text
from streams.delivery.errors import DeliveryError
from streams.delivery.subscription import Subscription
from streams.local.ports import reserve_ports
from streams.web.socket_guard import ForbiddenAddressError, only_to
from tests.support.published import CORRECTED, ENTRY, MADE_AT
from tests.support.webhook_receiver import Receiver, receiving

# apprise imports a module of the standard library that is on its way out
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What a service of apprise's was given; `toptest://fail` refuses."""
    got: list[dict[str, Any]] = []
    monkeypatch.setattr(apprise_addresses, "SCHEMES", apprise_addresses.SCHEMES | {"toptest"})

    @notify(on="toptest", name="top topics test")  # type: ignore[no-untyped-call,untyped-decorator]
    def take(body: str, title: str, notify_type: str, *_: Any, meta: dict[str, Any], **__: Any) -> bool:
        got.append({"title": title, "body": body})
        return "fail" not in meta["url"]

    yield got
    NotificationManager().remove("toptest")  # type: ignore[no-untyped-call]


async def test_a_chat_gets_a_short_form_and_is_told_of_corrections(sent: list[dict[str, Any]]) -> None:
    """Chats cannot change what was said, so the title says it."""
    chat = Subscription(name="chat", url="toptest://room")
    await ChatSender().send(chat, ENTRY, MADE_AT)
    await ChatSender().send(chat, CORRECTED, MADE_AT)
    assert [message["title"] for message in sent] == [
        "A quiet week",
        "Corrected: <b>Corrected</b> & true",
    ]
    assert "Top Topics, 3–9 May 2021" in sent[0]["body"]
    assert "Corrected on 6 January 2026 (1 topic added)." in sent[1]["body"]
    assert "Corrected on 6 January 2026 (1 topic added)." in mail_page(view(CORRECTED.digest, CORRECTED.edition(None)))
    assert "Speech without labels" in sent[0]["body"]


async def test_a_service_that_takes_headers_is_told_the_deliverys_id() -> None:
    """The same in every attempt, another one for a correction: who receives it can tell a repetition."""
    async with receiving(Receiver([500])) as receiver:
        there = Subscription(name="own", url=f"json://127.0.0.1:{receiver.port}/", allow_private=True)
        with pytest.raises(DeliveryError):
            await ChatSender().send(there, ENTRY, MADE_AT)
        for entry in (ENTRY, CORRECTED):
            await ChatSender().send(there, entry, MADE_AT)
    ids = [request.message_id for request in receiver.requests]
    assert ids == [ENTRY.event.id, ENTRY.event.id, CORRECTED.event.id]


async def test_a_failure_of_the_service_is_a_failed_delivery(sent: list[dict[str, Any]]) -> None:
    """It is tried again; an address that nobody knows never is."""
    with pytest.raises(DeliveryError) as failed:
        await ChatSender().send(Subscription(name="chat", url="toptest://fail"), ENTRY, MADE_AT)
    assert not failed.value.final
    with pytest.raises(DeliveryError) as unknown:
        await ChatSender().send(Subscription(name="chat", url="nosuchthing://x"), ENTRY, MADE_AT)
    assert unknown.value.final


@pytest.mark.parametrize("url", ["json://127.0.0.1:9/x", "gotify://localhost/token", "mailto://u:p@localhost"])
async def test_services_in_private_networks_are_refused(url: str) -> None:
    """As webhooks are."""
    with pytest.raises(DeliveryError, match="public internet"):
        await ChatSender().send(Subscription(name="inside", url=url), ENTRY, MADE_AT)


def only_the_first(address: str) -> bool:
    """Loopback has many addresses: the tests' only network, with one public part."""
    return address == "127.0.0.1"


@pytest.mark.parametrize("status", [302, 307])
async def test_a_redirect_leads_no_service_to_a_private_address(status: int) -> None:
    """The library follows it, and the connection is refused when it is made."""
    inside, outside = Receiver(), Receiver([status, status])
    async with receiving(inside, host="127.0.0.2"), receiving(outside):
        outside.location = inside.url
        there = Subscription(name="chat", url=f"json://127.0.0.1:{outside.port}/")
        with pytest.raises(DeliveryError, match="public internet"):
            await ChatSender(allowed=only_the_first).send(there, ENTRY, MADE_AT)
        assert (len(outside.requests), len(inside.requests)) == (1, 0)
        await ChatSender().send(msgspec.structs.replace(there, allow_private=True), ENTRY, MADE_AT)
        assert len(inside.requests) == 1


async def test_a_name_is_judged_by_where_the_connection_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it answered before (DNS rebinding): the address is looked at as the connection is made."""
    answers = iter(["127.0.0.1", "127.0.0.2"])
    system = socket.getaddrinfo

    def resolve(host: str, *more: Any, **named: Any) -> Any:
        return system(next(answers) if host == "rebind.invalid" else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    port = reserve_ports(tmp_path / "ports.json", ["both"])["both"]  # free on one host may be taken on the other
    async with receiving(Receiver(), port, "127.0.0.2") as inside, receiving(Receiver(), port) as outside:
        there = Subscription(name="chat", url=f"json://rebind.invalid:{outside.port}/")
        await ChatSender(allowed=only_the_first).send(there, ENTRY, MADE_AT)
        with pytest.raises(DeliveryError, match="public internet"):
            await ChatSender(allowed=only_the_first).send(there, ENTRY, MADE_AT)
        assert (len(outside.requests), len(inside.requests)) == (1, 0)


async def test_the_status_of_a_refusal_is_told_and_not_the_address() -> None:
    """The address may be a secret."""
    async with receiving(Receiver([403])) as receiver:
        there = Subscription(name="chat", url=f"json://127.0.0.1:{receiver.port}/token", allow_private=True)
        with pytest.raises(DeliveryError, match=r"answered 403$"):
            await ChatSender().send(there, ENTRY, MADE_AT)


def test_nothing_outside_the_guard_is_watched() -> None:
    """Kafka may well be in a private network."""
    with only_to(lambda _: False), socket.socket() as client, pytest.raises(ForbiddenAddressError):
        client.connect(("127.0.0.1", 9))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def test_the_guard_is_quiet_while_the_interpreter_ends() -> None:
    """Its hook is called until the very end, when the names of modules are gone."""
    ending = (
        "import socket, sys\n"
        "from streams.web.socket_guard import only_to\n"
        "with only_to(lambda _: True): pass\n"
        "class Last:\n"
        "    def __del__(self): sys.audit('socket.connect', None, ('127.0.0.1', 9))\n"
        "import streams.web.socket_guard as guard\n"
        "guard.last = Last()\n"
    )
    ended = subprocess.run([sys.executable, "-c", ending], capture_output=True, text=True, check=True)
    assert ended.stderr == ""


def test_a_chat_text_fits_the_strictest_chat() -> None:
    """However many topics there are."""
    lines = [Sentence(text="word " * 60, posts=["1"]) for _ in range(20)]
    topics = ENTRY.digest.topics * 20
    text = chat_text(view(msgspec.structs.replace(ENTRY.digest, overview=lines, topics=topics), ENTRY.edition(None)))
    assert len(text) <= CHAT_CHARACTERS
    assert text.count("•") > 3
    assert apprise.__version__
