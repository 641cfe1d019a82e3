"""An OpenAI-compatible endpoint on loopback that plays a model."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson

from streams.web.language_model import Endpoint
from tests.support.tcp_server import tcp_server

Asked = list[tuple[str, dict[str, Any]]]  # head and body of each request


def completion(text: str) -> bytes:
    """The body of an answer."""
    return orjson.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]})


@asynccontextmanager
async def model_server(
    answer: Callable[[dict[str, Any]], bytes], status: int = 200
) -> AsyncIterator[tuple[Endpoint, Asked]]:
    """The endpoint. `answer` makes the body of an answer from the body of a request."""
    asked: Asked = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = orjson.loads(await reader.readexactly(length))
        asked.append((head, body))
        data = answer(body)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)
        await writer.drain()

    async with tcp_server(handle) as port:
        yield Endpoint(f"http://127.0.0.1:{port}/v1", "tiny", "sk-secret", seconds=120), asked
