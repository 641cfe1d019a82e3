"""Fetches the targets of links: title, description, site, kind, and the address after redirects. Never on the event
path.

In: URLs from posts (untrusted). Out: URL -> `Link`. A target that fails or is refused gives the bare link; no error is
raised. Refused are schemes other than http and https, unusual ports, and hosts with an address that is not public. The
connection goes to the checked address without a second look-up, and every redirect is checked as well. robots.txt is
obeyed. Limits: 5 redirects, 512 KiB, 8 s a link, one request at a time for each host. The cache keeps answers for 30
days and failures for 6 hours.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urljoin, urlsplit

import httpx

from models.events import Link
from models.text.links import is_bare, kind_of, safe_url, shown_url, site_of
from models.text.plain import one_line
from streams.redis_store.link_cache import ResourceCache
from streams.system.logs import get_logger
from streams.web.bounded_body import ACCEPTED, bounded_body
from streams.web.page_metadata import PageHead, page_head
from streams.web.public_address import Lookup, is_public, system_lookup
from streams.web.robots import Robots

USER_AGENT = "toptopics/0.1 (weekly digest; reads titles only)"
HTML = ("text/html", "application/xhtml+xml")
log = get_logger(__name__)


class RefusedError(Exception):
    """A link that is not fetched, or not read further. The message gives the reason."""


@dataclass(frozen=True)
class Limits:
    """Limits of one link."""

    redirects: int = 5  # redirects followed
    bytes: int = 512 * 1024  # size of the decompressed body
    seconds: float = 8.0  # time for one link, redirects included
    at_once: int = 8  # links fetched at the same time
    links: int = 300  # links in one call; further links stay bare
    keep_seconds: int = 30 * 86_400  # how long the cache keeps an answer
    keep_failure_seconds: int = 6 * 3_600  # how long the cache keeps a failure
    ports: frozenset[int] = frozenset({80, 443, 8080, 8443})


@dataclass(frozen=True)
class _Page:
    url: str
    status: int
    content_type: str
    charset: str | None
    body: bytes


class ResourceFetcher:
    """Fetches links. Tests replace `allowed` and `lookup`, because they have only loopback."""

    def __init__(
        self,
        cache: ResourceCache,
        *,
        limits: Limits | None = None,
        lookup: Lookup = system_lookup,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self._cache = cache
        self._limits = limits or Limits()
        self._lookup = lookup
        self._allowed = allowed
        self._hosts: dict[str, asyncio.Lock] = {}
        self._robots = Robots()

    async def fetch(self, urls: Sequence[str]) -> dict[str, Link]:
        """The target of each URL, fetched once. The keys are the given URLs."""
        wanted = list(dict.fromkeys(urls))
        known = {url: Link(url=url) for url in wanted[self._limits.links :]}
        slots = asyncio.Semaphore(self._limits.at_once)
        trusted = httpx.create_ssl_context(trust_env=False)

        async def one(url: str) -> Link:
            async with slots, _client(self._limits.seconds, trusted) as client:
                return await self._one(client, url)

        links = await asyncio.gather(*(one(url) for url in wanted[: self._limits.links]))
        return known | dict(zip(wanted, links, strict=False))

    async def _one(self, client: httpx.AsyncClient, url: str) -> Link:
        cached = await self._cache.get(url)
        if cached is not None:
            return cached
        try:
            async with asyncio.timeout(self._limits.seconds):
                link, seconds = await self._read(client, url), self._limits.keep_seconds
        except (RefusedError, httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError) as error:
            # ValueError: urllib, IDNA or a header does not accept the address
            log.info(
                "link not fetched; keeping it bare", host=urlsplit_host(url), reason=str(error) or type(error).__name__
            )
            link, seconds = Link(url=url), self._limits.keep_failure_seconds
        await self._cache.put(url, link, seconds)
        return link

    async def _read(self, client: httpx.AsyncClient, url: str) -> Link:
        page = await self._follow(client, url)
        if page.status >= 400:
            raise RefusedError(f"status {page.status}")
        head = page_head(page.body, page.charset) if page.content_type in HTML else PageHead()
        return described(page.url, head, is_pdf=page.content_type == "application/pdf")

    async def _follow(self, client: httpx.AsyncClient, url: str) -> _Page:
        """Follow the redirects and return the last page."""
        for _ in range(self._limits.redirects + 1):
            if (reason := await self._robots.forbid(url, partial(self._rules, client))) is not None:
                raise RefusedError(reason)
            page, target = await self._get(client, url)
            if target is None:
                return page
            url = target
        raise RefusedError(f"more than {self._limits.redirects} redirects")

    async def _rules(self, client: httpx.AsyncClient, url: str) -> tuple[int, bytes, str | None]:
        page, target = await self._get(client, url)
        return page.status, page.body, target

    async def _get(self, client: httpx.AsyncClient, url: str) -> tuple[_Page, str | None]:
        """Send one request to the checked address. The second value is the redirect's target."""
        host, port, pinned = await self._pinned(url)
        request = client.build_request("GET", pinned, headers={"Host": _host_header(url, host)} | ACCEPTED)
        request.extensions["sni_hostname"] = host
        async with self._hosts.setdefault(f"{host}:{port}", asyncio.Lock()):
            response = await client.send(request, stream=True)
            client.cookies.clear()
            try:
                location = response.headers.get("location")
                moved = response.status_code in {301, 302, 303, 307, 308} and location
                body = b"" if moved else await bounded_body(response, self._limits.bytes)
            finally:
                await response.aclose()
        kind, _, parameters = response.headers.get("content-type", "").partition(";")
        charset = parameters.partition("charset=")[2].strip(" \"'").split(";")[0] or None
        page = _Page(url, response.status_code, kind.strip().lower(), charset, body)
        return page, urljoin(url, location) if moved else None

    async def _pinned(self, url: str) -> tuple[str, int, str]:
        """Host, port, and `url` with the host replaced by its checked address.

        Raises:
            RefusedError: The address is refused.
            ValueError: The address is malformed.
        """
        if safe_url(url) is None:
            raise RefusedError("not an http or https address")
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii")
        port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        if port not in self._limits.ports:
            raise RefusedError(f"port {port}")
        addresses = await self._lookup(host, port)
        if not addresses or not all(map(self._allowed, addresses)):
            raise RefusedError("the host is not on the public internet")
        address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return host, port, f"{parts.scheme.lower()}://{address}:{port}{path}"


def _client(seconds: float, trusted: ssl.SSLContext) -> httpx.AsyncClient:
    """A client for one link. No state passes from one link to another. Connections are not reused: they are identified
    by address alone, so another host name of that address would be served without a check of its certificate.
    """
    return httpx.AsyncClient(
        timeout=seconds,
        verify=trusted,
        trust_env=False,
        headers={"User-Agent": USER_AGENT},
        limits=httpx.Limits(max_keepalive_connections=0),
    )


def described(url: str, head: PageHead, *, is_pdf: bool = False) -> Link:
    """The link of a page. A page may name a canonical address only on its own host."""
    own = head.canonical and urljoin(url, head.canonical)
    named = own if own and urlsplit(own).hostname == urlsplit(url).hostname else url
    final = shown_url(named) or url
    kind = kind_of(final)
    if kind in {None, "page", "article"}:
        kind = "paper" if is_pdf or head.is_paper else head.kind or kind
    return Link(
        url=final,
        title=one_line(head.title, 300) if head.title else None,
        description=one_line(head.description, 1000) if head.description else None,
        site=one_line(head.site, 80) if head.site else None if is_bare(final) else site_of(final),
        kind=kind,
    )


def urlsplit_host(url: str) -> str:
    """The host for a log line. The rest of a link may be private."""
    try:
        return one_line(urlsplit(url).hostname or "", 100)
    except ValueError:
        return ""


def _host_header(url: str, host: str) -> str:
    """`host` as sent over the wire, with the port if the address has one."""
    port = urlsplit(url).port
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"
