"""Files onto `tweets`: what `toptopics ingest` and `backfill` do.

Message in: a line of an archive (streams.sources.archive). Message out: Tweet or Deletion, keyed by author id, with
the post's own time as the record's time. A bad line goes to `dead-letters` with its file and number and does not
stop the rest. The producer is idempotent: the broker drops its own retries; a file ingested twice is told apart
later, by post id.
"""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidTimestampError, KafkaError

from models.events import DeadLetter, Deletion, Tweet
from models.wire import encode
from streams.clock import Clock
from streams.kafka.log import producer, topic_name
from streams.settings import Settings
from streams.sources.archive import Line, read_archive
from streams.sources.port import Bad, Ignored
from streams.topics import DEAD_LETTERS, TWEETS

# so many records may wait for the broker: enough to keep it busy, little enough to stop soon at Ctrl-C
IN_FLIGHT = 5_000
Reported = Callable[[str, Line, str], None]  # file, line, reason


@dataclass
class IngestCounts:
    """What became of the lines."""

    sent: int = 0
    ignored: int = 0
    bad: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Pace:
    """How quickly: at most `rate` posts a second, and `speed` times as quickly as they were written; None: no limit."""

    rate: float | None = None
    speed: float | None = None


class Ingest:
    """Sends lines; `advance` is told the bytes of the file read so far after each."""

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
        self._report = report
        self._advance = advance
        self._waiting: set[asyncio.Future[object]] = set()
        self._started: tuple[float, datetime] | None = None
        self.counts = IngestCounts()

    async def run(self, name: str, lines: Iterable[Line]) -> None:
        """All lines of one file; returns when the broker has them."""
        for line in lines:
            outcome = line.outcome
            if isinstance(outcome, Ignored):
                self.counts.ignored += 1
                self.counts.reasons[outcome.reason] += 1
            elif isinstance(outcome, Bad):
                await self._bad(name, line, outcome.reason, outcome.record)
            else:
                await self._keep_pace(outcome)
                await self._post(name, line, outcome)
            self._advance(line.position, self.counts)
        await self._drain(0)

    async def _post(self, name: str, line: Line, post: Tweet | Deletion) -> None:
        moment = post.deleted_at if isinstance(post, Deletion) else post.created_at
        value = encode(post)
        try:
            sent = await self._client.send(
                topic_name(self._settings, TWEETS),
                key=post.author_id.encode(),
                value=value,
                timestamp_ms=int(moment.timestamp() * 1000),
            )
        except (KafkaError, ValueError) as error:
            # too large for the broker, or a time that it cannot keep: the record is at fault
            await self._bad(name, line, f"{type(error).__name__}: {error}", value)
            return
        self._waiting.add(asyncio.ensure_future(self._confirm(name, line, value, sent)))
        self.counts.sent += 1
        await self._drain(IN_FLIGHT)

    async def _confirm(self, name: str, line: Line, value: bytes, sent: asyncio.Future[object]) -> object:
        try:
            return await sent
        except InvalidTimestampError as error:  # brokers refuse times further in the future than they allow
            self.counts.sent -= 1
            await self._bad(name, line, f"the broker refuses its time: {error}", value)
            return None

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
        """Wait until at most `most` records are unconfirmed; raises what the broker answered."""
        while len(self._waiting) > most:
            done, self._waiting = await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()

    async def _keep_pace(self, post: Tweet | Deletion) -> None:
        now = asyncio.get_running_loop().time()
        moment = post.deleted_at if isinstance(post, Deletion) else post.created_at
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
    """Every file in turn ("-": standard input); raises OSError, ValueError (format) and KafkaError (broker)."""
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
