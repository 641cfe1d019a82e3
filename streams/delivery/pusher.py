"""`toptopics push`: takes digests from the log into the queue of each endpoint, and from there to the endpoint.

An endpoint that fails, hangs or is unreachable does not delay others: each has its own queue and at most one request at
a time. A confirmed delivery is never repeated. An unconfirmed one may be repeated under the same id, because the answer
can get lost. The queue only records what was done; the digests come from the log.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from streams.clock import Clock
from streams.delivery.errors import DeliveryError
from streams.delivery.queue import Delivery, DeliveryQueue
from streams.delivery.subscription import Kind, Subscription
from streams.kafka.digests import PublishedDigest
from streams.system.logs import get_logger
from streams.system.metrics import Metrics, note_progress

TICK_SECONDS = 0.5
OUTCOMES = ("delivered", "failed", "dead")  # of an attempt, for the metrics
TOTAL_SECONDS = 60.0  # an endpoint that sends its answer slowly is given up after this time
EDITING = timedelta(minutes=10)  # that a language model has before a digest goes out without its words
log = get_logger(__name__)
NextAttempt = Callable[[int, float, float | None], float | None]


class Sender(Protocol):
    """One way of delivery."""

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Return when the receiver has accepted the digest.

        Raises:
            DeliveryError: It was not accepted.
        """


def daily(attempts: int, now: float, retry_after: float | None) -> float | None:
    """The time of the next attempt: see `next_attempt`."""
    return next_attempt(attempts, now, retry_after=retry_after)


class Pusher:
    """Delivers until cancelled.

    Args:
        queue: The endpoints' queues.
        senders: The way of delivery for each kind of subscription.
        clock: The present time.
        next_attempt: The time of the next attempt.
        total_seconds: Longest time of one delivery.
        metrics: What is delivered, waiting and given up, by endpoint.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        senders: Mapping[Kind, Sender],
        *,
        clock: Clock,
        next_attempt: NextAttempt = daily,
        total_seconds: float = TOTAL_SECONDS,
        metrics: Metrics | None = None,
    ) -> None:
        self._queue = queue
        self._senders = senders
        self._clock = clock
        self._next_attempt = next_attempt
        self._total_seconds = total_seconds
        self._metrics = metrics or Metrics()
        self._reported: set[str] = set()  # endpoints that the metrics show
        self._digests: dict[str, PublishedDigest] = {}
        self._version = 0
        self._queued: dict[str, int] = {}  # subscription -> version of the digests in its queue
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self, digests: AsyncIterator[list[PublishedDigest]]) -> None:
        """Run until `digests` ends and everything due is delivered, or until cancelled.

        Raises:
            sqlite3.Error: The queue cannot be used.
            KafkaError: The digests cannot be read.
        """
        following = asyncio.create_task(self._follow(digests))
        try:
            while not (following.done() and self._is_idle()):
                if following.done():
                    following.result()
                if self._version:  # before the first read of the log it is unknown what is due
                    self._start_due()
                await asyncio.sleep(TICK_SECONDS)
                for name in [name for name, task in self._busy.items() if task.done()]:
                    self._busy.pop(name).result()
                self._report()
        finally:
            tasks = [following, *self._busy.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, digests: AsyncIterator[list[PublishedDigest]]) -> None:
        async for entries in digests:
            self._digests |= {entry.digest.week: entry for entry in entries}
            self._version += 1

    def _is_idle(self) -> bool:
        next_ones = [(one, self._queue.next_of(one.name)) for one in self._queue.subscriptions()]
        current = all(self._queued.get(s.name) == self._version for s in self._queue.subscriptions())
        return not self._busy and current and not any(d is not None and self._is_due(s, d) for s, d in next_ones)

    def _is_due(self, subscription: Subscription, delivery: Delivery) -> bool:
        """An edited digest has to wait for its editor, who begins when the digest is out."""
        now, entry = self._clock(), self._digests.get(delivery.week)
        waits = subscription.edited and entry is not None and entry.made_at and now < entry.made_at + EDITING
        return delivery.due <= now.timestamp() and not waits

    def _start_due(self) -> None:
        for subscription in self._queue.subscriptions():
            name = subscription.name
            if self._queued.get(name) != self._version:
                self._fill(subscription)
            delivery = None if name in self._busy else self._queue.next_of(name)
            if delivery is not None and self._is_due(subscription, delivery):
                self._busy[name] = asyncio.create_task(self._deliver(subscription, delivery))

    def _report(self) -> None:
        """Export the queues as they are: commands and the API change them beside this process."""
        waiting, dead = self._metrics.gauge("deliveries_waiting"), self._metrics.gauge("deliveries_dead")
        backlog = self._queue.backlog()
        for gone in self._reported - backlog.keys():
            waiting.remove(gone)
            dead.remove(gone)
        for name, (still, given_up) in backlog.items():
            waiting.labels(endpoint=name).set(still)
            dead.labels(endpoint=name).set(given_up)
            for outcome in OUTCOMES:  # from 0 on, so that the first one is an increase
                self._metrics.counter("deliveries").labels(endpoint=name, outcome=outcome)
        self._reported = set(backlog)
        if self._version:
            note_progress(self._metrics, "push")

    def _count(self, delivery: Delivery, outcome: str) -> None:
        self._metrics.counter("deliveries").labels(endpoint=delivery.subscription, outcome=outcome).inc()

    def _fill(self, subscription: Subscription) -> None:
        entries = sorted(self._digests.values(), key=lambda entry: entry.digest.week)
        named = [(entry.digest.week, entry.hash, entry.revision) for entry in entries]
        self._queue.catch_up(subscription, named)
        for week, value_hash, revision in named:
            self._queue.add(subscription.name, week, value_hash, revision)
        self._queued[subscription.name] = self._version

    async def _deliver(self, subscription: Subscription, delivery: Delivery) -> None:
        entry = self._digests.get(delivery.week)
        if entry is None or (entry.hash, entry.revision) != (delivery.hash, delivery.revision):
            self._queue.skipped(delivery, self._clock().timestamp())
            return
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._total_seconds):
                await self._senders[subscription.kind].send(subscription, entry, self._clock())
        except TimeoutError:
            self._failed(delivery, DeliveryError(f"no answer within {self._total_seconds:.0f} s"))
        except DeliveryError as error:
            self._failed(delivery, error)
        else:
            self._queue.delivered(delivery, self._clock().timestamp())
            self._count(delivery, "delivered")
            seconds = round(time.monotonic() - started, 2)
            log.info("digest delivered", to=delivery.subscription, week=delivery.week, seconds=seconds)

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        now = self._clock().timestamp()
        due = None if error.final else self._next_attempt(delivery.attempts, now, error.retry_after)
        self._queue.failed(delivery, str(error), due, now)
        self._count(delivery, "dead" if due is None else "failed")
        log.warning(
            "digest not delivered",
            to=delivery.subscription,
            week=delivery.week,
            attempt=delivery.attempts + 1,
            reason=str(error),
            next_at="never" if due is None else datetime.fromtimestamp(due, UTC).isoformat(timespec="seconds"),
        )


# 13 attempts over 24 hours; after the last one the delivery is dead. The next one is stored in the queue, where it
# outlives this process: tenacity waits inside of one.
DELAYS: Final = (5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 25_645)

JITTER = 0.1  # endpoints that failed together are not tried together


def next_attempt(
    attempts: int, now: float, *, retry_after: float | None = None, jitter: float | None = None
) -> float | None:
    """The time of the next attempt after `attempts` earlier failures; None for never.

    Args:
        attempts: Failures before this one.
        now: The present time, seconds since 1970.
        retry_after: Seconds that the receiver asked to wait. It can lengthen a wait up to our longest one.
        jitter: Share by which the wait changes; random if None.
    """
    if attempts >= len(DELAYS):
        return None
    share = random.uniform(-JITTER, JITTER) if jitter is None else jitter
    wait = DELAYS[attempts] * (1 + share)
    return now + max(wait, min(retry_after or 0.0, float(DELAYS[-1])))
