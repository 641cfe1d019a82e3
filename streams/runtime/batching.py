"""Adaptive batches. Several batches run at the same time and are acknowledged in order of arrival.

When no batch is running, an event is handled at once, alone. While a batch runs, events gather. The next batch takes
all of them, up to a size that follows the handler's speed (`BatchSize`). As soon as a full batch has gathered, it
starts without waiting, with up to `ahead` batches at the same time. So a single post does not wait for others, a
backlog fills the device, and the device does not wait for decoding or sending.

Delivery: a batch is acknowledged when its handler has returned and every earlier batch is acknowledged. Faust commits
past a single unacknowledged event, so only this order loses nothing. The first error of any batch is raised; that batch
and all later ones stay unacknowledged and are delivered again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

E = TypeVar("E")
# longest a full batch may take, including the wait for the batch before it: a slow CPU still gets batches of 1,024,
# which pad 2 % instead of the 5 % of 512, and a stage that must stop can finish its batch in time
SECONDS = 10.0
LEAST = 64  # smaller batches waste a CPU: too few posts have the same length


class BatchSize:
    """The number of events that the next batch may take, from LEAST to `most`, so that it takes at most SECONDS.

    The size doubles after a full batch that took less than a third of SECONDS: the doubled batch still stays clear of
    the limit. It halves after a batch that took longer than SECONDS. A model of ten posts a second and one of ten
    thousand both fill their device, and no batch takes minutes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = min(LEAST, most)

    def observe(self, count: int, seconds: float) -> None:
        """Record that a batch of `count` events took `seconds` from its start to its acknowledgement."""
        if seconds > SECONDS:
            self.now = max(min(LEAST, self._most), self.now // 2)
        elif count >= self.now and seconds < SECONDS / 3:
            self.now = min(self._most, self.now * 2)


async def handle_batches(
    events: AsyncIterator[E],
    handle: Callable[[Sequence[E]], Awaitable[None]],
    acknowledge: Callable[[E], object],
    *,
    most: int,
    ahead: int,
) -> None:
    """Handle all `events` in batches. Return when `events` has ended and every event is acknowledged.

    Args:
        events: The stream.
        handle: Handles one batch. Calls overlap when `ahead` is above 1; the handler keeps their order itself.
        acknowledge: Called once for each event, in order of arrival.
        most: Largest number of events in a batch.
        ahead: Largest number of batches handled at the same time.

    Raises:
        Exception: The first error of `events` or `handle`.
    """
    flow = _Flow(handle, acknowledge, most, ahead)
    reading = asyncio.ensure_future(flow.read(events))
    working = asyncio.ensure_future(flow.work())
    try:
        await asyncio.wait({reading, working}, return_when=asyncio.FIRST_EXCEPTION)
        for task in (working, reading):
            if task.done():
                task.result()
    finally:
        await _cancel([reading, working, *flow.running])


class _Flow(Generic[E]):
    def __init__(
        self,
        handle: Callable[[Sequence[E]], Awaitable[None]],
        acknowledge: Callable[[E], object],
        most: int,
        ahead: int,
    ) -> None:
        self._handle = handle
        self._acknowledge = acknowledge
        self._ahead = ahead
        self._size = BatchSize(most)
        self._waiting: deque[E] = deque()
        self._changed = asyncio.Event()  # set when an event arrived or was taken, and when a batch finished or failed
        self._ended = False
        self.running: deque[asyncio.Task[None]] = deque()

    async def read(self, events: AsyncIterator[E]) -> None:
        """Gather events, at most as many as the next batch can take."""
        async for event in events:
            self._waiting.append(event)
            if self._can_start():  # otherwise `work` would wake up for every event with nothing to do
                self._changed.set()
            while len(self._waiting) >= self._size.now:
                await self._change()
        self._ended = True
        self._changed.set()

    async def work(self) -> None:
        """Start batches; raise the error of a failed one."""
        while True:
            while self.running and self.running[0].done():
                self.running.popleft().result()
            if self._can_start():
                self._start()
            elif self._ended and not self._waiting and not self.running:
                return
            else:
                await self._change()

    def _can_start(self) -> bool:
        """A second batch must be full: one with the first event alone would make all later events wait behind it."""
        if not self.running:
            return bool(self._waiting)
        return len(self.running) < self._ahead and len(self._waiting) >= self._size.now

    def _start(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._size.now))]
        before = self.running[-1] if self.running else None
        task = asyncio.ensure_future(self._one(batch, before))
        task.add_done_callback(lambda _: self._changed.set())
        self.running.append(task)
        self._changed.set()

    async def _one(self, batch: list[E], before: asyncio.Task[None] | None) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        await self._handle(batch)
        if before is not None:
            await asyncio.shield(before)  # raises too: batches after a failed one are not acknowledged
        for event in batch:
            self._acknowledge(event)
        self._size.observe(len(batch), clock() - started)

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


async def _cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
