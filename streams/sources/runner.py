"""Runs one source without end: sends its posts, saves its cursor when they are safe, and reconnects.

* Cursor: it is saved only after the broker acknowledged all records before it. A restart continues from it, and
  `SentPosts` drops the posts that were sent already. So a kill at any time causes no gap and no duplicate.

* Reconnection: exponential back-off with jitter (tenacity), or the wait that the platform requested. A connection that
  gave a new post, or lasted `STEADY` seconds, resets the back-off. `RefusedError` ends the source.

* Back-pressure: at most `MAX_PENDING` posts wait for the broker. A failed send ends the runner; its caller restarts the
  process, and the saved cursor is still safe.
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
from streams.sources.sent_posts import SentPosts
from streams.system.metrics import Metrics, note_progress

MAX_PENDING = 500
FLUSH_SECONDS = 1.0
RATE_WINDOW = timedelta(minutes=5)
STEADY = 30.0  # seconds
Sleep = Callable[[float], Awaitable[None]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Backoff:
    """Seconds between attempts: random up to first, 2 × first, 4 × first …, at most `most`."""

    first: float = 1.0
    most: float = 300.0


class _AskedFor(wait_base):
    """Wait for the time that the platform requested, plus a small random part that spreads the clients."""

    def __init__(self, otherwise: Backoff) -> None:
        self._otherwise = wait_random_exponential(multiplier=otherwise.first, max=otherwise.most)
        self._jitter = wait_random_exponential(multiplier=otherwise.first, max=otherwise.first)

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, DisconnectedError) else None
        if not asked:  # ignore a time in the past: it would cause requests without a pause
            return self._otherwise(retry_state)
        return max(0.0, asked) + self._jitter(retry_state)


@dataclass
class Runner:
    """One source with its dependencies; `run()` ends only with an error: refused, or the broker's."""

    source: Source
    delivery: Delivery
    files: Files
    memory: SentPosts
    people: People
    clock: Clock
    backoff: Backoff = Backoff()
    sleep: Sleep = asyncio.sleep
    saved: Saved = field(default_factory=Saved)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        for outcome in ("sent", "duplicates", "ignored", "bad"):  # from 0 on, so that the first one is an increase
            self.metrics.counter("source_records").labels(source=self.source.name, outcome=outcome)
        self.health = Health(self.source.name, since=self._now())
        self._cursor = self.saved.cursor
        self._flushing = asyncio.Lock()
        self._times: deque[datetime] = deque(maxlen=10_000)

    async def run(self) -> None:
        """Run until cancelled.

        Raises:
            RefusedError: The source cannot work (token, address, empty list).
        """
        async with self._flushed_regularly():
            try:
                while True:
                    await self._one_stretch()
            except RefusedError as error:
                self._state("refused", str(error))
                raise

    async def _one_stretch(self) -> None:
        """Connect until one connection was useful; its end is the end of the stretch."""
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
        """Run one connection. The end of a useful one is not a failure; all other ends are retried."""
        began, sent, reason = asyncio.get_running_loop().time(), self.health.sent, "the connection closed"
        try:
            async for item in self.source.events(self._cursor):
                self.health.state = "connected"
                await self._handle(item)
        except DisconnectedError as error:
            if error.retry_after is not None:
                raise
            reason = str(error)
        if self.health.sent == sent and asyncio.get_running_loop().time() < began + STEADY:
            raise DisconnectedError(reason)
        self._reconnects()
        self._state("waiting", reason)
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
            now = self.clock()
            self._times.append(now)
            self.health.last_post = self._now()
            self._gauge("source_last_post_seconds", now.timestamp())
            if isinstance(each, Tweet):
                self._gauge("source_lag_seconds", (now - each.created_at).total_seconds())

    async def flush(self) -> None:
        """Wait for the broker, then save the source's cursor."""
        async with self._flushing:
            cursor = self._cursor  # all records before it have been passed to the producer
            await self.delivery.flush()
            saved = Saved(cursor, dict(self.delivery.offsets) or self.saved.offsets)
            if saved != self.saved:
                self.files.save(saved)
                self.saved = saved
            note_progress(self.metrics, self.source.name)
            self._report()

    @asynccontextmanager
    async def _flushed_regularly(self) -> AsyncIterator[None]:
        """Flush regularly, so that a quiet source's last posts are not delayed; a failed flush ends the runner."""
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
        log.warning(
            "source disconnected, reconnecting", source=self.source.name, reason=str(error), retry_in=round(wait, 1)
        )

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
        self._gauge("source_connected", self.health.state == "connected")
        self._gauge("source_posts_per_minute", self.health.per_minute)
        self.files.report(self.health)

    def _gauge(self, name: str, value: float) -> None:
        self.metrics.gauge(name).labels(source=self.source.name).set(value)

    def _now(self) -> str:
        return self.clock().isoformat(timespec="seconds")
