"""Reads documents in a process of its own. A document that takes too long, or too much memory, costs that process.

feedparser takes time quadratic in some documents, such as unclosed tags in CDATA or attributes without end: 200 kB of
them took 12 s, in which the event loop of all sources would stand still. The limit is processor time, so that a busy
machine refuses no feed.

`python -m streams.sources.feeds.reader PARENT SECONDS` is the process. Requests come on standard input and answers go
to standard output, each as eight bytes of length and JSON.
"""

import asyncio
import math
import os
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

import msgspec

from streams.sources.feeds.entries import Entry, read_entries
from streams.sources.port import Bad
from streams.system.parent_death import die_with_parent

SECONDS = 20  # processor time for one document
MEMORY = 2 * 1024**3  # bytes of address space
LENGTH_BYTES = 8


class TooCostlyError(Exception):
    """The document needs more than one document may."""


@dataclass(frozen=True)
class Document:
    """The arguments of `read_entries`."""

    data: bytes
    address: str
    seen_at: datetime
    base: str | None = None
    charset: str | None = None


@dataclass(frozen=True)
class Contents:
    """What a document holds, oldest first."""

    entries: list[Entry]
    damaged: list[Bad]


class Reader(Protocol):
    """Reads documents; `aclose` ends it."""

    async def read(self, document: Document) -> Contents: ...
    async def aclose(self) -> None: ...


def contents_of(document: Document) -> Contents:
    """Read a document in this process."""
    found = list(
        read_entries(document.data, document.address, document.seen_at, base=document.base, charset=document.charset)
    )
    return Contents([one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Bad)])


class BoundedReader:
    """The `Reader` of the sources. The process starts with the first document.

    seconds: processor time for one document.
    """

    def __init__(self, seconds: int = SECONDS) -> None:
        self._seconds = seconds
        self._child: asyncio.subprocess.Process | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, document: Document) -> Contents:
        """Read a document.

        Raises:
            TooCostlyError: It was given up.
        """
        async with self._one_at_a_time:
            child = await self._running()
            try:
                return msgspec.json.decode(await _exchange(child, msgspec.json.encode(document)), type=Contents)
            except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError) as ended:
                await self._kill()
                raise TooCostlyError(
                    f"to read it takes more than {self._seconds} s of processor time or {MEMORY // 1024**2} MiB"
                ) from ended
            except BaseException:  # the answer would be taken for that of the next document
                await self._kill()
                raise

    async def aclose(self) -> None:
        """End the process."""
        await self._kill()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "streams.sources.feeds.reader", str(os.getpid()), str(self._seconds)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # a terminal's Ctrl-C must reach only the parent
            )
        return self._child

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _exchange(child: asyncio.subprocess.Process, request: bytes) -> bytes:
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the process has no pipes")
    child.stdin.write(len(request).to_bytes(LENGTH_BYTES, "big") + request)
    await child.stdin.drain()
    length = int.from_bytes(await child.stdout.readexactly(LENGTH_BYTES), "big")
    return await child.stdout.readexactly(length)


def _serve(requests: BinaryIO, answers: BinaryIO, seconds: int) -> None:
    """Answer until the parent closes the pipe."""
    while length := requests.read(LENGTH_BYTES):
        document = msgspec.json.decode(requests.read(int.from_bytes(length, "big")), type=Document)
        _limit_processor_time(seconds)
        answer = msgspec.json.encode(contents_of(document))
        answers.write(len(answer).to_bytes(LENGTH_BYTES, "big") + answer)
        answers.flush()


def _limit_processor_time(seconds: int) -> None:
    """The kernel ends this process when it has used that many more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used.ru_utime + used.ru_stime) + seconds, hard))


def main() -> None:
    """Entry point; the arguments are the pid of the process that starts it, and the limit."""
    die_with_parent(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError, OSError):  # macOS has no limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # a library that prints to standard output would break the protocol
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _serve(sys.stdin.buffer, answers, int(sys.argv[2]))


if __name__ == "__main__":
    main()
