"""Runs one source for ever: sends what it hands out, saves its cursor once that is safe, and connects again.

* A cursor is saved only after the broker acknowledged everything handed out before it; a restart continues there and
  the memory drops what was sent already: no gap, no duplicate, whenever the process is killed.
* A lost connection is tried again with exponential back-off and jitter (tenacity), or after the time that the platform
  asked for. A connection that gave a new post, or held for `STEADY` seconds, starts the count anew. `RefusedError` ends
  the source.
* Back-pressure: no more than `MAX_PENDING` posts wait for the broker. A send that fails ends the runner: its caller
  starts the process again, and the cursor is still where it was safe.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_base, wait_random_exponential

from models.events import Deletion, Tweet
from streams.clock import Clock
from streams.sources.cursors import Files, Health, Saved
from streams.sources.people.wanted import PLATFORM_OF, People
from streams.sources.port import Bad, DisconnectedError, Ignored, Item, RefusedError, Source
from streams.sources.producer import Delivery
from streams.sources.sent_posts import Memory
from streams.system.metrics import Metrics

MAX_PENDING = 500
FLUSH_SECONDS = 1.0
RATE_WINDOW = timedelta(minutes=5)
STEADY = 30.0  # seconds
Sleep = Callable[[float], Awaitable[None]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Backoff:
    """Waiting between attempts, in seconds: random up to first, 2 × first, 4 × first … but never above `most`."""

    first: float = 1.0
    most: float = 300.0


class _AskedFor(wait_base):
    """The platform's own word where it gave one (and a little more, so that clients do not all come at once)."""

    def __init__(self, otherwise: Backoff) -> None:
        self._otherwise = wait_random_exponential(multiplier=otherwise.first, max=otherwise.most)
        self._jitter = wait_random_exponential(multiplier=otherwise.first, max=otherwise.first)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, DisconnectedError) else None
        if not asked:  # a time that is over is no time: asking at once, again and again, helps nobody
            return self._otherwise(retry_state)
        return max(0.0, asked) + self._jitter(retry_state)


@dataclass
class Runner:
    """One source and what it needs; `run()` ends only by an error: refused, or the broker's."""

    source: Source
    delivery: Delivery
    files: Files
    memory: Memory
    people: People
    clock: Clock
    backoff: Backoff = Backoff()
    sleep: Sleep = asyncio.sleep
    saved: Saved = field(default_factory=Saved)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.health = Health(self.source.name, since=self._now())
        self._cursor = self.saved.cursor
        self._flushing = asyncio.Lock()
        self._times: deque[datetime] = deque(maxlen=10_000)

    async def run(self) -> None:
        """Until cancelled. Raises RefusedError, and what the producer raises."""
        async with self._flushed_regularly():
            try:
                while True:
                    await self._one_stretch()
            except RefusedError as error:
                self._state("refused", str(error))
                raise

    async def _one_stretch(self) -> None:
        """Connect until a connection is of use; its end is the end of the stretch."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(DisconnectedError),
            wait=_AskedFor(self.backoff),
            sleep=self.sleep,
            before_sleep=self._before_sleep,
        )
        async for attempt in retrying:
            with attempt:
                await self._connection()

    async def _connection(self) -> None:
        """One connection. The end of one that was of use is no failure; everything else is tried again."""
        began, sent, told = asyncio.get_running_loop().time(), self.health.sent, "the connection ended"
        try:
            async for item in self.source.events(self._cursor):
                self.health.state = "connected"
                await self._handle(item)
        except DisconnectedError as error:
            if error.retry_after is not None:
                raise
            told = str(error)
        if self.health.sent == sent and asyncio.get_running_loop().time() < began + STEADY:
            raise DisconnectedError(told)
        self._reconnects()
        self._state("waiting", told)
        await self.flush()
        await self.sleep(random.uniform(0, self.backoff.first))

    async def _handle(self, item: Item) -> None:
        outcome = item.outcome
        if isinstance(outcome, Bad):
            self._count("bad")
            await self.delivery.bad(outcome, self.clock())
        elif isinstance(outcome, Ignored):
            self._count("ignored")
        elif outcome is not None:
            await self._send(outcome)
        if item.cursor is not None:
            self._cursor = item.cursor
        if len(self.delivery) >= MAX_PENDING:
            await self.flush()

    async def _send(self, post: Tweet | Deletion) -> None:
        fresh = self.memory.fresh(post, self.people.wants)
        if not fresh:
            self._count("duplicates" if post.id in self.memory else "ignored")
        for each in fresh:
            self.memory.remember(each)
            await self.delivery.post(each, self.saved.cursor, self.clock())
            self._count("sent")
            self._times.append(self.clock())
            self.health.last_post = self._now()

    async def flush(self) -> None:
        """Wait for the broker, then save how far the source is."""
        async with self._flushing:
            cursor = self._cursor  # everything before it is with the producer already
            await self.delivery.flush()
            saved = Saved(cursor, dict(self.delivery.offsets) or self.saved.offsets)
            if saved != self.saved:
                self.files.save(saved)
                self.saved = saved
            self._report()

    @asynccontextmanager
    async def _flushed_regularly(self) -> AsyncIterator[None]:
        """A quiet source's last posts must not wait for its next one; a failed flush ends the runner."""
        flusher = asyncio.create_task(self._flush_for_ever())
        this = asyncio.current_task()
        flusher.add_done_callback(lambda task: this and not task.cancelled() and task.exception() and this.cancel())
        try:
            yield
        finally:
            flusher.cancel()
            ended = await asyncio.gather(flusher, return_exceptions=True)
            failure = next((e for e in ended if isinstance(e, Exception)), None)
            if failure is not None:
                raise failure
            await self.flush()
            if self.health.state != "refused":
                self._state("stopped")

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    def _before_sleep(self, retry_state: RetryCallState) -> None:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        wait = retry_state.next_action.sleep if retry_state.next_action else 0.0
        self._reconnects()
        self._state("waiting", str(error))
        log.warning("source disconnected", source=self.source.name, reason=str(error), retry_in=round(wait, 1))

    def _count(self, what: Literal["sent", "duplicates", "ignored", "bad"]) -> None:
        setattr(self.health, what, getattr(self.health, what) + 1)
        self.metrics.counter("source_records").labels(source=self.source.name, outcome=what).inc()

    def _reconnects(self) -> None:
        self.health.reconnects += 1
        self.metrics.counter("source_reconnects").labels(source=self.source.name).inc()

    def _state(self, state: str, error: str = "") -> None:
        self.health.state = state
        self.health.last_error = error or self.health.last_error
        self._report()

    def _report(self) -> None:
        since = self.clock() - RATE_WINDOW
        while self._times and self._times[0] < since:
            self._times.popleft()
        self.health.per_minute = round(len(self._times) / (RATE_WINDOW.total_seconds() / 60), 2)
        self.health.not_found = self.people.not_found.get(PLATFORM_OF.get(self.source.name, self.source.name), [])
        gauge = self.metrics.gauge
        gauge("source_connected").labels(source=self.source.name).set(self.health.state == "connected")
        gauge("source_posts_per_minute").labels(source=self.source.name).set(self.health.per_minute)
        self.files.report(self.health)

    def _now(self) -> str:
        return self.clock().isoformat(timespec="seconds")
