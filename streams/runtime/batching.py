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
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

E = TypeVar("E")
# what a full batch may take, the wait for the one before it included: a slow CPU still gets batches of 1,024, which
# pad 2 % and not the 5 % of 512, and a stage that is told to stop is done in time
SECONDS = 10.0
LEAST = 64  # smaller batches waste a CPU: too few posts of one length


class BatchSize:
    """How many events the next batch may take, LEAST to `most`: what is done within SECONDS.

    Twice as many after a full batch that took less than a third of that, so that twice as many are not at its edge;
    half as many after one that took longer. So a model of ten posts a second and one of ten thousand both fill their
    device, and a batch never takes minutes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = min(LEAST, most)

    def observe(self, count: int, seconds: float) -> None:
        """A batch of `count` events took `seconds` from its beginning to its acknowledgement."""
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
    """Until `events` end, and then until all of them are acknowledged; raises what `events` or `handle` raise.

    most: events in a batch at the most. ahead: batches handled at the same time; `handle` keeps their order itself.
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
        await _cancel([reading, working, *flow.under_way])


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
        self._changed = asyncio.Event()  # something arrived, was taken, ended or failed
        self._ended = False
        self.under_way: deque[asyncio.Task[None]] = deque()

    async def read(self, events: AsyncIterator[E]) -> None:
        """Gather what arrives, no more than the next batch can take."""
        async for event in events:
            self._waiting.append(event)
            if self._worth_beginning():  # else nobody has anything to do, and would be woken for every single event
                self._changed.set()
            while len(self._waiting) >= self._size.now:
                await self._change()
        self._ended = True
        self._changed.set()

    async def work(self) -> None:
        """Begin batches, and raise what one of them raises."""
        while True:
            while self.under_way and self.under_way[0].done():
                self.under_way.popleft().result()
            if self._worth_beginning():
                self._begin()
            elif self._ended and not self._waiting and not self.under_way:
                return
            else:
                await self._change()

    def _worth_beginning(self) -> bool:
        """A batch ahead must be full: one that took the first event to arrive would leave the rest behind itself."""
        if not self.under_way:
            return bool(self._waiting)
        return len(self.under_way) < self._ahead and len(self._waiting) >= self._size.now

    def _begin(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._size.now))]
        before = self.under_way[-1] if self.under_way else None
        task = asyncio.ensure_future(self._one(batch, before))
        task.add_done_callback(lambda _: self._changed.set())
        self.under_way.append(task)
        self._changed.set()

    async def _one(self, batch: list[E], before: asyncio.Task[None] | None) -> None:
        clock = asyncio.get_running_loop().time
        started = clock()
        await self._handle(batch)
        if before is not None:
            await asyncio.shield(before)  # raises too: what comes after a failed batch is not acknowledged
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
