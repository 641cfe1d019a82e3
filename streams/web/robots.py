"""robots.txt of the hosts of links (RFC 9309), requested once for each origin.

A missing file allows everything, a failed request forbids everything, and a moved file is read at its new address, up
to five redirects.
"""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from protego import Protego

AGENT_NAME = "toptopics"
REDIRECTS = 5
# URL -> status, body, target of a redirect; raises the request's errors
Get = Callable[[str], Awaitable[tuple[int, bytes, str | None]]]


class Robots:
    """Rules by origin, for the lifetime of one fetcher."""

    def __init__(self) -> None:
        self._rules: dict[str, Protego | None] = {}
        self._asked: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}

    async def forbid(self, url: str, get: Get) -> str | None:
        """The reason why `url` may not be requested; None when it may.

        Raises:
            Exception: What `get` raises, for the first URL of an origin.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        async with self._locks.setdefault(origin, asyncio.Lock()):
            if origin not in self._asked:
                self._asked.add(origin)  # before the request: after a timeout the file counts as failed
                await self._learn(origin, get)
        if origin not in self._rules:
            return "robots.txt cannot be read"
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
