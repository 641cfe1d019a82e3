"""What a stage is made of, whichever framework runs it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from streams.kafka.record import Record
from streams.kafka.topics import Topic

# handles one batch; when it returns the batch is done, durably, and may be acknowledged
Handler = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass(frozen=True)
class Stage:
    """A named step of the flow.

    With `ahead` of 0 a handler gets one batch at a time. With more, it takes so many batches at the same time and keeps
    their order itself; batches then size themselves (`streams.runtime.batching`).
    """

    name: str
    handlers: Mapping[Topic, Handler]  # one for each consumed topic
    batch: int = 500  # most records in one batch
    wait: float = 0.05  # seconds between two polls; a record of a quiet stream waits half of it on average
    ahead: int = 0  # batches that a handler takes at the same time
    owns: Topic | None = None  # the topic whose partitions make this process the active one
    tick: Callable[[bool], Awaitable[None]] | None = None  # about every second: does this process own `owns`?
    start: Callable[[], Awaitable[None]] | None = None  # before the first record
    stop: Callable[[], Awaitable[None]] | None = None  # after the last record
