"""Limits redirects of a source: any within the host that the operator named, and to other hosts only if they are
public.

The operator's host may be private, and the operator is responsible for the address of its name. This works for httpx
and for requests. Behind a proxy of the environment requests cannot know the address of a name; then the proxy decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy

from streams.sources.port import DisconnectedError
from streams.web.bounded_body import bounded_answer
from streams.web.public_address import Lookup, NotAllowedError, host_of, is_public, pinned, system_lookup
from streams.web.socket_guard import only_to

MOST = 10


@dataclass(frozen=True)
class Reach:
    """The addresses that may be contacted. Tests replace both functions, because they have only loopback."""

    lookup: Lookup = system_lookup
    allowed: Callable[[str], bool] = is_public


async def followed(
    client: httpx.AsyncClient, url: str, headers: dict[str, str], most_bytes: int, reach: Reach
) -> httpx.Response:
    """The whole answer to a GET request, after its redirects.

    Args:
        client: The client.
        url: The address.
        headers: Headers of every request.
        most_bytes: Largest size of the answer.
        reach: The addresses that may be contacted.

    Raises:
        DisconnectedError: A redirect is refused, or there are too many. httpx.HTTPError: The request failed.
            httpx.InvalidURL: A redirect is malformed.
    """
    request = client.build_request("GET", url, headers=headers)
    own = host_of(request.url)
    for _ in range(MOST + 1):
        sent = request if host_of(request.url) == own else await _checked(client, request, own, reach)
        opened = await client.send(sent, stream=True)
        try:
            answer = await bounded_answer(opened, most_bytes)
        finally:
            await opened.aclose()
        answer.request = request  # with its host name
        if not answer.has_redirect_location:
            return answer
        request = client.build_request("GET", request.url.join(answer.headers["location"]), headers=headers)
    raise DisconnectedError(f"more than {MOST} redirects")


async def _checked(client: httpx.AsyncClient, request: httpx.Request, own: str, reach: Reach) -> httpx.Request:
    host = host_of(request.url)
    try:
        url = await pinned(request.url, reach.lookup, reach.allowed)
    except NotAllowedError as error:
        raise DisconnectedError(_refusal(own, host)) from error
    except OSError as error:
        raise DisconnectedError(f"{own} redirects to {host}: {error}") from error
    checked = client.build_request("GET", url, headers=request.headers)  # its Host header is the name
    checked.extensions["sni_hostname"] = host
    return checked


class OwnHost(HTTPAdapter):
    """For a session of requests that is meant for one host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._own = urlsplit(url).hostname

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request.

        Raises:
            DisconnectedError: A redirect leads into a private network.
        """
        url = str(request.url)
        host = urlsplit(url).hostname
        if host == self._own or select_proxy(url, options.get("proxies")):
            return super().send(request, **options)
        with only_to(is_public) as guard:  # kept connections to other hosts were all made in here
            try:
                return super().send(request, **options)
            except requests.ConnectionError as error:
                if guard.refused:
                    raise DisconnectedError(_refusal(self._own, host)) from error
                raise


def keep_to(session: requests.Session, url: str) -> None:
    """Restrict `session`: it follows redirects to other hosts than that of `url` only if they are public."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, OwnHost(url))


def _refusal(own: str | None, host: str | None) -> str:
    return f"{own} redirects to {host}, which is not on the public internet"
