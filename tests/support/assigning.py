"""Runs stage assign on a log that the test made, and collects its outputs."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from models.events import Assignment
from models.events.wire import decode
from models.online.assigner import Assigner
from models.online.factory import create_topic_model, restore_topic_model
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, EMBEDDED
from streams.stages.assign import AssignStage
from streams.stages.dead_letters import DeadLetterBudget
from streams.stages.snapshots import SnapshotStore
from tests.support.made_posts import START, FakeSend, embedded, record, tweet


def made_log(length: int = 60) -> list[Record]:
    return [
        record(embedded(tweet(number), f"0:{number}"), number, topic=EMBEDDED.name)
        if number % 10
        else record(b"bad", number)
        for number in range(length)
    ]


READ = 20  # records in a batch
SECONDS = 20  # batches that each process handles


class Bench:
    """A stage on a fake log, with its outputs. `restart` creates a new one with the same folder."""

    def __init__(self, folder: Path, log: Sequence[Record]) -> None:
        self.folder = folder
        self.log = log
        self.reads: list[tuple[int, int]] = []
        self.now = START
        self.restart()

    def restart(self) -> None:
        """As after a crash: only files remain."""
        self.send = FakeSend()
        self.stage = AssignStage(
            create=lambda: Assigner(create),
            restore=lambda data: Assigner.from_bytes(data, create, restore_topic_model),
            read_log=self._read,
            send=self.send,
            clock=self._clock,
            snapshots=SnapshotStore(self.folder, "assign"),
            snapshot_seconds=30,
            budget=DeadLetterBudget(1.0),
        )

    def restart_keeping_outputs(self) -> None:
        """As after an orderly stop."""
        send = self.send
        self.restart()
        self.stage.load_snapshot()
        self.send.sent[:0] = send.sent

    def _clock(self) -> datetime:
        return self.now

    async def _read(self, start: int, end: int) -> AsyncIterator[list[Record]]:
        self.reads.append((start, end))
        for first in range(start, end, READ):
            self.now += timedelta(seconds=SECONDS)
            if found := [one for one in self.log if first <= one.offset < min(end, first + READ)]:
                yield found

    def assignments(self) -> list[Assignment]:
        """The sent assignments, in order."""
        return [decode(value, Assignment) for value in self.send.on(ASSIGNMENTS.name)]


def create(dimensions: int, encoder: str):  # type: ignore[no-untyped-def]
    return create_topic_model("topics", dimensions, encoder)


async def straight_run(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path / "straight", made_log())
    await bench.stage.assign(made_log())
    return bench
