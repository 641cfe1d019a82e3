"""Rewording through an OpenAI-compatible endpoint, played by a local server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
import structlog

from models.digest.verify import check_digest
from streams.cli.rewording import Endpoint, endpoint_of, reword_digest
from streams.settings import load_settings
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of
from tests.support.tcp_server import tcp_server

POSTS = {one.id: one for one in PLAIN.posts}
DIGEST = digest_of(PLAIN, [LANTERN, HARBOUR])


@asynccontextmanager
async def _endpoint(answer: Callable[[str], bytes], status: int = 200) -> AsyncIterator[tuple[Endpoint, list[Any]]]:
    """An endpoint whose answers `answer` computes from the sentence that was sent."""
    asked: list[Any] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = orjson.loads(await reader.readexactly(length))
        asked.append((head, body))
        sentence = body["messages"][1]["content"].split("\n")[0].removeprefix("Sentence: ")
        data = answer(sentence)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
        await writer.drain()

    async with tcp_server(handle) as port:
        yield Endpoint(f"http://127.0.0.1:{port}/v1", "tiny", "sk-secret", seconds=120), asked


def _completion(text: str) -> bytes:
    return orjson.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


async def test_a_faithful_rewording_replaces_the_sentence() -> None:
    """Evidence and promises stay. The key is sent in the header and is in no representation."""
    async with _endpoint(lambda sentence: _completion(f"Now: {sentence}")) as (
        endpoint,
        asked,
    ):
        digest = await reword_digest(DIGEST, POSTS, endpoint)
    assert all(topic.summary.text.startswith("Now: ") for topic in digest.topics)
    assert [topic.summary.posts for topic in digest.topics] == [topic.summary.posts for topic in DIGEST.topics]
    assert check_digest(digest, POSTS) == []
    assert "authorization: bearer sk-secret" in asked[0][0]
    assert asked[0][1]["model"] == "tiny"
    assert "secret" not in repr(endpoint)


async def test_an_invention_is_discarded() -> None:
    """A name, a number, a link that no post has: the extractive sentence stays."""
    for invention in ("Elon Musk bought LanternNet.", "LanternNet raised 40 million.", "See https://evil.example", ""):
        async with _endpoint(lambda _, text=invention: _completion(text)) as (endpoint, _):  # type: ignore[misc]
            assert await reword_digest(DIGEST, POSTS, endpoint) == DIGEST


async def test_an_endpoint_that_fails_changes_nothing() -> None:
    """Errors, nonsense, floods, and an unreachable endpoint."""
    for data, status in (
        (b"no", 500),
        (b"not json", 200),
        (b"{}", 200),
        (b'{"choices":[]}', 200),
        (b'{"choices":[{"message":{"content":"\xff"}}]}', 200),
        (b"x" * 100_000, 200),
    ):
        async with _endpoint(lambda _, body=data: body, status) as (endpoint, _):  # type: ignore[misc]
            assert await reword_digest(DIGEST, POSTS, endpoint) == DIGEST
    assert await reword_digest(DIGEST, POSTS, Endpoint("http://127.0.0.1:9", "tiny", seconds=2)) == DIGEST


async def test_an_endpoint_that_drips_is_given_up() -> None:
    """The time limit is for the whole answer; byte by byte it would never end, and nothing would be published."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with tcp_server(drip) as port:
        assert await reword_digest(DIGEST, POSTS, Endpoint(f"http://127.0.0.1:{port}", "tiny", seconds=0.2)) == DIGEST


@pytest.mark.parametrize("key", ["sk-secret\n", "sk-secret\r\nX: y", "sk-sécret", "sk-secret\x00"])
async def test_a_key_that_no_header_takes_is_not_told_to_the_log(key: str) -> None:
    """A line end from a file is the usual case. The library's error quotes the header."""
    with structlog.testing.capture_logs() as told:
        async with _endpoint(lambda sentence: _completion(sentence)) as (endpoint, _):
            assert await reword_digest(DIGEST, POSTS, replace(endpoint, key=key)) == DIGEST
    assert "cret" not in str(told)


async def test_a_line_end_around_the_key_does_no_harm() -> None:
    """As in `LLM_API_KEY` from a mounted secret."""
    settings = load_settings(llm_base_url="http://127.0.0.1:1/v1", llm_model="tiny", llm_api_key="sk-secret\n")
    endpoint = endpoint_of(settings)
    assert endpoint is not None
    assert endpoint.key == "sk-secret"


def test_rewording_is_off_unless_both_are_set(monkeypatch: Any) -> None:
    """By the names that users know from other tools."""
    assert endpoint_of(load_settings()) is None
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:1/v1")
    assert endpoint_of(load_settings()) is None
    monkeypatch.setenv("LLM_MODEL", "tiny")
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    endpoint = endpoint_of(load_settings())
    assert endpoint is not None
    assert (endpoint.model, endpoint.key) == ("tiny", "sk-secret")
