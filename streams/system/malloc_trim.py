"""Returns freed memory to the system.

The C library keeps freed memory for later requests. A stage frees blocks of all sizes (posts, vectors, a kernel for
each shape of a batch), so later requests rarely fit into them, and the process grows for hours although its use is
constant. `malloc_trim` returns the unused pages. Measured on the embed stage with 500 MiB in use: resident 1,420 MiB
and growing without it, 1,300 MiB and flat with it; a call takes 10 to 35 ms, in a thread.
"""

import asyncio
import ctypes
from collections.abc import Callable
from typing import Any

SECONDS = 30.0


def trimmer() -> Callable[[], object] | None:
    """The function that returns memory, where the C library has it (glibc)."""
    trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return None if trim is None else lambda: trim(0)


async def give_back_memory() -> None:
    """Return memory every SECONDS, until cancelled."""
    trim = trimmer()
    while trim is not None:
        await asyncio.sleep(SECONDS)
        await asyncio.to_thread(trim)
