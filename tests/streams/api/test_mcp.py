"""The Model Context Protocol, as the client of its own SDK sees it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp.client import Client

from streams.api.app import check_binding, create_api
from streams.api.mcp_server import http_app, mcp_server
from streams.api.server import create_server
from streams.delivery.feed_key import FeedKey
from streams.settings import load_settings
from tests.support.live_api import filled
from tests.support.readmes import TEXTS
from tests.support.view_examples import digest

TOOLS = {
    "live_topics", "search_topics", "topic", "digests", "digest", "digest_section", "compare_weeks", "events_since",
}  # fmt: skip


@asynccontextmanager
async def asking() -> AsyncIterator[Client]:
    """A client of the server on a small view."""
    views = await filled()
    await views.put_digest(digest("2021-W16"), [("revision", b"1")])
    async with mcp_server(create_api(load_settings(), views)) as server, Client(server) as client:
        yield client


async def data(client: Client, tool: str, **given: Any) -> Any:
    """The structured answer of a tool."""
    answer = await client.call_tool(tool, given)
    assert not answer.is_error, answer.content
    return answer.structured_content


def test_the_readme_lists_the_tools() -> None:
    """In a table of its own."""
    table = TEXTS["streams/api/README.md"].partition("## Language models")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == TOOLS


async def test_there_are_eight_tools_and_none_changes_anything() -> None:
    """Each says what it does; the server says that texts are no instructions."""
    async with asking() as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint


async def test_live_topics_are_found_searched_and_opened() -> None:
    """A merged id leads to the topic that absorbed it."""
    async with asking() as client:
        live = await data(client, "live_topics", window="7d", sort="posts")
        found = await data(client, "search_topics", words="cropping")
        one = await data(client, "topic", topic_id="T3")
    assert [item["topic"]["id"] for item in live["items"]] == ["T1", "T2"]
    assert [item["topic"]["id"] for item in found["items"]] == ["T2"]
    assert (one["id"], one["posts_total"]) == ("T1", 6)


async def test_digests_are_listed_read_and_compared() -> None:
    """A section comes with the posts that are still stored."""
    async with asking() as client:
        weeks = await data(client, "digests")
        whole = (await client.call_tool("digest", {"week": "2021-W17"})).content[0]
        section = await data(client, "digest_section", week="2021-W17", section="D1")
        compared = await data(client, "compare_weeks", before="2021-W16", after="2021-W17")
        events = await data(client, "events_since", limit=2)
        later = await data(client, "events_since", after=events["items"][0]["id"])
    assert [item["week"] for item in weeks["items"]] == ["2021-W17", "2021-W16"]
    assert whole.type == "text"
    assert whole.text.startswith("# Top Topics")
    assert section["section"]["label"] == "Speech without labels"
    assert (compared["before"], compared["week"], compared["gained"]) == ("2021-W16", "2021-W17", [])
    assert later["items"] == events["items"][1:]


@pytest.mark.parametrize(
    ("tool", "given", "reason"),
    [
        ("topic", {"topic_id": "nothing"}, "no such topic"),
        ("digest", {"week": "1999-W01"}, "no digest"),
        ("digest", {"week": "../login"}, "pattern"),
        ("digest_section", {"week": "2021-W17", "section": "none"}, "no such section"),
        ("events_since", {"after": "x"}, "pattern"),
        ("live_topics", {"limit": 1_000}, "less than or equal to 50"),
    ],
)
async def test_a_wrong_question_is_answered_with_the_reason(tool: str, given: dict[str, Any], reason: str) -> None:
    """The model can ask again."""
    async with asking() as client:
        answer = await client.call_tool(tool, given)
    assert answer.is_error
    assert reason in str(answer.content)


async def test_over_http_the_token_of_the_api_is_needed(tmp_path: Path) -> None:
    """Without one, only clients that name this machine are answered."""
    greeting = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }  # fmt: skip
    accepted = {"Accept": "application/json, text/event-stream"}
    key = FeedKey(tmp_path / "feed.key")
    async with mcp_server(create_api(load_settings(), await filled())) as server:
        for token, host, headers, status in (
            ("geheim", "topics.example", {}, 401),
            ("geheim", "topics.example", {"Authorization": "Bearer geheim"}, 200),
            (None, "127.0.0.1:8766", {}, 200),
            (None, "rebound.example", {}, 421),
        ):
            tokens = check_binding(load_settings(api_token=token, data_dir=tmp_path))
            app = http_app(server, host="0.0.0.0" if token else "127.0.0.1", tokens=tokens, feed_key=key)
            transport = httpx.ASGITransport(app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http,
            ):
                answer = await http.post("/mcp", json=greeting, headers=accepted | headers)
            assert answer.status_code == status, (token, host)


async def test_the_client_of_the_sdk_speaks_http() -> None:
    """Through a real socket, as a program on this machine does."""
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with mcp_server(create_api(load_settings(), await filled())) as server:
        app = http_app(server, host="127.0.0.1", tokens=None, feed_key=FeedKey(Path("unused")))
        http = create_server(app, "127.0.0.1", 0, listening.set_result)
        serving = asyncio.create_task(http.serve())
        async with Client(f"{await listening}/mcp", read_timeout_seconds=60) as client:
            weeks = await data(client, "digests")
        http.should_exit = True
        await serving
    assert [item["week"] for item in weeks["items"]] == ["2021-W17"]
