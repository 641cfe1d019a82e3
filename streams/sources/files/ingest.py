"""Sends files to `tweets`, for `toptopics ingest` and `backfill`.

Message in: a line of an archive (streams.sources.files.archive). Message out: Tweet or Deletion, keyed by author id,
with the post's own time as the record's time. A bad line goes to `dead-letters` with its file and number; the others
are sent. The producer is idempotent: the broker drops its retries. Posts of a file that is ingested twice are
recognised later, by their id.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from models.events import DeadLetter, Deletion, Tweet
from models.events.wire import PoisonError, encode
from streams.clock import Clock
from streams.kafka.log import producer, record_time, topic_name
from streams.kafka.topics import DEAD_LETTERS, TWEETS
from streams.settings import Settings
from streams.sources.files.archive import Line, read_archive
from streams.sources.port import Bad, Ignored
from streams.stages.post_time import check_not_future, time_of

# unconfirmed records: enough to keep the broker busy, and few enough to stop soon at Ctrl-C
IN_FLIGHT = 5_000
Reported = Callable[[str, Line, str], None]  # file, line, reason


class IngestStoppedError(KafkaError):  # type: ignore[misc] # aiokafka has no types
    """The broker refused records for a reason outside of them. The message says how far the file was read and how to
    continue.
    """


@dataclass
class IngestCounts:
    """The outcomes of the lines."""

    sent: int = 0  # posts
    ignored: int = 0  # records that are no posts
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # reason -> ignored records


@dataclass(frozen=True)
class Pace:
    """The speed of an ingest."""

    rate: float | None = None  # most posts a second; None: no limit
    speed: float | None = None  # multiple of the original speed; None: no limit


class Ingest:
    """Sends lines. `advance` is called after each with the bytes of the file read so far."""

    def __init__(
        self,
        settings: Settings,
        client: AIOKafkaProducer,
        *,
        clock: Clock,
        pace: Pace,
        report: Reported,
        advance: Callable[[int, IngestCounts], None],
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._pace = pace
        self._skew = timedelta(minutes=settings.future_skew_minutes)
        self._report = report
        self._advance = advance
        self._waiting: set[asyncio.Future[object]] = set()
        self._started: tuple[float, datetime] | None = None
        self.counts = IngestCounts()

    async def run(self, name: str, lines: Iterable[Line]) -> None:
        """Send all lines of one file. On return the broker has stored them.

        Raises:
            IngestStoppedError: The broker refused records.
        """
        number = 0
        try:
            for line in lines:
                number = line.number
                await self._line(name, line)
                self._advance(line.position, self.counts)
            await self._drain(0)
        except KafkaError as error:
            await self._settle()
            raise IngestStoppedError(
                f"the broker refuses records; {name} was read up to line {number}: {error}. So far: "
                f"{self.counts.sent:,} posts sent, {self.counts.bad:,} bad lines. See `toptopics doctor`, then run the "
                "same command again: a post that is sent twice counts once"
            ) from error

    async def _line(self, name: str, line: Line) -> None:
        outcome = line.outcome
        if isinstance(outcome, Ignored):
            self.counts.ignored += 1
            self.counts.reasons[outcome.reason] += 1
        elif isinstance(outcome, Bad):
            await self._bad(name, line, outcome.reason, outcome.record)
        else:
            try:  # checked before waiting for its time: at --speed 1x that could be years
                check_not_future(time_of(outcome), self._clock(), self._skew)
            except PoisonError as error:
                await self._bad(name, line, str(error), encode(outcome))
                return
            await self._keep_pace(outcome)
            await self._post(name, line, outcome)

    async def _post(self, name: str, line: Line, post: Tweet | Deletion) -> None:
        value = encode(post)
        when = record_time(time_of(post), self._clock())
        try:
            sent = await self._client.send(
                topic_name(self._settings, TWEETS),
                key=post.author_id.encode(),
                value=value,
                timestamp_ms=int(when.timestamp() * 1000),
            )
        except (MessageSizeTooLargeError, ValueError) as error:
            # refused before it was in a batch with others, for its size or time: the record itself is wrong
            await self._bad(name, line, f"{type(error).__name__}: {error}", value)
            return
        self._waiting.add(sent)
        self.counts.sent += 1
        await self._drain(IN_FLIGHT)

    async def _bad(self, name: str, line: Line, reason: str, record: bytes) -> None:
        self.counts.bad += 1
        self._report(name, line, reason)
        letter = DeadLetter(
            stage="ingest",
            reason=reason[:1000],
            record=base64.b64encode(record).decode("ascii"),
            source=f"{name}:{line.number}",
            at=self._clock(),
        )
        await self._client.send_and_wait(topic_name(self._settings, DEAD_LETTERS), key=b"ingest", value=encode(letter))

    async def _drain(self, most: int) -> None:
        """Wait until at most `most` records are unconfirmed. Raises the broker's error."""
        while len(self._waiting) > most:
            done, self._waiting = await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
            # every result is read: the broker answers for a batch, and all of its records fail together
            failures = [error for future in done if (error := future.exception()) is not None]
            self.counts.sent -= len(failures)
            if failures:
                raise failures[0]

    async def _settle(self) -> None:
        """Wait for the unconfirmed records, so that `counts.sent` is what the broker has."""
        answers = await asyncio.gather(*self._waiting, return_exceptions=True)
        self._waiting = set()
        self.counts.sent -= sum(isinstance(answer, BaseException) for answer in answers)

    async def _keep_pace(self, post: Tweet | Deletion) -> None:
        now = asyncio.get_running_loop().time()
        moment = time_of(post)
        if self._started is None:
            self._started = (now, moment)
        started, first = self._started
        due = started
        if self._pace.rate:
            due = max(due, started + (self.counts.sent + 1) / self._pace.rate)
        if self._pace.speed:
            due = max(due, started + (moment - first) / timedelta(seconds=self._pace.speed))
        if due > now:
            await asyncio.sleep(due - now)


async def ingest_files(
    settings: Settings,
    files: Iterable[str],
    *,
    form: str,
    columns: Mapping[str, str],
    clock: Clock,
    pace: Pace,
    report: Reported,
    advance: Callable[[str, int, IngestCounts], None],
) -> IngestCounts:
    """Send every file in order ("-": standard input).

    Args:
        settings: Brokers and prefix.
        files: The files.
        form: Their format.
        columns: Field -> column of CSV files.
        clock: The present time.
        pace: The speed.
        report: Called for each bad line.
        advance: Called after each line with the file, the bytes read and the counts.

    Raises:
        OSError: A file cannot be read.
        ValueError: The format is unknown.
        KafkaError: The broker failed; IngestStoppedError after the first line.
    """
    total = IngestCounts()
    async with producer(settings) as client:
        for file in files:
            run = Ingest(
                settings,
                client,
                clock=clock,
                pace=pace,
                report=report,
                advance=lambda position, counts, name=file: advance(name, position, counts),  # type: ignore[misc]
            )
            run.counts = total
            await run.run(file, read_archive(file if file == "-" else Path(file), form, columns))
    return total
