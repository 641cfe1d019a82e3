"""robots.txt of the hosts that a link leads to (RFC 9309), each asked for once.

A file that is not there allows everything, one that cannot be had forbids everything, and one that has moved is read
where it went, up to five hops.
"""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from protego import Protego

AGENT_NAME = "toptopics"
REDIRECTS = 5
# URL -> status, body, and where it redirects to; raises what a request raises
Get = Callable[[str], Awaitable[tuple[int, bytes, str | None]]]


class Robots:
    """Rules by origin, for the life of one fetcher."""

    def __init__(self) -> None:
        self._rules: dict[str, Protego | None] = {}
        self._asked: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}

    async def forbid(self, url: str, get: Get) -> str | None:
        """Why `url` may not be asked for; None when it may. Raises what `get` raises, the first time."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        async with self._locks.setdefault(origin, asyncio.Lock()):
            if origin not in self._asked:
                self._asked.add(origin)  # before it is: who gives up waiting has learned that it cannot be had
                await self._learn(origin, get)
        if origin not in self._rules:
            return "robots.txt cannot be had"
        rules = self._rules[origin]
        return None if rules is None or rules.can_fetch(url, AGENT_NAME) else "robots.txt forbids it"

    async def _learn(self, origin: str, get: Get) -> None:
        url = f"{origin}/robots.txt"
        for _ in range(REDIRECTS + 1):
            status, body, moved = await get(url)
            if moved is None:
                break
            url = moved
        if moved is not None or 400 <= status < 500:
            self._rules[origin] = None
        elif status < 400:
            self._rules[origin] = Protego.parse(body.decode("utf-8", "replace"))
