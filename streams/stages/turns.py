"""Ordered release: batches handled at the same time give out their results in the order in which they began."""

import asyncio
from types import TracebackType


class Turns:
    """Lets through one at a time in the order in which the turns were taken: `async with turns.take():`."""

    def __init__(self) -> None:
        self._last: asyncio.Event | None = None

    def take(self) -> "Turn":
        """A place behind all that were taken before."""
        done = asyncio.Event()
        turn, self._last = Turn(self._last, done), done
        return turn


class Turn:
    """Entered when the turn before is over. One that fails lets nobody through: their order would have a gap."""

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
