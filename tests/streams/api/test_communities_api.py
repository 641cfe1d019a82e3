"""Several communities behind one address: nothing of one shows in another, and each has its own tokens and logins."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from models.events import Community
from streams.api.app import create_api
from streams.api.communities import Communities
from streams.api.tokens import tokens_of
from streams.clock import system_clock
from streams.kafka.communities import settings_of
from streams.settings import Settings, load_settings
from streams.views.memory import MemoryViews
from tests.support.view_examples import assignment, digest, event

ML, BIO = Community(name="ml", number=1), Community(name="bio", number=2)


async def _views(topic: str, label: str) -> MemoryViews:
    views = MemoryViews()
    await views.apply_assignments([assignment(f"{topic}-{n}", topic, author=f"{topic}{n}", hours=-n) for n in range(4)])
    await views.apply_topic_events([event("born", topic, label=label, hours=-4)])
    await views.put_digest(digest("2021-W17"), [("revision", b"1")])
    return views


class World:
    """The service, with what it serves."""

    def __init__(self, settings: Settings, listed: list[Community]) -> None:
        self.settings = settings
        self.listed = listed
        self.service: Communities
        self.http: httpx.AsyncClient

    def settings_of(self, community: Community) -> Settings:
        return settings_of(self.settings, community)

    async def read(self) -> list[Community]:
        return self.listed

    @asynccontextmanager
    async def opened(self, community: Community) -> AsyncIterator[FastAPI]:
        views = await _views(f"T{community.name}", f"News of {community.name}")
        guarded = self.settings.api_token is not None
        yield create_api(self.settings_of(community), views, token_needed=guarded)


@asynccontextmanager
async def serving(settings: Settings, *listed: Community) -> AsyncIterator[World]:
    world = World(settings, list(listed))
    own = create_api(settings, await _views("Town", "News of the town"))
    world.service = Communities(own, world.read, world.opened)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(world.service._lifespan(None))  # type: ignore[arg-type]  # as the server does
        transport = httpx.ASGITransport(world.service, raise_app_exceptions=False)
        world.http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        )
        await world.service.look()
        for path in ("", *(f"/c/{one.name}" for one in listed)):
            for _ in range(500):  # the board is filled by a task
                answer = await world.http.get(f"{path}/api/topics")
                if answer.status_code != 200 or answer.json()["items"]:
                    break
        yield world


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path)


async def _labels(world: World, path: str) -> set[str]:
    answer = await world.http.get(f"{path}/api/topics")
    assert answer.status_code == 200, answer.text
    return {item["topic"]["label"] for item in answer.json()["items"]}


async def test_each_shows_its_own_and_no_other(settings: Settings) -> None:
    """Topics, one topic, posts; pages and files come from the same path."""
    async with serving(settings, ML, BIO) as world:
        assert await _labels(world, "") == {"News of the town"}
        assert await _labels(world, "/c/ml") == {"News of ml"}
        assert await _labels(world, "/c/bio") == {"News of bio"}
        for path, status in (("/c/ml/api/topics/Tml", 200), ("/c/ml/api/topics/Tbio", 404), ("/api/topics/Tml", 404)):
            assert (await world.http.get(path)).status_code == status, path
        for path, status in (
            ("/c/ml/api/posts/Tml-1", 200),
            ("/c/ml/api/posts/Tbio-1", 404),
            ("/api/posts/Tml-1", 404),
        ):
            assert (await world.http.get(path)).status_code == status, path
        assert (await world.http.get("/c/ml")).headers["location"] == "/c/ml/"
        assert 'src="static/app.js"' in (await world.http.get("/c/ml/")).text
        assert (await world.http.get("/c/ml/static/app.js")).status_code == 200
        assert (await world.http.get("/c/ml/posts/Tml-1")).headers["location"] == "/c/ml/#/posts/Tml-1"
        page = (await world.http.get("/c/ml/digests/2021-W17")).text
        assert 'href="/c/ml/digests/2021-W17.md"' in page
        assert 'href="/digests' not in page
        feed = (await world.http.get("/c/ml/feed.json")).json()
        assert feed["feed_url"].startswith("http://127.0.0.1/c/ml/")
        more = await world.http.get("/c/ml/api/topics/Tml/posts?limit=1")
        assert more.headers["link"].startswith("</c/ml/api/topics/Tml/posts?")


async def test_the_switch_knows_them(settings: Settings) -> None:
    """And notices what is added or removed while the service runs."""
    async with serving(settings, ML) as world:
        assert (await world.http.get("/api/communities")).json() == {"here": "", "names": ["ml"]}
        assert (await world.http.get("/c/ml/api/communities")).json() == {"here": "ml", "names": ["ml"]}
        world.listed[:] = [BIO]
        await world.service.look()
        assert (await world.http.get("/c/bio/api/communities")).json() == {"here": "bio", "names": ["bio"]}
        assert (await world.http.get("/c/ml/api/topics")).status_code == 404


async def test_a_token_of_one_opens_no_other(tmp_path: Path) -> None:
    """Not the installation's either; and a community without a token is not served where others come in."""
    settings = load_settings(data_dir=tmp_path, api_token=SecretStr("towns-own"), host="0.0.0.0")
    tokens = {"": "towns-own"}
    for one in (ML, BIO):
        tokens[f"/c/{one.name}"] = tokens_of(settings_of(settings, one)).add("reader", "admin", system_clock())
    bare = Community(name="bare", number=3)
    async with serving(settings, ML, BIO, bare) as world:
        for where in ("", "/c/ml", "/c/bio"):
            for of, token in tokens.items():
                answer = await world.http.get(f"{where}/api/topics", headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == (200 if of == where else 401), (where, of)
            assert (await world.http.get(f"{where}/api/topics")).status_code == 401
        assert (await world.http.get("/c/bare/api/topics")).status_code == 404
        assert (await world.http.get("/c/ml/")).headers["location"] == "/c/ml/login"
        tokens_of(settings_of(settings, bare)).add("reader", "read", system_clock())
        await world.service.look()
        assert (await world.http.get("/c/bare/api/topics")).status_code == 401


async def test_behind_a_proxy_a_community_needs_a_token_too(tmp_path: Path) -> None:
    """The address is loopback, and the installation has a token: others come in."""
    async with serving(load_settings(data_dir=tmp_path, api_token=SecretStr("t")), ML) as world:
        assert (await world.http.get("/c/ml/api/topics")).status_code == 404


async def test_a_login_of_one_opens_no_other(tmp_path: Path) -> None:
    """One browser may be logged in at several: the cookies have names and paths of their own."""
    settings = load_settings(data_dir=tmp_path, api_token=SecretStr("towns-own"))
    token = tokens_of(settings_of(settings, ML)).add("reader", "read", system_clock())
    async with serving(settings, ML) as world:
        await world.http.post("/login", data={"token": "towns-own"})
        assert (await world.http.get("/api/topics")).status_code == 200
        assert (await world.http.get("/c/ml/api/topics")).status_code == 401
        answer = await world.http.post("/c/ml/login", data={"token": token})
        assert answer.headers["location"] == "/c/ml/"
        assert "Path=/c/ml/" in answer.headers["set-cookie"]
        assert (await world.http.get("/c/ml/api/topics")).status_code == 200
        assert (await world.http.get("/api/topics")).status_code == 200
        stolen = world.http.cookies.get("toptopics-ml")
        world.http.cookies.clear()
        answer = await world.http.get("/api/topics", headers={"Cookie": f"toptopics={stolen}; toptopics-ml={stolen}"})
        assert answer.status_code == 401
