"""The port of the cache of link targets, and the small one in memory that tests and single runs use."""

from collections import OrderedDict
from typing import Protocol

from models.events import Link


class ResourceCache(Protocol):
    """Link targets by the URL in the post; entries vanish by themselves after their time."""

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store for `seconds`."""


class MemoryResourceCache:
    """At most `size` entries, the oldest leave first; nothing expires within a process's life."""

    def __init__(self, size: int = 10_000) -> None:
        self._links: OrderedDict[str, Link] = OrderedDict()
        self._size = size

    async def get(self, url: str) -> Link | None:
        """The stored target, or None."""
        return self._links.get(url)

    async def put(self, url: str, link: Link, seconds: int) -> None:
        """Store; `seconds` is not looked at."""
        self._links.pop(url, None)
        self._links[url] = link
        while len(self._links) > self._size:
            self._links.popitem(last=False)
