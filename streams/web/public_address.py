"""Allows only public addresses. A host is looked up once, and the connection goes to the address that was checked.

Every address of a host must be allowed, and the request names the address instead of the host. So a name that answers
differently the second time (DNS rebinding) has no effect.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable

import httpx

Lookup = Callable[[str, int], Awaitable[list[str]]]


async def system_lookup(host: str, port: int) -> list[str]:
    """Addresses of `host` from the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether `address` may be contacted: global unicast. An IPv4 address inside an IPv6 one is checked as well."""
    try:
        ip = ipaddress.ip_address(address.split("%", 1)[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:  # fec0::/10, deprecated and still routed inside networks; Python calls it global
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


class NotAllowedError(Exception):
    """The host has an address that may not be contacted."""


async def pinned(url: httpx.URL, lookup: Lookup, allowed: Callable[[str], bool]) -> httpx.URL:
    """Replace the host of `url` by an address.

    Args:
        url: The URL.
        lookup: Resolves a host and port to addresses.
        allowed: Whether an address may be contacted.

    Raises:
        NotAllowedError: One of the addresses is not allowed.
        OSError: The host has no address.
    """
    host = host_of(url)
    addresses = await lookup(host, url.port or (443 if url.scheme == "https" else 80))
    if not addresses:
        raise OSError("the host has no address")
    if not all(map(allowed, addresses)):
        raise NotAllowedError(f"{host} is not on the public internet")
    return url.copy_with(host=addresses[0])


def host_of(url: httpx.URL) -> str:
    """The host name as it is resolved, and as the certificate has to name it."""
    return url.raw_host.decode("ascii").strip("[]")
