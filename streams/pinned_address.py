"""The address that a connection goes to is the one that was checked.

A host is looked up once, every address of it has to be allowed, and the request names the address instead of the host;
a name that answers differently the second time (DNS rebinding) gains nothing.
"""

from collections.abc import Callable

import httpx

from streams.resources import Lookup


class NotAllowedError(Exception):
    """A host that leads to an address which may not be contacted."""


async def pinned(url: httpx.URL, lookup: Lookup, allowed: Callable[[str], bool]) -> httpx.URL:
    """`url` with its host replaced by an address. Raises NotAllowedError, and OSError for a host that is not found."""
    host = host_of(url)
    addresses = await lookup(host, url.port or (443 if url.scheme == "https" else 80))
    if not addresses:
        raise OSError("the host has no address")
    if not all(map(allowed, addresses)):
        raise NotAllowedError(f"{host} is not on the public internet")
    return url.copy_with(host=addresses[0])


def host_of(url: httpx.URL) -> str:
    """As it is looked up, and as the certificate has to name it."""
    return url.raw_host.decode("ascii").strip("[]")
