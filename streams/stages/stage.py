"""The parts of a stage, independent of the framework that runs it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from streams.kafka.record import Record
from streams.kafka.topics import Topic

# handles one batch; on return the batch is durably done and may be acknowledged
Handler = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass(frozen=True)
class Stage:
    """A named step of the flow.

    With `ahead` of 0 a handler gets one batch at a time. With more, it gets up to `ahead` batches at the same time and
    keeps their order itself; the batches are then adaptive (`streams.runtime.batching`).
    """

    name: str  # as in `streams.stages.table`
    handlers: Mapping[Topic, Handler]  # one handler for each consumed topic
    batch: int = 500  # largest number of records in one batch
    wait: float = 0.05  # seconds between two polls; a record of a quiet stream waits half of it on average
    ahead: int = 0  # largest number of batches at the same time
    owns: Topic | None = None  # the process that owns this topic's partition is the active one
    tick: Callable[[bool], Awaitable[None]] | None = None  # called about every second; whether this process owns `owns`
    start: Callable[[], Awaitable[None]] | None = None  # called before the first record
    stop: Callable[[], Awaitable[None]] | None = None  # called after the last record
