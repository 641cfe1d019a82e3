"""Back-pressure by bytes. Faust bounds its queue by records, and one record may have 8 MiB: a flood of large ones,
which anybody may send to `tweets`, would fill the memory before the first of them is a dead letter.
"""

import asyncio
from collections.abc import Iterable

LIMIT = 32 * 1024**2  # of a batch; a usual one of 500 posts with vectors has one MiB


class ByteRoom:
    """Room for the values of one batch; who finds it full waits, and what is larger than all of it goes alone."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._used = 0
        self._freed = asyncio.Event()

    async def enter(self, value: bytes | None) -> bytes | None:
        """A stream processor: return `value` when there is room for it."""
        size = len(value or b"")
        while self._used and self._used + size > self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._used += size
        return value

    def leave(self, values: Iterable[bytes | None]) -> None:
        """These are done with."""
        self._used -= sum(len(value or b"") for value in values)
        self._freed.set()
