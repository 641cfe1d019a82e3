"""Turns a library that blocks a thread into an async iterator, with back-pressure: the thread waits for its reader."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
MOST = 64  # waiting entries; one may be a line of 2 MiB
Put = Callable[[T], None]


class ClosedError(Exception):
    """Raised inside the thread's `put` when the reader has gone. The thread should end."""


class _Channel(Generic[T]):
    """A bounded queue with writers in another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[_Entry[T]] = asyncio.Queue(MOST)
        self._closed = threading.Event()

    def put(self, entry: "_Entry[T]") -> None:
        """Add an entry from the thread; waits for room.

        Raises:
            ClosedError: The reader has gone.
        """
        if self._closed.is_set() or self._loop.is_closed():
            raise ClosedError
        future = asyncio.run_coroutine_threadsafe(self._queue.put(entry), self._loop)
        while not self._closed.is_set():
            try:
                return future.result(timeout=0.2)
            except TimeoutError:
                continue
        future.cancel()
        raise ClosedError

    async def get(self) -> "_Entry[T]":
        return await self._queue.get()

    def close(self) -> None:
        self._closed.set()


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    value: T | None = None
    failure: BaseException | None = None
    ended: bool = False


async def from_thread(work: Callable[[Put[T]], None], *, stop: Callable[[], None]) -> AsyncIterator[T]:
    """Yield what `work(put)` puts until it returns. Its exception is raised here. `stop` must make it return soon."""
    channel: _Channel[T] = _Channel()
    threading.Thread(target=_body, args=(work, channel), name="source", daemon=True).start()
    try:
        while not (entry := await channel.get()).ended:
            yield entry.value  # type: ignore[misc] # an entry that is not the end carries a value
        if entry.failure is not None:
            raise entry.failure
    finally:
        channel.close()
        stop()


def _body(work: Callable[[Put[T]], None], channel: _Channel[T]) -> None:
    failure: BaseException | None = None
    try:
        work(lambda value: channel.put(_Entry(value)))
    except ClosedError:
        return
    except Exception as error:  # noqa: BLE001 (raised again in the reader)
        failure = error
    with suppress(ClosedError):  # nobody is left to tell
        channel.put(_Entry(failure=failure, ended=True))
