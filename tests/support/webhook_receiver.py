"""A webhook receiver on loopback whose behaviour is scripted for each request."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from tests.support.tcp_server import tcp_server

HANG = 0
LOSE_ANSWER = -1  # accepts the digest, then closes the connection


@dataclass
class Request:
    """A received request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        """The id of the digest or alert."""
        return self.headers.get("webhook-id", "")


@dataclass
class Receiver:
    """`answers` has the status of each request in turn, HANG or LOSE_ANSWER; afterwards 204."""

    answers: list[int] = field(default_factory=list)
    location: str = ""
    retry_after: str = ""
    port: int = 0
    host: str = ""
    requests: list[Request] = field(default_factory=list)
    # like a receiver that recognises repetitions by their id
    accepted: dict[str, Request] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address to post to."""
        return f"http://{self.host}:{self.port}/hook"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection with one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(head[0].split()[1], headers, body)
        self.requests.append(request)
        status = self.answers.pop(0) if self.answers else 204
        if status == HANG:
            await asyncio.sleep(3_600)
        if status == LOSE_ANSWER or 200 <= status < 300:
            self.accepted.setdefault(request.message_id, request)
        if status > 0:
            lines = [f"HTTP/1.1 {status} Said", "Content-Length: 0", "Connection: close"]
            if self.location:
                lines.append(f"Location: {self.location}")
            if self.retry_after:
                lines.append(f"Retry-After: {self.retry_after}")
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await writer.drain()

    def weeks(self) -> list[tuple[str, int]]:
        """(week, revision) of accepted requests, in order."""
        data = [orjson.loads(request.body)["data"] for request in self.accepted.values()]
        return [(entry["week"], entry["revision"]) for entry in data]


@asynccontextmanager
async def receiving(
    receiver: Receiver, port: int = 0, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Listen on loopback. At the end hanging requests are released, and no connection stays open."""
    async with tcp_server(receiver.handle, host, port, tls, end_seconds=0.0) as receiver.port:
        receiver.host = host
        yield receiver
