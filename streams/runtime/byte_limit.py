"""Back-pressure by bytes.

Faust bounds its queue by records, and a record may have 8 MiB. Anyone may produce to `tweets`; without this limit a
flood of large records fills the memory before the first of them becomes a dead letter.
"""

import asyncio
from collections.abc import Iterable

LIMIT = 32 * 1024**2  # of one batch; 500 posts with vectors usually have 1 MiB


class ByteLimiter:
    """Limits the bytes in use. A caller waits when the limit is reached; a value above the limit passes alone."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._used = 0
        self._freed = asyncio.Event()

    async def acquire(self, value: bytes | None) -> bytes | None:
        """A stream processor: return `value` as soon as there is room for it."""
        size = len(value or b"")
        while self._used and self._used + size > self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._used += size
        return value

    def release(self, values: Iterable[bytes | None]) -> None:
        """Free the bytes of handled values."""
        self._used -= sum(len(value or b"") for value in values)
        self._freed.set()
