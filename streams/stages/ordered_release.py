"""Keeps the order of batches that run at the same time."""

import asyncio
from types import TracebackType


class OrderedRelease:
    """Releases its slots one at a time, in the order in which they were taken: `async with release.slot():`."""

    def __init__(self) -> None:
        self._last: asyncio.Event | None = None

    def slot(self) -> "Slot":
        """Take the slot after all earlier ones."""
        done = asyncio.Event()
        slot, self._last = Slot(self._last, done), done
        return slot


class Slot:
    """Entered when the slot before it has finished. A failed slot blocks all later ones, to keep the order."""

    def __init__(self, before: asyncio.Event | None, done: asyncio.Event) -> None:
        self._before = before
        self._done = done

    async def __aenter__(self) -> None:
        if self._before is not None:
            await self._before.wait()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._done.set()
