"""A language model behind an OpenAI-compatible endpoint, played by a local server."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import structlog

from streams.settings import load_settings
from streams.web.language_model import AnswerError, Endpoint, endpoint_of
from tests.support.model_server import completion, model_server
from tests.support.tcp_server import tcp_server

MESSAGES = [{"role": "user", "content": "Say something."}]


async def test_the_answer_is_the_text_of_the_first_choice() -> None:
    """The key is sent in the header and is in no representation."""
    async with model_server(lambda _: completion("Something.")) as (endpoint, asked):
        assert await endpoint.ask(MESSAGES) == "Something."
    head, body = asked[0]
    assert "authorization: bearer sk-secret" in head
    assert (body["model"], body["messages"]) == ("tiny", MESSAGES)
    assert "secret" not in repr(endpoint)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"no", 500),
        (b"not json", 200),
        (b"{}", 200),
        (b'{"choices":[]}', 200),
        (b'{"choices":[{"message":{"content":"\xff"}}]}', 200),
        (b'{"choices":[{"message":{"content":null,"refusal":"I cannot do that"}}]}', 200),
        (completion(" \n"), 200),
        (b"x" * 100_000, 200),
    ],
)
async def test_an_answer_that_is_none_has_a_reason(data: bytes, status: int) -> None:
    """Errors, nonsense, refusals, emptiness, floods."""
    async with model_server(lambda _: data, status) as (endpoint, _):
        with pytest.raises(AnswerError):
            await endpoint.ask(MESSAGES)


async def test_an_endpoint_that_drips_or_is_away_is_given_up() -> None:
    """The time limit is for the whole answer; byte by byte it would never end."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with tcp_server(drip) as port:
        with pytest.raises(AnswerError):
            await Endpoint(f"http://127.0.0.1:{port}", "tiny", seconds=0.2).ask(MESSAGES)
    with pytest.raises(AnswerError):
        await Endpoint("http://127.0.0.1:9", "tiny", seconds=2).ask(MESSAGES)


@pytest.mark.parametrize("key", ["sk-secret\n", "sk-secret\r\nX: y", "sk-sécret", "sk-secret\x00"])
async def test_a_key_that_no_header_takes_is_not_in_the_reason(key: str) -> None:
    """A line end from a file is the usual case. The library's error quotes the header."""
    with structlog.testing.capture_logs() as told:
        async with model_server(lambda _: completion("x")) as (endpoint, _):
            with pytest.raises(AnswerError) as refused:
                await replace(endpoint, key=key).ask(MESSAGES)
    assert "cret" not in str(told) + str(refused.value)


async def test_a_line_end_around_the_key_does_no_harm() -> None:
    """As in `LLM_API_KEY` from a mounted secret."""
    settings = load_settings(llm_base_url="http://127.0.0.1:1/v1", llm_model="tiny", llm_api_key="sk-secret\n")
    endpoint = endpoint_of(settings)
    assert endpoint is not None
    assert endpoint.key == "sk-secret"


def test_it_is_off_unless_address_and_model_are_set(monkeypatch: Any) -> None:
    """By the names that users know from other tools."""
    assert endpoint_of(load_settings()) is None
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:1/v1")
    assert endpoint_of(load_settings()) is None
    monkeypatch.setenv("LLM_MODEL", "tiny")
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    endpoint = endpoint_of(load_settings())
    assert endpoint is not None
    assert (endpoint.model, endpoint.key) == ("tiny", "sk-secret")
