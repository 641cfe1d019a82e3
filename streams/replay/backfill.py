"""`toptopics backfill FILE…`: sends archives of months to `tweets` and waits for the digests of all their weeks.

1. Posts are sent in pieces. The progress of each file is stored in the data folder, so that an interrupted run
   continues. Posts that are sent twice are recognised later by their id.
2. The stages do the rest. If no worker runs, they run as long as this command does. week-close starts after everything
   is
embedded: an archive may have one file a person, and the first file would close all weeks.
3. The run is done when every post is embedded, and every past week has a digest that was read up to its last post.
   Weeks that the live week-close no longer corrects are corrected here. Weeks that are not over are left to the live
   stream.
"""

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer

from models.events import EmbeddedTweet, Tweet
from models.events.wire import PoisonError, decode_embedded
from models.week.clock import CORRECTED_WEEKS
from models.week.week import Week
from streams.clock import Clock
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.lag import lag_of
from streams.kafka.log import bounds_of, consumer, group_name, producer, read
from streams.kafka.topics import EMBEDDED, TWEETS
from streams.replay.rebuild import IncompleteLogError, Plan, Refit, publish, replay
from streams.settings import Settings
from streams.sources.files.archive import Line, read_archive
from streams.sources.files.ingest import Ingest, IngestCounts, Pace, Reported
from streams.system.files import read_file, replace_file
from streams.system.logs import get_logger

PIECE = 5_000  # lines between two updates of a file's stored progress
POLL_SECONDS = 1.0
log = get_logger(__name__)


class _Progress(msgspec.Struct):
    """Stored progress of one file."""

    size: int  # bytes of the file
    lines: int  # lines whose posts are on Kafka
    weeks: set[str]  # weeks of the posts so far, by name


@dataclass(frozen=True)
class Backfill:
    """What to fill in, and the callbacks that report on it."""

    files: Sequence[Path]  # the archives
    clock: Clock  # the present time
    form: str = "auto"  # format of the files
    columns: Mapping[str, str] = field(default_factory=dict)  # columns of a CSV file by field
    report: Reported = lambda name, line, reason: None  # called for each line that is not sent
    advance: Callable[[Path, int], None] = lambda file, position: None  # called with the file and the bytes read
    # called with what is missing and the share that is done
    waiting: Callable[[str, float], None] = lambda what, share: None
    digest: Callable[[PublishedDigest], None] = lambda entry: None  # called for each digest
    refit: Refit | None = None  # as in `streams.replay.rebuild.replay`


async def ingest_all(settings: Settings, job: Backfill) -> tuple[IngestCounts, list[Week]]:
    """Send every file to `tweets`.

    Returns:
        The counts of this run, and the weeks of all posts in the files.

    Raises:
        OSError: A file cannot be read.
        ValueError: A file has an unknown format, or its stored progress is damaged.
    """
    counts = IngestCounts()
    weeks: set[str] = set()
    async with producer(settings) as client:
        for file in job.files:
            note = _Note(settings, file)
            await _one_file(settings, job, file, note, client, counts)
            weeks |= note.progress.weeks
    return counts, sorted(Week.parse(week, settings.timezone) for week in weeks)


async def wait_for_vectors(settings: Settings, job: Backfill) -> None:
    """Wait until the embed stage has handled every post."""
    most = 0
    while True:
        lag = sum((await lag_of(settings, TWEETS, group=group_name(settings, "embed"))).values())
        if lag == 0:
            return
        most = max(most, lag)
        job.waiting(f"{lag:,} posts to embed", 1 - lag / most)
        await asyncio.sleep(POLL_SECONDS)


async def wait_for_digests(settings: Settings, job: Backfill, weeks: Sequence[Week]) -> list[Week]:
    """Wait until every past week of `weeks` has its digest. Everything must be embedded before.

    Returns:
        The weeks that are not over.

    Raises:
        RefitError: A correction failed.
        KafkaError: The broker failed.
    """
    over = [week for week in weeks if week.end + timedelta(hours=settings.lateness_hours) <= job.clock()]
    if over:
        await _until_published(settings, job, over, await last_offsets(settings, over))
    return [week for week in weeks if week not in over]


async def last_offsets(settings: Settings, weeks: Sequence[Week]) -> dict[str, int]:
    """By week: the offset on `tweets.embedded` of the last post that is not a duplicate."""
    found: dict[str, int] = {}
    seen: set[bytes] = set()
    async with consumer(settings, EMBEDDED) as client:
        bounds = await bounds_of(client, since=min(week.start for week in weeks))
        async for records in read(client, bounds):
            for record in records:
                week = str(Week.of(record.time, settings.timezone))
                identity = hashlib.blake2b(record.key or b"", digest_size=12).digest()
                if identity in seen:
                    continue
                try:
                    embedded = decode_embedded(record.value)
                except PoisonError:
                    continue
                if isinstance(embedded, EmbeddedTweet):
                    seen.add(identity)
                    found[week] = record.offset
    return {str(week): found[str(week)] for week in weeks if str(week) in found}


async def _one_file(
    settings: Settings, job: Backfill, file: Path, note: "_Note", client: AIOKafkaProducer, counts: IngestCounts
) -> None:
    lines = (line for line in read_archive(file, job.form, job.columns) if line.number > note.progress.lines)
    for piece in _pieces(lines):
        run = Ingest(
            settings,
            client,
            clock=job.clock,
            pace=Pace(),
            report=job.report,
            advance=lambda position, _: job.advance(file, position),
        )
        run.counts = counts
        await run.run(file.name, piece)  # returns when the broker has stored the posts
        note.passed(piece, settings.timezone)


def _pieces(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lists of about PIECE outcomes. A line, which may contain many posts, is never split."""
    piece: list[Line] = []
    for _, outcomes in itertools.groupby(lines, key=lambda line: line.number):
        piece += outcomes
        if len(piece) >= PIECE:
            yield piece
            piece = []
    if piece:
        yield piece


def note_of(path: Path) -> _Progress:
    """The stored progress of a file.

    Raises:
        ValueError: The file is damaged; the message names it.
    """
    return read_file(path, _Progress, "delete it to start that file again")


class _Note:
    """The progress of one file on disk. A file of another size under the same name starts again."""

    def __init__(self, settings: Settings, file: Path) -> None:
        named = f"{settings.kafka_bootstrap_servers} {settings.prefix} {file.resolve()}"
        name = hashlib.sha256(named.encode()).hexdigest()[:24]
        self._path = settings.data_dir / "backfill" / f"{name}.json"
        self.progress = _Progress(file.stat().st_size, 0, set())
        if self._path.is_file():
            kept = note_of(self._path)
            if kept.size == self.progress.size:
                self.progress = kept

    def passed(self, piece: Sequence[Line], timezone: str) -> None:
        """Record that these lines are on Kafka."""
        self.progress.lines = piece[-1].number
        posts = (line.outcome for line in piece if isinstance(line.outcome, Tweet))
        self.progress.weeks |= {str(Week.of(post.created_at, timezone)) for post in posts}
        replace_file(self._path, msgspec.json.encode(self.progress))


async def _until_published(settings: Settings, job: Backfill, weeks: Sequence[Week], last: Mapping[str, int]) -> None:
    told: set[str] = set()
    corrected: set[Week] = set()
    wanted = [week for week in weeks if str(week) in last]
    while True:
        digests = await read_digests(settings)
        missing = [week for week in wanted if week not in corrected and not _complete(digests, week, last)]
        for week in wanted:
            if week not in missing and str(week) not in told:
                told.add(str(week))
                job.digest(digests[str(week)])
        if not missing:
            return
        share = 1 - len(missing) / len(wanted)
        left = [week for week in missing if _is_left_to_us(digests, week)]
        if left:
            job.waiting(f"correcting {left[0]}", share)
            await _correct(settings, job, left[0])
            corrected.add(left[0])
        else:
            job.waiting(f"digests missing: {', '.join(map(str, missing))}", share)
            await asyncio.sleep(POLL_SECONDS)


def _is_left_to_us(digests: Mapping[str, PublishedDigest], week: Week) -> bool:
    """Whether a live week-close no longer corrects this week, or delays its next correction."""
    entry = digests.get(str(week))
    return entry is not None and (str(week) in list(digests)[:-CORRECTED_WEEKS] or entry.revision > 1)


def _complete(digests: Mapping[str, PublishedDigest], week: Week, last: Mapping[str, int]) -> bool:
    entry = digests.get(str(week))
    return entry is not None and entry.seen_end > last[str(week)]


async def _correct(settings: Settings, job: Backfill, week: Week) -> None:
    """Correct a digest with later posts, unless the log no longer has the whole week."""
    (rebuilt,) = await replay(settings, Plan([week], late=True), refit=job.refit)
    try:
        await publish(settings, rebuilt, job.clock)
    except IncompleteLogError as error:
        log.warning("digest stays as it is", reason=str(error))
