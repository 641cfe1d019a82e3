"""Subscriptions from the reader's side: a test delivery, the link that ends one, and the feed's own key."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from streams.api.app import create_api
from streams.delivery.queue import DeliveryQueue
from streams.delivery.subscription import Subscription, checked
from streams.settings import load_settings
from streams.views.memory import MemoryViews
from tests.support.live_api import running
from tests.support.view_examples import digest
from tests.support.webhook_receiver import Receiver, receiving

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
MAIL = "mailto://user:word@example.org"


@pytest.fixture
def queue(tmp_path: Path) -> DeliveryQueue:
    """The one of the service."""
    return DeliveryQueue(tmp_path / "push.sqlite3")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    views = MemoryViews()
    await views.put_digest(digest("2021-W17"), [("revision", b"1")])
    async with running(create_api(load_settings(data_dir=tmp_path), views)) as client:
        yield client


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """With a token."""
    settings = load_settings(data_dir=tmp_path, api_token="geheim", public_url="https://topics.example")
    async with running(create_api(settings, MemoryViews())) as client:
        yield client


async def test_a_test_sends_the_newest_digest_now_and_leaves_the_queue(
    api: httpx.AsyncClient, queue: DeliveryQueue
) -> None:
    """It says whether it arrived; without such a subscription or without a digest it says so too."""
    async with receiving(Receiver([204, 500])) as receiver:
        queue.put_subscription(checked(Subscription(name="own", url=receiver.url, allow_private=True)))
        sent = await api.post("/api/subscriptions/own/test")
        refused = await api.post("/api/subscriptions/own/test")
    assert (sent.status_code, sent.json()) == (200, {"week": "2021-W17"})
    assert b'"week":"2021-W17"' in receiver.requests[0].body
    assert (refused.status_code, refused.json()["detail"]) == (502, "answered 500")
    assert (queue.states()[0].delivered, queue.states()[0].waiting) == (0, 0)
    assert (await api.post("/api/subscriptions/nobody/test")).status_code == 404
    assert (
        await api.post("/api/subscriptions/own/test", headers={"Origin": "https://evil.example"})
    ).status_code == 403


async def test_without_a_digest_there_is_nothing_to_send(guarded: httpx.AsyncClient, queue: DeliveryQueue) -> None:
    """409, and nothing leaves."""
    queue.put_subscription(checked(Subscription(name="me", url=MAIL)))
    answer = await guarded.post("/api/subscriptions/me/test", headers={"Authorization": "Bearer geheim"})
    assert answer.status_code == 409


async def test_the_link_of_a_mail_ends_its_subscription_and_no_other(
    guarded: httpx.AsyncClient, queue: DeliveryQueue
) -> None:
    """Without a token; opening it ends nothing, its button does, and another's key is no use."""
    me, other = (checked(Subscription(name=name, url=MAIL)) for name in ("me", "other"))
    queue.put_subscription(me)
    queue.put_subscription(other)
    for key in ("", "x", other.unsubscribe_key):
        assert (await guarded.post(f"/unsubscribe/me?key={key}")).status_code == 404
    link = f"/unsubscribe/me?key={me.unsubscribe_key}"
    assert "Unsubscribe" in (await guarded.get(link)).text
    assert [one.name for one in queue.subscriptions()] == ["me", "other"]
    assert (await guarded.post(link)).status_code == 200
    assert [one.name for one in queue.subscriptions()] == ["other"]
    assert (await guarded.post(link)).status_code == 404


def test_a_key_lasts_as_long_as_its_subscription() -> None:
    """It is that of the secret, which is kept when the address changes; one from before has none."""
    me = checked(Subscription(name="me", url=MAIL))
    assert checked(Subscription(name="me", url=MAIL + "?x=1"), me).unsubscribe_key == me.unsubscribe_key
    assert checked(Subscription(name="me", url=MAIL)).unsubscribe_key != me.unsubscribe_key
    assert Subscription(name="me", url=MAIL).unsubscribe_key == ""


async def test_a_feed_reader_needs_no_token_and_its_address_can_be_closed(guarded: httpx.AsyncClient) -> None:
    """Its key opens the feed and nothing else."""
    bearer = {"Authorization": "Bearer geheim"}
    assert (await guarded.get("/feed.atom")).status_code == 401
    address = (await guarded.get("/api/feed", headers=bearer)).json()["address"]
    assert address.startswith("https://topics.example/feed.atom?key=")
    key = address.partition("?")[2]
    opened = await guarded.get(f"/feed.atom?{key}")
    assert opened.status_code == 200
    assert f'href="{address}" rel="self"' in opened.text
    as_json = await guarded.get(f"/feed.json?{key}")
    assert (as_json.status_code, as_json.json()["feed_url"]) == (200, address.replace("atom", "json"))
    assert key not in (await guarded.get("/feed.atom", headers=bearer)).text
    assert (await guarded.get(f"/api/topics?{key}")).status_code == 401
    renewed = (await guarded.post("/api/feed/renew", headers=bearer)).json()["address"]
    assert renewed != address
    assert (await guarded.get(f"/feed.atom?{key}")).status_code == 401
    assert (await guarded.get(f"/feed.atom?{renewed.partition('?')[2]}")).status_code == 200


async def test_without_a_token_the_feed_has_no_key(api: httpx.AsyncClient) -> None:
    """It is as open as the rest."""
    addresses = {"address": "http://127.0.0.1/feed.atom", "json": "http://127.0.0.1/feed.json"}
    assert (await api.get("/api/feed")).json() == addresses
    assert "key=" not in (await api.get("/feed.atom?key=x")).text
