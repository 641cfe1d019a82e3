"""Hostile links: answers that no library reads, addresses that no resolver accepts, pages that are slow to parse."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Link
from models.text.links import canonical_url, safe_url
from streams.redis_store.link_cache import MemoryResourceCache
from streams.web.link_fetcher import Limits, ResourceFetcher
from streams.web.page_metadata import MOST_TAGS, page_head
from tests.support.tcp_server import tcp_server

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
NO_RULES = b"HTTP/1.1 404 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
Answer = Callable[[str], bytes]


@asynccontextmanager
async def _raw(answer: Answer) -> AsyncIterator[tuple[int, list[str]]]:
    """A server that sends exactly these bytes. Yields its port and the requested paths."""
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        asked.append(path)
        writer.write(answer(path))
        await writer.drain()
        while path == "/drip" and not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with tcp_server(handle) as port:
        yield port, asked


async def _lookup(host: str, port: int) -> list[str]:
    host.encode("idna")  # like the system's resolver
    return ["127.0.0.1"]


def _fetcher(port: int, seconds: float = 120.0) -> ResourceFetcher:
    return ResourceFetcher(
        MemoryResourceCache(),
        limits=Limits(ports=frozenset({port, 80}), seconds=seconds),
        lookup=_lookup,
        allowed=lambda address: address == "127.0.0.1",
    )


def _moved(target: bytes) -> bytes:
    return b"HTTP/1.1 302 X\r\nContent-Length: 0\r\nConnection: close\r\nLocation: " + target + b"\r\n\r\n"


BROKEN = {
    "half an IPv6 address": _moved(b"http://[::1"),
    "a port out of range": _moved(b"http://kelp.test:99999/"),
    "a label that is too long": _moved(b"http://" + b"a" * 70 + b".test/"),
    "an empty label": _moved(b"http://a..test/"),
    "a dot": _moved(b"http://./"),
    "bytes": _moved(b"http://kelp.test/\xff\xfe\x80"),
    "a control character": _moved(b"http://kelp.test/\x7f\x01"),
    "a file": _moved(b"file:///etc/passwd"),
    "data": _moved(b"data:text/html,<title>x</title>"),
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "nothing": b"",
    "a broken length": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\nzz\r\n",
    "a broken stream": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n\r\nnot packed",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_answer_leaves_the_link_bare_and_the_others_alone(name: str) -> None:
    """A link that raises would stop the whole week's digest."""
    pages = {"/robots.txt": NO_RULES, "/bad": BROKEN[name], "/good": OK + b"<title>Kelp</title>"}
    async with _raw(pages.__getitem__) as (port, _):
        bad, good = f"http://kelp.test:{port}/bad", f"http://kelp.test:{port}/good"
        links = await _fetcher(port).fetch([bad, good])
    assert links[bad] == Link(url=bad)
    assert links[good].title == "Kelp"


@pytest.mark.parametrize(
    "host", ["a..test", "a" * 70 + ".test", ".", "...", "xn--.test", "xn--a.test", "\u2024.test", "a\u3002\u3002b"]
)
async def test_a_name_that_no_resolver_takes_stays_bare(host: str) -> None:
    """Anyone may write such a name into a post."""
    url = f"http://{host}/"
    assert await _fetcher(80).fetch([url]) == {url: Link(url=url)}


async def test_an_international_name_is_asked_for_as_it_goes_over_the_wire() -> None:
    """The Host header is ASCII."""
    async with _raw(lambda path: NO_RULES if path == "/robots.txt" else OK + b"<title>Kelp</title>") as (port, _):
        url = f"http://käfig.test:{port}/"
        links = await _fetcher(port).fetch([url])
    assert links[url].title == "Kelp"


ODD = st.text(alphabet="htp:/[]@%.a1?#\\\u202e\u3002", max_size=30)


@given(st.text(max_size=40) | ODD.map(lambda text: "http://" + text))
def test_no_address_raises_and_what_is_shown_has_nothing_invisible(url: str) -> None:
    """Whatever a post contains. A canonical address is its own canonical address."""
    shown = canonical_url(url)
    assert (safe_url(url) is None) >= (shown is None)
    if shown is not None:
        assert shown.isprintable()
        assert canonical_url(shown) == shown


def test_an_address_cannot_turn_the_text_around_it() -> None:
    """Direction overrides and zero-width characters are percent-encoded; in a host they are refused."""
    assert safe_url("https://a.example/\u202egnp.exe\u200b") == "https://a.example/%E2%80%AEgnp.exe%E2%80%8B"
    assert safe_url("https://a\u202e.example/") is None
    assert canonical_url("http://[2001:DB8::1]:8080/x") == "https://[2001:db8::1]:8080/x"
    assert canonical_url("http://.../") is None


async def test_robots_txt_is_read_where_it_moved_to() -> None:
    """RFC 9309: up to five redirects. A failed request forbids everything and is not repeated."""
    rules = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nUser-agent: *\nDisallow: /private"
    answers = {"/robots.txt": _moved(b"/rules"), "/rules": rules}
    async with _raw(lambda path: answers.get(path, OK + b"<title>Kelp</title>")) as (port, asked):
        urls = [f"http://kelp.test:{port}/{path}" for path in ("private/a", "open/b", "open/c", "private/d")]
        links = await _fetcher(port).fetch(urls)
    assert [links[url].title for url in urls] == [None, "Kelp", "Kelp", None]
    assert sorted(asked) == ["/open/b", "/open/c", "/robots.txt", "/rules"]

    answers["/robots.txt"] = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with _raw(lambda path: answers.get(path, OK)) as (port, asked):
        urls = [f"http://kelp.test:{port}/{path}" for path in "abc"]
        assert await _fetcher(port).fetch(urls) == {url: Link(url=url) for url in urls}
    assert asked == ["/robots.txt"]


async def test_a_page_that_drips_is_given_up() -> None:
    """The limit is for the whole link, not for the next byte."""
    async with _raw(lambda path: NO_RULES if path == "/robots.txt" else OK) as (port, _):
        url = f"http://kelp.test:{port}/drip"
        assert await _fetcher(port, seconds=0.3).fetch([url]) == {url: Link(url=url)}


def test_a_page_is_read_no_further_than_a_head_is_long() -> None:
    """Building a deep tree takes time quadratic in its depth: minutes for half a megabyte."""
    title = b"<title>Kelp</title>"
    assert page_head(title + b"<div>" * MOST_TAGS * 10, None).title == "Kelp"
    assert page_head(b"<div>" * MOST_TAGS + title, None).title is None


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "utf-7", "base64"])
def test_what_is_no_charset_of_the_web_is_no_charset(charset: str) -> None:
    """Some of Python's codecs take quadratic time or make half characters."""
    assert page_head(b"<title>A-\\ud800+AGE-</title>", charset).title == "A-\\ud800+AGE-"


async def test_names_on_one_address_share_no_connection_and_no_cookie() -> None:
    """The certificate of the first name was checked, and a content network answers the second name with 421."""
    seen: list[tuple[int, str, bool]] = []  # number of the connection, host, whether a cookie was sent
    made = 0

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal made
        made += 1
        number = made
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            seen.append((number, head.split("host: ")[1].split(":")[0], "cookie" in head))
            body = b"<title>Kelp</title>"
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: who=a\r\nContent-Type: text/html\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()

    async with tcp_server(handle) as port:
        await _fetcher(port).fetch([f"http://{name}.test:{port}/" for name in ("one", "two")])
    assert {name for _, name, _ in seen} == {"one.test", "two.test"}
    assert len({number for number, _, _ in seen}) == len({(number, name) for number, name, _ in seen})
    assert not any(cookie for _, _, cookie in seen)
