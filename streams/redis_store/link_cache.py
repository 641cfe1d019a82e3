"""The port of the cache of link targets, and an implementation in memory for tests and single runs."""

from collections import OrderedDict
from typing import Protocol

from models.events import Link


class ResourceCache(Protocol):
    """Link targets by the URL in the post. Entries expire by themselves."""

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store for `seconds`."""


class MemoryResourceCache:
    """At most `size` entries; the oldest are removed first. Nothing expires."""

    def __init__(self, size: int = 10_000) -> None:
        self._links: OrderedDict[str, Link] = OrderedDict()
        self._size = size

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""
        return self._links.get(url)

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store; `seconds` is ignored."""
        self._links.pop(url, None)
        self._links[url] = link
        while len(self._links) > self._size:
            self._links.popitem(last=False)
