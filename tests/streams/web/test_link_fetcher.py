"""Fetching link targets from a hostile web: what is read, what is refused, and the limits. Loopback servers only."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from models.events import Link
from streams.redis_store.link_cache import MemoryResourceCache
from streams.web.link_fetcher import Limits, ResourceFetcher
from streams.web.page_metadata import page_head
from streams.web.public_address import is_public, system_lookup
from tests.support.tcp_server import tcp_server

PAGE = (
    b"<html><head><title>Plain title</title><meta property='og:title' content='Kelp &amp; cables'>"
    b"<meta property='og:site_name' content='Kelp Weekly'><meta name=description content='About kelp.'>"
    b"<meta property='og:type' content='article'><link rel=canonical href='/kelp'></head></html>"
)
BOMB = gzip.compress(PAGE + b"a" * 30_000_000, compresslevel=1)
Answer = Callable[[str], tuple[int, dict[str, str], bytes]]


@asynccontextmanager
async def _server(answer: Answer) -> AsyncIterator[tuple[int, list[str]]]:
    """A small HTTP server. Yields its port and the requested paths, with the Host header."""
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        host = next(line.split(": ", 1)[1] for line in head.splitlines() if line.lower().startswith("host:"))
        asked.append(f"{host}{path}")
        status, headers, body = answer(path)
        if path.startswith("/slow"):
            await reader.read()  # until the client has given up
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    async with tcp_server(handle) as port:
        yield port, asked


def _answers(path: str) -> tuple[int, dict[str, str], bytes]:
    html = {"Content-Type": "text/html; charset=utf-8"}
    match path.split("?")[0]:
        case "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private"
        case "/moved":
            return 302, {"Location": "/page?utm_source=t"}, b""
        case "/loop":
            return 301, {"Location": "/loop"}, b""
        case "/inward":
            return 302, {"Location": "http://inner.test/secret"}, b""
        case "/script":
            return 302, {"Location": "javascript:alert(1)"}, b""
        case "/bomb":
            return 200, html | {"Content-Encoding": "gzip"}, BOMB
        case "/brotli":
            return 200, html | {"Content-Encoding": "br"}, b"x"
        case "/gone":
            return 404, html, PAGE
        case "/paper.pdf":
            return 200, {"Content-Type": "application/pdf"}, b"%PDF-1.4"
        case _:
            return 200, html, PAGE


class _Names:
    """A resolver: kelp.test is our server and allowed, inner.test is a private address."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return {"kelp.test": ["127.0.0.1"], "inner.test": ["10.0.0.7"], "both.test": ["127.0.0.1", "10.0.0.7"]}.get(
            host, []
        )


def _fetcher(
    port: int, cache: MemoryResourceCache | None = None, names: _Names | None = None, seconds: float = 120.0
) -> ResourceFetcher:
    return ResourceFetcher(
        cache or MemoryResourceCache(),
        limits=Limits(ports=frozenset({port}), seconds=seconds),
        lookup=names or _Names(),
        allowed=lambda address: address == "127.0.0.1",
    )


async def test_a_page_is_described_after_its_redirect() -> None:
    """Open Graph before the plain title, the canonical address, no tracker. The Host header is the real one."""
    async with _server(_answers) as (port, asked):
        url = f"http://kelp.test:{port}/moved"
        links = await _fetcher(port).fetch([url])
    assert links[url] == Link(
        url=f"http://kelp.test:{port}/kelp",
        title="Kelp & cables",
        description="About kelp.",
        site="Kelp Weekly",
        kind="article",
    )
    assert asked == [f"kelp.test:{port}/robots.txt", f"kelp.test:{port}/moved", f"kelp.test:{port}/page?utm_source=t"]


@pytest.mark.parametrize("path", ["/loop", "/inward", "/script", "/brotli", "/gone", "/private/x", "/slow"])
async def test_what_cannot_or_may_not_be_had_stays_bare(path: str) -> None:
    """Endless redirects, a redirect to the private network, scripts, errors, robots.txt, slow servers: nothing is
    raised.
    """
    async with _server(_answers) as (port, asked):
        url = f"http://kelp.test:{port}{path}"
        seconds = 1.5 if path == "/slow" else 120.0
        assert await _fetcher(port, seconds=seconds).fetch([url]) == {url: Link(url=url)}
    assert not any("secret" in line or "/private" in line for line in asked)


@pytest.mark.parametrize("url", ["http://inner.test:{}/", "http://both.test:{}/", "http://nowhere.test:{}/"])
async def test_a_host_with_any_private_address_is_never_contacted(url: str) -> None:
    """One forbidden address is enough: we do not control which one a client would use."""
    async with _server(_answers) as (port, asked):
        whole = url.format(port)
        assert await _fetcher(port).fetch([whole]) == {whole: Link(url=whole)}
    assert asked == []


async def test_the_checked_address_is_the_one_that_is_used() -> None:
    """A name that resolves differently the second time (rebinding) is looked up once for each request."""
    names = _Names()
    async with _server(_answers) as (port, _):
        await _fetcher(port, names=names).fetch([f"http://kelp.test:{port}/page"])
    assert names.asked == ["kelp.test", "kelp.test"]  # robots.txt and the page


async def test_a_compressed_bomb_is_cut_off() -> None:
    """30 MB in 30 kB: the head is read, the rest is never decompressed."""
    async with _server(_answers) as (port, _):
        url = f"http://kelp.test:{port}/bomb"
        links = await _fetcher(port).fetch([url])
    assert links[url].title == "Kelp & cables"


async def test_other_kinds_and_odd_addresses() -> None:
    """A PDF has no title; other schemes and ports are not requested."""
    async with _server(_answers) as (port, asked):
        pdf = f"http://kelp.test:{port}/paper.pdf"
        odd = [
            "ftp://kelp.test/",
            "javascript:alert(1)",
            "http://kelp.test:22/",
            "http://[::1",
            "",
            f"http://a@kelp.test:{port}/",
        ]
        links = await _fetcher(port).fetch([pdf, *odd])
    assert (links[pdf].kind, links[pdf].title) == ("paper", None)
    assert {url: links[url] for url in odd} == {url: Link(url=url) for url in odd}
    assert len(asked) == 2


async def test_answers_are_cached_failures_too() -> None:
    """The second call sends no request."""
    cache = MemoryResourceCache()
    async with _server(_answers) as (port, asked):
        urls = [f"http://kelp.test:{port}/page", f"http://kelp.test:{port}/gone"]
        first = await _fetcher(port, cache).fetch(urls)
        count = len(asked)
        assert await _fetcher(port, cache).fetch(urls) == first
    assert len(asked) == count


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.20.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("::1", False),
        ("fe80::1%eth0", False), ("fc00::1", False), ("fec0::1", False), ("feff::1", False),
        ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False), ("::", False), ("localhost", False), ("", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Private, loopback, link-local (cloud metadata), shared, and inside IPv6: all refused."""
    assert is_public(address) is public


async def test_the_systems_resolver_is_refused_for_loopback() -> None:
    """The default: localhost is resolved and refused."""
    assert all(not is_public(address) for address in await system_lookup("localhost", 80))
    url = "http://localhost/"
    assert await ResourceFetcher(MemoryResourceCache()).fetch([url]) == {url: Link(url=url)}


def test_a_page_in_another_charset_and_one_that_lies() -> None:
    """The header's charset, else the page's own, else UTF-8. An unknown name is skipped."""
    latin = "<title>Käfig</title>".encode("latin-1")
    assert page_head(latin, "iso-8859-1").title == "Käfig"
    assert page_head(b"<meta charset=latin-1>" + latin, None).title == "Käfig"
    assert page_head("<title>Käfig</title>".encode(), "no-such-charset").title == "Käfig"
    assert page_head(b"", None).title is None


async def test_the_memory_cache_is_bounded() -> None:
    """The oldest entry is removed."""
    cache = MemoryResourceCache(size=2)
    for name in "abc":
        await cache.put(name, Link(url=name), 1)
    assert await cache.get("a") is None
    assert await cache.get("c") == Link(url="c")
