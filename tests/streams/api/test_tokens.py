"""Tokens of the API: named, read-only or admin, revocable while the service runs."""

import stat
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from streams.api.app import UnsafeBindingError, create_api
from streams.api.limits import ApiLimits
from streams.api.tokens import TokenError, Tokens, tokens_of
from streams.cli.commands import app as command
from streams.settings import load_settings
from streams.views.memory import MemoryViews
from tests.support.live_api import filled, running

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(tmp_path: Path) -> Tokens:
    return tokens_of(load_settings(data_dir=tmp_path))


@pytest.fixture
async def service(tokens: Tokens, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """With one token, so that every request needs one."""
    tokens.add("first", "admin", NOW)
    limits = ApiLimits(requests_per_minute=20)
    async with running(create_api(load_settings(data_dir=tmp_path), await filled(), limits=limits)) as client:
        yield client


def test_a_token_is_stored_as_a_hash_only(tokens: Tokens, tmp_path: Path) -> None:
    """Two tokens of one name cannot be told apart in the log, so there are none."""
    made = tokens.add("newsroom", "read", NOW)
    file = tmp_path / "tokens.json"
    assert made not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [(one.name, one.role) for one in Tokens(file).all()] == [("newsroom", "read")]
    with pytest.raises(TokenError, match="already"):
        tokens.add("newsroom", "admin", NOW)
    tokens.remove("newsroom")
    with pytest.raises(TokenError, match="no token"):
        tokens.remove("newsroom")
    assert tokens.bearer(made) is None


def test_an_address_for_others_needs_a_token_of_any_kind(tokens: Tokens, tmp_path: Path) -> None:
    """One of the file is enough; a damaged file opens nothing."""
    settings = load_settings(data_dir=tmp_path, host="0.0.0.0")
    with pytest.raises(UnsafeBindingError, match="toptopics tokens add"):
        create_api(settings, MemoryViews())
    tokens.add("first", "read", NOW)
    create_api(settings, MemoryViews())
    (tmp_path / "tokens.json").write_text("[{")
    with pytest.raises(ValueError, match="damaged"):
        create_api(settings, MemoryViews())


async def test_a_new_token_opens_and_a_revoked_one_closes_at_once(service: httpx.AsyncClient, tokens: Tokens) -> None:
    """Without a restart; its login ends, too."""
    made = tokens.add("newsroom", "read", NOW)
    assert (await service.get("/api/topics", headers=bearer(made))).status_code == 200
    assert (await service.post("/login", data={"token": made})).headers["location"] == "/"
    assert (await service.get("/api/topics")).status_code == 200, "by its cookie"
    tokens.remove("newsroom")
    assert (await service.get("/api/topics")).status_code == 401
    assert (await service.get("/api/topics", headers=bearer(made))).status_code == 401


async def test_a_token_for_reading_changes_nothing(service: httpx.AsyncClient, tokens: Tokens) -> None:
    """Not by its cookie either. The refusal and the change are in the log, with the names of the tokens."""
    read, admin = tokens.add("newsroom", "read", NOW), tokens.add("desk", "admin", NOW)
    subscription = {"name": "team", "url": "https://example.org/hook"}
    with capture_logs() as logged:
        refused = await service.post("/api/subscriptions", json=subscription, headers=bearer(read))
        accepted = await service.post("/api/subscriptions", json=subscription, headers=bearer(admin))
        removed = await service.delete("/api/subscriptions/team", headers=bearer(admin))
    await service.post("/login", data={"token": read})
    by_cookie = await service.post("/api/feed/renew")
    assert [one.status_code for one in (refused, accepted, removed, by_cookie)] == [403, 201, 204, 403]
    assert "is for reading" in refused.json()["detail"]
    assert (await service.get("/api/subscriptions", headers=bearer(read))).json() == []
    lines = [line for line in logged if line["event"] == "audit: change requested"]
    assert [(line["token"], line["method"], line["path"], line["status"]) for line in lines] == [
        ("desk", "POST", "/api/subscriptions", 201),
        ("desk", "DELETE", "/api/subscriptions/team", 204),
    ]
    refusals = [line for line in logged if line["event"] == "audit: change refused"]
    assert [(line["token"], line["path"]) for line in refusals] == [("newsroom", "/api/subscriptions")]


async def test_the_rate_is_limited_by_token(service: httpx.AsyncClient, tokens: Tokens) -> None:
    """Two programs behind one address do not take each other's requests; a proxy may have more."""
    hungry, other = tokens.add("hungry", "read", NOW), tokens.add("other", "read", NOW)
    proxy = tokens.add("proxy", "read", NOW, per_minute=1_000)
    answers = [(await service.get("/api/topics", headers=bearer(hungry))).status_code for _ in range(22)]
    assert answers.count(429) == 2
    assert (await service.get("/api/topics", headers=bearer(other))).status_code == 200
    many = {(await service.get("/api/topics", headers=bearer(proxy))).status_code for _ in range(30)}
    assert many == {200}


async def test_the_document_says_how_to_log_in(service: httpx.AsyncClient, tokens: Tokens, tmp_path: Path) -> None:
    """A generated client then sends the token; what is open stays open."""
    made = tokens.add("client", "read", NOW)
    document = (await service.get("/openapi.json", headers=bearer(made))).json()
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["security"] == [{"token": []}, {"session": []}]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    assert {"feed": []} in document["paths"]["/feed.atom"]["get"]["security"]
    assert "security" not in create_api(load_settings(data_dir=tmp_path), MemoryViews(), guarded=False).openapi()


def test_the_commands_make_list_and_revoke_tokens(tmp_path: Path) -> None:
    """The token itself is printed once."""
    runner, environment = CliRunner(), {"TOPTOPICS_DATA_DIR": str(tmp_path), "TOPTOPICS_API_TOKEN": "geheim"}

    def call(*words: str) -> tuple[int, str]:
        done = runner.invoke(command, ["tokens", *words], env=environment)
        return done.exit_code, done.output

    code, made = call("add", "newsroom", "--per-minute", "60")
    assert code == 0
    assert tokens_of(load_settings(data_dir=tmp_path)).bearer(made.strip()) is not None
    listed = call("list")[1]
    assert "newsroom read since" in listed
    assert "TOPTOPICS_API_TOKEN admin from the environment" in listed
    assert made.strip() not in listed
    assert call("add", "newsroom")[0] == 1
    assert call("remove", "newsroom")[0] == 0
    assert call("remove", "newsroom")[0] == 1
