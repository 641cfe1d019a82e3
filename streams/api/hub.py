"""One reader of the view for all event streams of this process.

`run` waits for changes in Redis, refreshes the board, and puts each message, encoded once, into the queue of every
reader. A queue is bounded. A reader that is too slow is disconnected and resumes with its `Last-Event-ID`, so it
neither slows the others nor uses more memory than its queue.

* Messages with an id to resume from: `topic` (born, trending, merged …), `alert`, `digest`.
* Messages without one: `topics` (changes of the board, at most `UPDATE_TOPICS`), `status` (whether the view can be
  read, and what keeps new posts from it), `reset` (reload everything: too much was missed) and `heartbeat`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from time import monotonic
from typing import Any, Final

import msgspec

from models.live.state import ViewEvent
from streams.api.limits import ApiLimits
from streams.kafka.lag import StageState
from streams.system.logs import get_logger
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.port import ViewReader, ViewUnavailableError

log = get_logger(__name__)
UPDATE_TOPICS: Final = 12
WAIT_MS: Final = 1_000
RESUME_PAGE: Final = 500
# stage -> its state; raises when the broker does not answer
StageCheck = Callable[[], Awaitable[Mapping[str, StageState]]]
NAMES: Final = {"alert": "alert", "digest": "digest"}


class Reader:
    """One connected client."""

    def __init__(self, host: str, size: int) -> None:
        self.host = host
        self.queue: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(size)
        self.slow = False


class Hub:
    """See the module's docstring."""

    def __init__(self, views: ViewReader, board: Board, metrics: Metrics, limits: ApiLimits) -> None:
        self._views = views
        self._limits = limits
        self._metrics = metrics
        self._readers: set[Reader] = set()
        self._hosts: Counter[str] = Counter()
        self.board = board
        self.connected = False
        self.troubles: list[str] = []  # "embed: not running, 199 posts wait"
        # exported from the start, so that the first slow reader is a visible change
        metrics.gauge("sse_clients").set(0)
        metrics.counter("sse_messages")
        metrics.counter("sse_slow_readers")

    async def run(self) -> None:
        """Run until cancelled. Redis may be unreachable for a while."""
        while True:
            try:
                await self._follow()
            except ViewUnavailableError as error:
                log.warning("view cannot be read; trying again", error=str(error))
                self._say_connected(False)
                await asyncio.sleep(0.5)

    async def follow_stages(self, stages: StageCheck) -> None:
        """Run until cancelled: ask how the stages do while somebody reads, and tell the readers what changed."""
        while True:
            if self._readers:
                try:
                    found = troubles_of(await stages())
                except Exception as error:  # noqa: BLE001 (any error of the broker's client is the same to a reader)
                    log.warning("stages unknown: broker gives no answer", error=f"{type(error).__name__}: {error}")
                    found = ["Kafka does not answer"]
                if found != self.troubles:
                    self.troubles = found
                    self._broadcast("", self._status())
            await asyncio.sleep(self._limits.stages_seconds if self._readers else 1.0)

    def has_room(self, host: str) -> bool:
        """Whether another client of that address may connect."""
        return len(self._readers) < self._limits.sse_clients and self._hosts[host] < self._limits.sse_per_client

    async def subscribe(self, host: str, last_id: str | None) -> AsyncIterator[bytes]:
        """The messages for one client: those after `last_id`, then all new ones, and heartbeats.

        Args:
            host: The client's address.
            last_id: Id of the last message that the client received.
        """
        reader = Reader(host, self._limits.sse_queue)
        self._readers.add(reader)
        self._hosts[host] += 1
        self._metrics.gauge("sse_clients").set(len(self._readers))
        try:
            yield b"retry: 2000\n\n" + self._status()
            sent = last_id or ""
            async for event_id, chunk in self._missed(last_id):
                sent = event_id or sent
                yield chunk
            while not (reader.slow and reader.queue.empty()):
                try:
                    async with asyncio.timeout(self._limits.heartbeat_seconds):
                        event_id, chunk = await reader.queue.get()
                except TimeoutError:
                    yield message("heartbeat", self._state())
                    continue
                if not event_id or not sent or order(event_id) > order(sent):
                    yield chunk
        finally:
            self._readers.discard(reader)
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]
            self._metrics.gauge("sse_clients").set(len(self._readers))

    async def _missed(self, last_id: str | None) -> AsyncIterator[tuple[str, bytes]]:
        if last_id is None:
            return
        try:
            oldest = await self._views.events("0-0", 1)
            if not oldest or order(last_id) < order(oldest[0].id):
                yield "", message("reset", {})
            while page := await self._views.events(last_id, RESUME_PAGE):
                for event in page:
                    yield event.id, encode(event)
                    # a page fits a socket's buffer: let other tasks run, and notice a reader that has disconnected
                    await asyncio.sleep(0)
                last_id = page[-1].id
        except ViewUnavailableError:
            yield "", message("reset", {})  # the client reloads when the view can be read again

    async def _follow(self) -> None:
        event, pulse = await self._views.positions()
        await self._refresh()
        self._say_connected(True)
        due, stale = 0.0, False
        while True:
            wait = max(1, int((due - monotonic()) * 1_000)) if stale else WAIT_MS
            events, latest = await self._views.tail(event, pulse, wait)
            for found in events:
                event = found.id
                self._broadcast(found.id, encode(found))
            if latest is not None:
                pulse = latest
            # without any event the view may have been wiped, which sends none
            stale = stale or latest is not None or not events
            if stale and monotonic() >= due:
                start = monotonic()
                await self._refresh()
                # with many readers, fewer and larger updates: the pause grows with the cost of an update
                pause = 0.05 + 0.0002 * len(self._readers) + (monotonic() - start)
                due, stale = monotonic() + min(1.0, pause), False

    async def _refresh(self) -> None:
        changed = await self.board.refresh()
        gauge = self._metrics.gauge
        gauge("live_topics").set(len(self.board.states))
        gauge("view_posts").set(self.board.posts)
        if self.board.newest is not None:
            gauge("view_newest_post_seconds").set(self.board.newest.timestamp())
        if changed and self._readers:
            self._broadcast("", self._update(changed))

    def _update(self, changed: list[str]) -> bytes:
        known = [summary for name in changed if (summary := self.board.summary(name)) is not None]
        known.sort(key=lambda one: (one.windows["24h"].trend, one.id), reverse=True)
        body = {
            "version": self.board.version,
            "newest": self.board.newest,
            "posts": self.board.posts,
            "topics": known[:UPDATE_TOPICS],
            "gone": [name for name in changed if name not in self.board.states][:UPDATE_TOPICS],
            "changed": len(changed),
        }
        return message("topics", body)

    def _broadcast(self, event_id: str, chunk: bytes) -> None:
        for reader in self._readers:
            if reader.slow:
                continue
            try:
                reader.queue.put_nowait((event_id, chunk))
            except asyncio.QueueFull:
                reader.slow = True
                self._metrics.counter("sse_slow_readers").inc()
        self._metrics.counter("sse_messages").inc(len(self._readers))

    def _status(self) -> bytes:
        return message("status", self._state())

    def _state(self) -> dict[str, Any]:
        return {
            "connected": self.connected,
            "version": self.board.version,
            "newest": self.board.newest,
            "troubles": self.troubles,
        }

    def _say_connected(self, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            self._broadcast("", self._status())


def troubles_of(stages: Mapping[str, StageState]) -> list[str]:
    """What keeps posts from readers: "embed: not running, 199 posts wait"."""
    return [f"{stage}: {state.trouble}" for stage, state in stages.items() if state.trouble]


def message(name: str, data: Any, event_id: str | None = None) -> bytes:
    """One server-sent event. JSON contains no line break, so one data line is enough."""
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {name}\ndata: ".encode() + msgspec.json.encode(data) + b"\n\n"


def encode(event: ViewEvent) -> bytes:
    """The message of one entry of the stream of events."""
    return message(NAMES.get(event.kind, "topic"), event, event.id)


def order(event_id: str) -> tuple[int, int]:
    """Sortable form of a stream id, "milliseconds-number".

    Raises:
        ValueError: The text is no id of a stream.
    """
    first, _, second = event_id.partition("-")
    return int(first), int(second or 0)
