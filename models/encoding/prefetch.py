"""Overlaps two steps: `ahead` runs an iterator in its own thread, a bounded number of items before its reader."""

import queue
import threading
from collections.abc import Generator, Iterable
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL_SECONDS = 0.05  # longest time until the producer notices that its reader has gone


@dataclass(frozen=True)
class _End:
    """The producer has finished, or has failed with `error`."""

    error: BaseException | None = None


class _Hand(Generic[T]):
    """The channel between the producer's thread and the reader's."""

    def __init__(self, depth: int) -> None:
        self.waiting: queue.Queue[T | _End] = queue.Queue(maxsize=depth)
        self.reader_gone = threading.Event()

    def put(self, item: T | _End) -> bool:
        """Wait for room and put the item. False when the reader has gone."""
        while not self.reader_gone.is_set():
            try:
                self.waiting.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def produce(self, items: Iterable[T]) -> None:
        """Run in the producer's thread. A generator is closed there as well, which frees its resources."""
        end = _End()
        try:
            with closing(items) if isinstance(items, Generator) else nullcontext():
                for item in items:
                    if not self.put(item):
                        return
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            end = _End(error)
        self.put(end)


def ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    """Yield the items in order, with at most `depth` items computed ahead.

    When the reader stops early or fails, the producer's thread is ended and joined.

    Args:
        items: Iterated in another thread.
        depth: Largest number of waiting items.

    Raises:
        BaseException: The error of the producer.
    """
    hand: _Hand[T] = _Hand(depth)
    thread = threading.Thread(target=hand.produce, args=(items,), name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := hand.waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        hand.reader_gone.set()
        thread.join()
