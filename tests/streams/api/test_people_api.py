"""The listed people over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from models.events import Influencer, Tweet
from streams.api.app import create_api
from streams.settings import load_settings
from streams.sources.people.desk import FRESH, Desk
from streams.views.memory import MemoryViews
from tests.support.live_api import running

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def tweet(number: int, author: str, **more: object) -> Tweet:
    fields = {"id": str(number), "author_id": author, "author": author, "created_at": NOW, "text": "x", "source": "x"}
    return Tweet(**{**fields, **more})  # type: ignore[arg-type]


class Broker:
    """The list and the posts in memory. `reads`: how often the posts were read."""

    def __init__(self) -> None:
        self.people = {name: Influencer(id=name, name=name.title(), handles={"x": name}) for name in ("ada", "grace")}
        self.posts = [
            tweet(1, "ada"),
            tweet(2, "ada", created_at=NOW - timedelta(days=9)),
            tweet(3, "grace", kind="retweet", related_author="ada", related_id="1"),
            tweet(4, "ada", kind="quote", related_author="alan", related_id="9", text="Alan is right"),
        ]
        self.reads = 0
        self.now = NOW
        self.is_away = False

    def desk(self) -> Desk:
        return Desk(listed=self._listed, put=self._put, remove=self._remove, posts=self._read, clock=lambda: self.now)

    async def _listed(self) -> list[Influencer]:
        if self.is_away:
            raise ConnectionError("away")
        return sorted(self.people.values(), key=lambda one: one.id)

    async def _put(self, people: list[Influencer]) -> None:
        self.people |= {one.id: one for one in people}

    async def _remove(self, ids: list[str]) -> None:
        for own_id in ids:
            del self.people[own_id]

    async def _read(self) -> list[Tweet]:
        self.reads += 1
        return self.posts


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
async def api(tmp_path: Path, broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    async with running(create_api(load_settings(data_dir=tmp_path), MemoryViews(), desk=broker.desk())) as client:
        yield client


async def test_who_is_listened_to(api: httpx.AsyncClient, broker: Broker) -> None:
    """Influence and its parts, share of the posts, the last post; the log is read once for many readers."""
    for _ in range(3):
        answer = (await api.get("/api/influencers")).json()
    ada, grace = answer["people"]
    assert (ada["id"], ada["handles"], ada["posts"], ada["share"]) == ("ada", {"x": "ada"}, 3, 0.75)
    assert ada["influence"] > grace["influence"]
    assert {"graph", "reach", "curated"} <= set(ada["parts"])
    assert datetime.fromisoformat(ada["last_post"]) == NOW
    assert broker.reads == 1
    broker.now += FRESH
    await api.get("/api/influencers")
    assert broker.reads == 2


async def test_people_are_added_imported_and_removed(api: httpx.AsyncClient, broker: Broker) -> None:
    """One by one, or from the text of a file; an id may be an address. Nobody takes another one's handle."""
    added = await api.post(
        "/api/influencers", json={"name": "Ann", "rss": "https://ann.example/feed?a=1", "tags": ["nlp"]}
    )
    assert (added.status_code, added.json()) == (201, {"listed": 3})
    text = "<opml><body><outline text='Bob' xmlUrl='https://bob.example/f'/></body></opml>"
    assert (await api.post("/api/influencers/import", json={"text": text})).json() == {"listed": 4}
    assert [one.name for one in broker.people.values()] == ["Ada", "Grace", "Ann", "Bob"]
    (own_id,) = (one.id for one in broker.people.values() if one.name == "Ann")
    assert (await api.delete(f"/api/influencers/{own_id.replace('?', '%3F')}")).status_code == 204
    assert (await api.delete("/api/influencers/nobody")).status_code == 404
    assert own_id not in broker.people
    assert (await api.post("/api/influencers", json={"name": "ada", "bluesky": "ada.test"})).json() == {"listed": 3}
    assert broker.people["ada"].handles == {"x": "ada", "bluesky": "ada.test"}
    stolen = await api.post("/api/influencers", json={"name": "Grace", "bluesky": "ADA.test"})
    assert (stolen.status_code, "belongs to ada" in stolen.json()["detail"]) == (409, True)


async def test_whom_to_add(api: httpx.AsyncClient) -> None:
    """With the post that shows it, and its address."""
    (best,) = (await api.get("/api/influencers/suggestions")).json()
    assert (best["handle"], best["by"]) == ("alan", ["ada"])
    assert best["evidence"] == [
        {"id": "4", "url": "https://x.com/ada/status/4", "author": "ada", "text": "Alan is right"}
    ]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"name": "Ann"}, 422),
        ("", {"name": "Ann", "x": "not a handle"}, 422),
        ("", {"name": "Ann", "x": "ann", "secret": "x"}, 422),
        ("", [], 422),
        ("/import", {"text": "not a handle"}, 422),
        ("/import", {"text": "ann", "platform": "myspace"}, 422),
        ("/import", {"text": "x" * 2_000_000}, 413),
    ],
)
async def test_wrong_people_change_nothing(
    api: httpx.AsyncClient, broker: Broker, path: str, body: object, status: int
) -> None:
    """And the answer says why; nor do requests of other sites."""
    before = dict(broker.people)
    assert (await api.post(f"/api/influencers{path}", json=body)).status_code == status
    foreign = {"origin": "https://elsewhere.example"}
    assert (await api.post("/api/influencers", json={"name": "A", "x": "ann"}, headers=foreign)).status_code == 403
    assert (await api.delete("/api/influencers/ada", headers=foreign)).status_code == 403
    assert broker.people == before


async def test_without_kafka_it_says_so(api: httpx.AsyncClient, broker: Broker, tmp_path: Path) -> None:
    """503, for a broker that is away and for none at all."""
    broker.is_away = True
    assert (await api.get("/api/influencers")).status_code == 503
    async with running(create_api(load_settings(data_dir=tmp_path), MemoryViews())) as client:
        assert (await client.get("/api/influencers")).status_code == 503
