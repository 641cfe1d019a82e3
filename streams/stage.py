"""What a stage is made of, whichever framework runs it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from streams.records import Record
from streams.topics import Topic

# handles one batch; when it returns the batch is done, durably, and may be acknowledged
Handler = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass(frozen=True)
class Stage:
    """A named step of the flow.

    handlers: one per consumed topic, each called with one batch at a time. batch: most records in one. wait: seconds
    between two looks at what arrived; a record of a quiet stream waits half of it on average, and a busy stream fills
    a batch while the one before is handled. ahead: more than 0 for handlers that take so many batches at the same time
    and keep their order themselves; batches then size themselves, and nothing waits (`streams.batches`). tick: called
    about every second, with whether this process owns the partitions of `owns`. start: before the first record. stop:
    after the last one.
    """

    name: str
    handlers: Mapping[Topic, Handler]
    batch: int = 500
    wait: float = 0.05
    ahead: int = 0
    owns: Topic | None = None
    tick: Callable[[bool], Awaitable[None]] | None = None
    start: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
