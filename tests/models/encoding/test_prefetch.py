"""A thread that works ahead: in order, bounded, passes errors on, and always ends."""

import threading
import time
from collections.abc import Iterator

import pytest

from models.encoding.prefetch import ahead


def running() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ahead"]


def test_items_arrive_in_order() -> None:
    """None is an item like any other."""
    assert list(ahead([1, None, 3], 1)) == [1, None, 3]
    assert list(ahead(iter(range(500)), 3)) == list(range(500))
    assert list(ahead([], 2)) == []


def test_the_producer_stays_within_its_bound() -> None:
    """It is at most its depth plus the item in hand ahead of the reader."""
    made: list[int] = []

    def produce() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    for read, _ in enumerate(ahead(produce(), 3)):
        time.sleep(0.002)
        assert len(made) <= read + 1 + 3 + 1


def test_an_error_arrives_after_the_items_before_it() -> None:
    """The error itself, unchanged."""

    def produce() -> Iterator[int]:
        yield 1
        raise KeyError("x")

    items = ahead(produce(), 4)
    assert next(items) == 1
    with pytest.raises(KeyError):
        next(items)
    assert not running()


def test_a_reader_that_stops_stops_the_producer() -> None:
    """Also when the queue is full and the source endless."""

    def endless() -> Iterator[int]:
        while True:
            yield 1

    items = ahead(endless(), 2)
    assert next(items) == 1
    items.close()
    assert not running()
