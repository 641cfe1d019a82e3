"""Batches that size themselves: begun one ahead of the other, acknowledged in the order of arrival.

An event that arrives while nothing is under way leaves at once, alone. While a batch is under way events gather, and
the next batch takes all of them, up to a size that follows the handler (`BatchSize`); as soon as they are that many, it
begins ahead, up to `ahead` batches at the same time. So a lone post does not wait for company, a backlog fills the
device, and the device never waits for what comes before and after it.

Delivery: a batch is acknowledged when its handler has returned and every batch before it is acknowledged. Faust commits
past a single event left unacknowledged between others, so this order is what loses nothing. The first error of any
batch is raised here; nothing of that batch or after it is acknowledged, and it is all delivered again.
"""

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
