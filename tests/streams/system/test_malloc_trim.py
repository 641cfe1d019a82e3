"""Freed memory is returned to the system."""

import asyncio
import threading

import psutil
import pytest

from streams.system import malloc_trim as heap

PIECE = 60_000  # below the size that the C library allocates separately, like most blocks that a stage frees
KEPT = 8_000
PIECES = 3_000


def test_what_lies_between_things_in_use_goes_back() -> None:
    """By itself the C library returns only the end of its heap, nothing that lies before a block in use."""
    trim = heap.trimmer()
    if trim is None:
        pytest.skip("this C library keeps what it has")
    freed, kept = [], []
    for _ in range(PIECES):
        freed.append(b"x" * PIECE)
        kept.append(b"y" * KEPT)
    freed.clear()
    before = psutil.Process().memory_info().rss
    trim()
    assert before - psutil.Process().memory_info().rss > PIECE * PIECES / 2
    assert len(kept) == PIECES


async def test_it_goes_on_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeatedly and in a thread: a stage must not pause."""
    threads: list[threading.Thread] = []
    monkeypatch.setattr(heap, "SECONDS", 0.01)
    monkeypatch.setattr(heap, "trimmer", lambda: lambda: threads.append(threading.current_thread()))
    task = asyncio.create_task(heap.give_back_memory())
    while len(threads) < 3:
        await asyncio.sleep(0.01)
    task.cancel()
    assert threading.main_thread() not in threads
