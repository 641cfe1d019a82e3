"""Stage assign: `tweets.embedded` -> `assignments`, `topic-events`.

Message in: EmbeddedTweet, Deletion or WeekTopics, in the order of the one partition. WeekTopics carries the result of a
refit; each is applied once, at its place in the log. Message out: exactly one Assignment for each origin, keyed by post
id, and the TopicEvents of changed topics, keyed by topic id.

Dropped to `dead-letters`: records that cannot be decoded, and vectors of a wrong length or of a retired encoder.

The state is a pure function of the log up to an offset (`models.online.assigner`). Therefore outputs need no
transaction: they are durable before the offset is committed, and a repeated output has the same bytes. A restarted or
standby worker loads a snapshot and reads the log, without sending, up to the first record that it receives.

A snapshot is dropped when it is ahead of that record (it was saved before a commit that failed, or it belongs to
another log), and when it does not know the post before its position. No snapshot is taken while outputs are
unconfirmed: its state would know posts whose assignments may be lost, and would treat them as done when they are
delivered again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta

from models.encoding.encoder import space_of
from models.events import Assignment, DeadLetter, EmbeddedTweet, TopicEvent
from models.events.wire import PoisonError, decode_log, encode
from models.online.assigner import Assigner, BatchResult, LogRecord, NewerSnapshotError, SnapshotError, StrayError
from streams.clock import Clock
from streams.kafka.record import Record
from streams.kafka.topics import ASSIGNMENTS, TOPIC_EVENTS
from streams.ports import Send
from streams.stages.dead_letters import DeadLetterBudget, dead_letter, send_dead_letters
from streams.stages.snapshots import SnapshotStore
from streams.system.logs import get_logger

ReadLog = Callable[[int, int], AsyncIterator[list[Record]]]  # from offset, up to offset (exclusive)
CATCH_UP_BATCH = 500  # records between two checks of the clock: fractions of a second
WEEK = timedelta(weeks=1)
REBUILT = 4 * WEEK  # how far back the suggested replay into a new topic space goes
log = get_logger(__name__)


class AssignStage:
    """The single writer of the topic space: the one partition has one owner in the consumer group."""

    def __init__(
        self,
        *,
        create: Callable[[], Assigner],
        restore: Callable[[bytes], tuple[Assigner, int]],
        read_log: ReadLog,
        send: Send,
        clock: Clock,
        snapshots: SnapshotStore,
        snapshot_seconds: float,
        budget: DeadLetterBudget,
    ) -> None:
        self._create = create
        self._restore = restore
        self._read_log = read_log
        self._send = send
        self._clock = clock
        self._snapshots = snapshots
        self._snapshot_seconds = snapshot_seconds
        self._budget = budget
        self._position = 0  # the next offset to apply
        self._ahead = False  # whether the state includes records from that offset on
        self._loaded_position = 0  # position of the loaded snapshot; this process has not received earlier records
        self._doubted = False  # whether the loaded snapshot still has to be compared with the log
        self._saved_position = 0
        self._saved_at = clock()
        self._assigner = create()

    @property
    def assigner(self) -> Assigner:
        """The state, for metrics and tests."""
        return self._assigner

    def load_snapshot(self, limit: int | None = None) -> int:
        """Load the newest usable snapshot, else start with an empty state.

        Args:
            limit: Highest accepted position.

        Returns:
            The position of the loaded state.

        Raises:
            NewerSnapshotError: A newer version of the program has written it.
        """
        self._assigner, self._position, self._ahead = self._create(), 0, False
        for data in self._snapshots.load(limit):
            try:
                self._assigner, self._position = self._restore(data)
            except NewerSnapshotError:
                raise
            except SnapshotError as error:
                log.warning("snapshot unusable; trying an older one", reason=str(error))
                continue
            log.info("snapshot loaded", position=self._position)
            break
        self._loaded_position = self._saved_position = self._position
        self._doubted = self._position > 0
        return self._position

    async def assign(self, records: Sequence[Record]) -> None:
        """Handle one batch. On return, its outputs are durable."""
        start = 0
        for end in range(1, len(records) + 1):
            if end == len(records) or records[end].offset != records[end - 1].offset + 1:
                await self._assign_run(records[start:end])
                start = end

    async def _assign_run(self, records: Sequence[Record]) -> None:
        """Handle records with consecutive offsets."""
        first = records[0].offset
        if self._ahead:
            log.warning(
                "outputs of the last batch are unconfirmed; reloading the last snapshot", position=self._position
            )
            self.load_snapshot(limit=first)
        if first < self._loaded_position:
            log.warning("snapshot is ahead of the log; loading an older one", position=self._loaded_position, to=first)
            self.load_snapshot(limit=first)
        if self._doubted and not await self._is_of_this_log():
            log.warning("snapshot belongs to another log; rebuilding the state from the log", position=self._position)
            self.load_snapshot(limit=0)
        self._doubted = False
        if first > self._position:
            await self._catch_up(first)
        fresh = [record for record in records if record.offset >= self._position]
        if not fresh:
            return
        outcome, letters = self._apply(fresh)
        await send_dead_letters(self._send, letters)
        await self._send_outcome(outcome)
        self._position, self._ahead = fresh[-1].offset + 1, False
        for bad in [True] * len(letters) + [False] * (len(fresh) - len(letters)):
            self._budget.count(bad=bad)
        self._save_when_due()

    def _save_when_due(self) -> None:
        # a clock that was set back must not delay a snapshot
        if not 0 <= (self._clock() - self._saved_at).total_seconds() < self._snapshot_seconds:
            self.save_snapshot()

    def save_snapshot(self) -> None:
        """Write a snapshot if the state has changed and all its outputs are confirmed.

        A full disk does not stop the stage: the log has everything, and a start without a snapshot only takes longer.
        """
        self._saved_at = self._clock()
        if self._ahead or self._position == self._saved_position:
            return
        try:
            self._snapshots.save(self._assigner.to_bytes(self._position), self._position)
        except OSError as error:
            log.error("snapshot cannot be written; the next start will read the log instead", error=str(error))
        else:
            self._saved_position = self._position

    async def _is_of_this_log(self) -> bool:
        """Whether the state knows the post before its position. True as well when the log no longer has that post."""
        async for records in self._read_log(self._position - 1, self._position):
            for record in records:
                try:
                    embedded = decode_log(record.value)
                    self._assigner.check(embedded)
                except PoisonError:
                    continue
                if isinstance(embedded, EmbeddedTweet):
                    return self._assigner.knows(embedded.tweet.id)
        return True

    async def _catch_up(self, offset: int) -> None:
        """Apply records whose outputs are published already, by another worker or by this one before a crash.

        Snapshots continue, so that a crash during a long catch-up does not repeat all of it.
        """
        log.info("catching up from the log", position=self._position, to=offset)
        expected: int | None = self._position
        async for read in self._read_log(self._position, offset):
            if expected is not None:
                _warn_of_a_late_start(expected, read[0].offset)
                expected = None
            for start in range(0, len(read), CATCH_UP_BATCH):
                records = read[start : start + CATCH_UP_BATCH]
                self._apply(records)
                self._position, self._ahead = records[-1].offset + 1, False
                self._save_when_due()
                await asyncio.sleep(0)  # lets heartbeats and a signal to stop through
        if expected is not None:
            _warn_of_a_late_start(expected, offset)
        self._position = offset

    def _apply(self, records: Sequence[Record]) -> tuple[BatchResult, list[DeadLetter]]:
        """Decode and apply the records. The state is ahead of the position until the caller moves the position.

        A change of encoder ends a run of records, because it decides which vectors are usable after it.
        """
        self._ahead = True
        assignments: list[Assignment] = []
        events: list[TopicEvent] = []
        letters: list[DeadLetter] = []
        run: list[LogRecord] = []
        encoder = self._assigner.encoder  # of the current run

        def place() -> None:
            before = self._assigner.encoder
            outcome = self._assigner.apply(run)
            self._log_new_space(before, run)
            assignments.extend(outcome.assignments)
            events.extend(outcome.events)
            run.clear()

        for record in records:
            try:
                embedded = decode_log(record.value)
                if isinstance(embedded, EmbeddedTweet) and space_of(embedded.encoder) != encoder:
                    place()
                    self._assigner.check(embedded)
                    encoder = space_of(embedded.encoder)
                    run.append(embedded)
                    place()  # checks of the next vectors need its width
                    continue
                self._assigner.check(embedded)
            except PoisonError as error:
                if isinstance(error, StrayError):
                    self._assigner.refuse(error)
                letters.append(dead_letter("assign", str(error), record, self._clock()))
            else:
                run.append(embedded)
        place()
        return BatchResult(assignments, events), letters

    def _log_new_space(self, before: str | None, run: Sequence[LogRecord]) -> None:
        """Warn that live topics start again: the change of encoder may be a mistake."""
        now = self._assigner.encoder
        if before is None or now == before:
            return
        first = next(one.tweet.created_at for one in run if isinstance(one, EmbeddedTweet))
        weeks = f"--from {first - REBUILT:%Y-%m-%d} --to {first - WEEK:%Y-%m-%d}"
        log.warning(
            "encoder changed; starting a new topic space without live topics",
            before=before,
            now=now,
            rebuild_digests=f"toptopics replay {weeks} --source tweets --publish",
            undo="set TOPTOPICS_ENCODER back and restart the worker",
        )

    async def _send_outcome(self, outcome: BatchResult) -> None:
        sent = [
            await self._send(ASSIGNMENTS.name, key=assignment.id.encode(), value=encode(assignment))
            for assignment in outcome.assignments
        ]
        sent += [
            await self._send(TOPIC_EVENTS.name, key=event.topic_id.encode(), value=encode(event))
            for event in outcome.events
        ]
        for confirmation in sent:
            await confirmation


def _warn_of_a_late_start(position: int, log_start: int) -> None:
    """Warn that retention deleted records that the live topics need: the stage cannot repair it."""
    if log_start > position:
        log.warning(
            "log begins after the state; the records between are deleted, and live topics lack their posts",
            position=position,
            log_start=log_start,
            next_step="see `toptopics doctor` for the retention that a restart needs",
        )
