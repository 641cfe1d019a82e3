"""Subscriptions and the feed over HTTP."""

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from streams.api.app import create_api
from streams.delivery.queue import DeliveryQueue
from streams.settings import load_settings
from streams.views.memory import MemoryViews
from tests.support.live_api import running
from tests.support.view_examples import digest

# apprise imports a deprecated module of the standard library
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
HOOK = {"name": "team", "url": "https://example.org/secret/path"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    views = MemoryViews()
    await views.put_digest(digest("2021-W17"), [("revision", b"1"), ("made_at", b"2021-05-04T00:00:00+00:00")])
    await views.put_digest(
        digest("2021-W18", headline="Corrected"),
        [("revision", b"2"), ("made_at", b"2021-05-12T00:00:00+00:00"), ("supersedes", b"a" * 64)],
    )
    async with running(create_api(load_settings(data_dir=tmp_path), views)) as client:
        yield client


async def test_a_subscription_is_made_listed_and_removed(api: httpx.AsyncClient, tmp_path: Path) -> None:
    """The secret is shown once, when it is made; the pusher finds the subscription in the queue."""
    made = await api.post("/api/subscriptions", json=HOOK)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in (await api.post("/api/subscriptions", json=HOOK)).json()
    listed = await api.get("/api/subscriptions")
    assert [(entry["name"], entry["state"]) for entry in listed.json()] == [("team", "ok")]
    assert made.json()["secret"] not in listed.text
    assert "path" not in listed.text
    (known,) = DeliveryQueue(tmp_path / "push.sqlite3").subscriptions()
    assert (known.url, known.allow_private) == (HOOK["url"], False)
    assert (await api.post("/api/subscriptions/team/retry")).json() == {"due": 0}
    assert (await api.delete("/api/subscriptions/team")).status_code == 204
    assert (await api.delete("/api/subscriptions/team")).status_code == 404
    assert (await api.post("/api/subscriptions/team/retry")).status_code == 404


async def test_a_chat_is_subscribed_without_a_secret(api: httpx.AsyncClient) -> None:
    """The address contains all that is needed, and is not shown."""
    made = await api.post("/api/subscriptions", json={"name": "me", "url": "mailto://user:word@example.org"})
    assert (made.status_code, made.json()) == (201, {"name": "me", "url": "mailto://…"})
    assert "word" not in (await api.get("/api/subscriptions")).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x", "url": "https://example.org"},
        {"name": "x", "url": "nothing"},
        {"name": "x", "url": "nosuchthing://x"},
        {"name": "x"},
        {**HOOK, "allow_private": True},
        {**HOOK, "since": "last week"},
        {**HOOK, "secret": "short"},
    ],
)
async def test_a_wrong_subscription_is_refused(api: httpx.AsyncClient, wrong: dict[str, object]) -> None:
    """Also one that would reach a private network, which the API must not allow."""
    answer = await api.post("/api/subscriptions", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await api.get("/api/subscriptions")).json() == []


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
async def test_another_web_site_changes_nothing(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A page that makes a local user's browser send a request."""
    await api.post("/api/subscriptions", json={**HOOK, "name": "mine"})
    assert (await api.post("/api/subscriptions", json=HOOK, headers=headers)).status_code == 403
    assert (await api.delete("/api/subscriptions/mine", headers=headers)).status_code == 403
    assert (await api.post("/api/subscriptions/mine/retry", headers=headers)).status_code == 403
    assert [entry["name"] for entry in (await api.get("/api/subscriptions")).json()] == ["mine"]


async def test_only_json_of_a_sane_size_is_taken(api: httpx.AsyncClient) -> None:
    """A form, which a browser may send to any site, is refused."""
    as_form = await api.post("/api/subscriptions", content=b"{}", headers={"Content-Type": "text/plain"})
    assert as_form.status_code == 415
    huge = await api.post("/api/subscriptions", json={**HOOK, "url": "https://" + "x" * 30_000})
    assert huge.status_code == 413


async def test_the_feed_has_every_digest_and_its_correction(api: httpx.AsyncClient) -> None:
    """Newest first, with links to the pages; unchanged, it costs a few bytes."""
    answer = await api.get("/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    space = "{http://www.w3.org/2005/Atom}"
    entries = ET.fromstring(answer.content).findall(f"{space}entry")
    ids = [str(entry.findtext(f"{space}id")) for entry in entries]
    assert len(set(ids)) == 2
    assert all(one.startswith("urn:uuid:") for one in ids)
    as_json = await api.get("/feed.json")
    assert as_json.headers["content-type"] == "application/feed+json"
    assert [item["id"] for item in as_json.json()["items"]] == ids
    assert entries[0].findtext(f"{space}updated") == "2021-05-12T00:00:00+00:00"
    assert "corrected" in str(entries[0].findtext(f"{space}title"))
    link = entries[0].find(f"{space}link")
    assert link is not None
    assert link.get("href") == "http://127.0.0.1/digests/2021-W18"
    again = await api.get("/feed.atom", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"name":1,"url":2}', b'{"name":"a","url":"\xff"}', b"[" * 90_000])
async def test_no_body_breaks_the_service(api: httpx.AsyncClient, body: bytes) -> None:
    """The answer names the error."""
    answer = await api.post("/api/subscriptions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (413, 422)


@pytest.mark.parametrize(
    "url", ["syslog://", "workflows://host/workflow/signature/?template=/etc/passwd", "https://example.org/\x00hook"]
)
async def test_the_service_opens_no_door_of_the_machine(api: httpx.AsyncClient, tmp_path: Path, url: str) -> None:
    """Neither its log nor its files."""
    refused = await api.post("/api/subscriptions", json={"name": "me", "url": url})
    assert refused.status_code == 422
    assert DeliveryQueue(tmp_path / "push.sqlite3").subscriptions() == []
