"""Stage week-close: `tweets.embedded` -> `digests`, and WeekTopics back to `tweets.embedded`.

Messages in: EmbeddedTweet or Deletion. Messages out: one Digest per ISO week with posts, keyed by week. A correction is
another record with the same key, made with the settings of the digest that it corrects, after a null value on
`digests.edited` (`streams.stages.edit`). The WeekTopics for the live
topics are sent before the digest: a crash between the two sends both again, and the assign stage ignores a WeekTopics
that it has learned. Undecodable messages are skipped here; the assign stage reports them.

Results of a correction:

* the digest shows something else, or showed a deleted post: a new revision;
* the digest shows the same: it is written again with the current offset (`read_end`), without a new revision;
* the log no longer contains the digest's week (retention, a trim): the refit's result is dropped, because it would
  remove content from readers. Deleted posts are removed from the published digest, as a new revision. Otherwise the
  digest stays, with a log line, a metric, and `toptopics status`.

All state is on the log. `digests` has the closed weeks, and the offset up to which each digest has read. The watermark
and late posts are found by reading `tweets.embedded` again. So offsets may be committed before a week is closed, and
the stream never waits for a refit. A crash between refit and publishing repeats the refit, which gives the same bytes.
The owner of the single partition publishes; all other workers stand by.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from models.digest.cited import shown_posts
from models.digest.compare import changes_line, compare
from models.digest.redaction import redact
from models.events import Digest
from models.events.wire import PoisonError, decode, decode_embedded
from models.render.shown import shown
from models.week.clock import CORRECTED_WEEKS, WeekClock
from models.week.week import Week
from streams.clock import Clock
from streams.kafka.digests import PublishedDigest
from streams.kafka.record import Record
from streams.kafka.send import publish_digest
from streams.ports import Send
from streams.refit.client import MadeDigest
from streams.refit.settings import overrides_of, settings_text
from streams.system.logs import get_logger

Refit = Callable[[Week, Mapping[str, str]], Awaitable[MadeDigest]]  # with the settings that differ from the defaults
ReadDigests = Callable[[], Awaitable[dict[str, PublishedDigest]]]
# all records from a time on, or from an offset on; with both from the earlier one, with neither from the log's start
ReadLog = Callable[[datetime | None, int | None], AsyncIterator[list[Record]]]
Lagging = Callable[[], Awaitable[Collection[int]]]
OUTCOMES = ("published", "corrected", "unchanged", "redacted", "kept")
Report = Callable[["WeekReport"], None]  # for the metrics
Count = Callable[[str], None]  # results of closing or correcting a week, for the metric `digests`
log = get_logger(__name__)


@dataclass(frozen=True)
class WeekReport:
    """How far the stage is."""

    due: int  # weeks whose digest or correction is due and not published
    watermark: datetime | None
    newest_made: datetime | None  # when the newest digest was made


class WeekCloseStage:
    """Follows event time and publishes due weeks. `lagging`: partitions of `tweets` where embed is behind."""

    def __init__(
        self,
        *,
        clock: Clock,
        create_week_clock: Callable[[], WeekClock],
        timezone: str,
        refit: Refit,
        read_digests: ReadDigests,
        read_log: ReadLog,
        lagging: Lagging,
        send: Send,
        count: Count = lambda outcome: None,
        report: Report = lambda report: None,
    ) -> None:
        self._clock = clock
        self._create_week_clock = create_week_clock
        self._week_clock: WeekClock | None = None  # None until recovered
        self._timezone = timezone
        self._refit = refit
        self._read_digests = read_digests
        self._read_log = read_log
        self._lagging = lagging
        self._send = send
        self._count = count
        self._report = report
        self._published: dict[str, PublishedDigest] = {}
        self._passed = 0  # end of the messages that arrived before recovery

    async def follow(self, records: Sequence[Record]) -> None:
        """Process one batch; before recovery only its end offset, because recovery reads it from the log."""
        if self._week_clock is not None:
            self._see(self._week_clock, records)
        elif records:
            self._passed = records[-1].offset + 1

    async def tick(self, *, active: bool) -> None:
        """Called about every second, never twice at once. `active`: this worker owns the partition."""
        if not active:
            if self._week_clock is not None:
                self._report(WeekReport(0, None, None))  # the other owner reports them
            self._week_clock = None
            return
        if self._week_clock is None:
            self._week_clock = await self._recover()
        self._tell(self._week_clock)
        # the lag costs two requests: ask only if something may be due
        if self._week_clock.due(self._clock()):
            for week in self._week_clock.due(self._clock(), await self._lagging()):
                await self._publish(week, self._week_clock)
                self._tell(self._week_clock)

    def _tell(self, week_clock: WeekClock) -> None:
        newest = max((entry.made_at for entry in self._published.values() if entry.made_at), default=None)
        self._report(WeekReport(len(week_clock.due(self._clock())), week_clock.watermark(), newest))

    async def _recover(self) -> WeekClock:
        """Read from the log which weeks are closed, how far event time is, and which posts were late."""
        week_clock = self._create_week_clock()
        self._published = await self._read_digests()
        for entry in self._published.values():
            _mark_closed(week_clock, entry, self._timezone)
        recent = list(self._published.values())[-CORRECTED_WEEKS:]
        since = recent[-1].digest.end if recent else None
        offset = min((entry.seen_end for entry in recent), default=None)
        reached, before = await self._see_log(week_clock, since, offset), -1
        while before < reached < self._passed:  # messages since then, but not beyond the end of a recreated log
            before, reached = reached, await self._see_log(week_clock, None, reached)
        watermark = week_clock.watermark()
        log.info("recovered", closed=list(self._published), watermark=watermark and watermark.isoformat())
        return week_clock

    async def _see_log(self, week_clock: WeekClock, since: datetime | None, offset: int | None) -> int:
        """Read the end offset of the log."""
        end = offset or 0
        async for records in self._read_log(since, offset):
            self._see(week_clock, records)
            end = records[-1].offset + 1
        return end

    def _see(self, week_clock: WeekClock, records: Sequence[Record]) -> None:
        for record in records:
            try:
                embedded = decode_embedded(record.value)
            except PoisonError:
                continue
            week_clock.see(embedded, record.offset, self._clock())

    async def _publish(self, week: Week, week_clock: WeekClock) -> None:
        started = time.monotonic()
        log.info("closing week", week=str(week))
        made, before, chosen = await self._refit_as_published(week)
        entry = PublishedDigest(
            digest=decode(made.value, Digest),
            revision=1 if before is None else before.revision + 1,
            slice_start=made.slice_start,
            slice_end=made.slice_end,
            made_at=self._clock(),
            supersedes=None if before is None else before.hash,
            settings=settings_text(chosen),
            held=made.held,
        )
        if before is None:
            if 0 < made.log_start == made.slice_start:  # nothing older is left that would show that all of it is there
                log.warning(
                    "the log begins in this week, its first digest may lack posts",
                    week=str(week),
                    log_start=made.log_start,
                )
            await self._send_new(entry, made.taught, started)
        elif before.hash == entry.hash:
            entry = replace(before, read_end=made.slice_end)  # also after a restart, because recovery finds it again
        elif missing := before.missing_in(made.log_start, made.held):
            entry = await self._correct_itself(before, week_clock.gone(week), made, missing)
        elif shown(before.digest) == shown(entry.digest) and not week_clock.gone(week):
            entry = await self._send_read_end(before, made.slice_end, "unchanged")
        else:
            entry = replace(entry, changes=changes_line(compare(before.digest, entry.digest)))
            await self._send_new(entry, made.taught, started)
        self._published[str(week)] = entry
        _mark_closed(week_clock, entry, self._timezone)
        # posts that arrived during the refit were seen before the week counted as closed, or before its posts were
        # known
        await self._see_log(week_clock, None, entry.seen_end)

    async def _send_new(self, entry: PublishedDigest, taught: bytes, started: float) -> None:
        await publish_digest(self._send, entry, taught)
        self._count("published" if entry.supersedes is None else "corrected")
        log.info(
            "digest published",
            week=entry.digest.week,
            revision=entry.revision,
            changes=entry.changes,
            topics=len(entry.digest.topics),
            headline=entry.digest.headline.text,
            seconds=round(time.monotonic() - started, 1),
        )

    async def _send_read_end(self, before: PublishedDigest, read_end: int, outcome: str) -> PublishedDigest:
        """Write to the log that the digest includes all records up to `read_end`; readers are not notified."""
        entry = replace(before, read_end=read_end)
        await publish_digest(self._send, entry, again=True)
        self._count(outcome)
        return entry

    async def _correct_itself(
        self, before: PublishedDigest, gone: set[str], made: MadeDigest, missing: str
    ) -> PublishedDigest:
        """Remove deleted posts from a digest whose week is no longer on the log.

        Args:
            before: newest digest of the week.
            gone: posts that it shows and that were deleted since.
            made: the refit's result for the rest of the log; only its bounds are used.
            missing: what the log lacks, for the log line.
        """
        week = before.digest.week
        if not gone:
            log.warning("log no longer contains the week, keeping its digest", week=week, missing=missing)
            return await self._send_read_end(before, made.slice_end, "kept")
        digest = redact(before.digest, gone)
        entry = replace(
            before,
            digest=digest,
            revision=before.revision + 1,
            read_end=made.slice_end,
            made_at=self._clock(),
            supersedes=before.hash,
            changes=f"{len(gone)} deleted {'post' if len(gone) == 1 else 'posts'} removed",
        )
        await publish_digest(self._send, entry)
        self._count("redacted")
        log.warning(
            "log no longer contains the week, removed deleted posts from its digest",
            week=week,
            revision=entry.revision,
            deleted=len(gone),
            missing=missing,
        )
        return entry

    async def _refit_as_published(self, week: Week) -> tuple[MadeDigest, PublishedDigest | None, Mapping[str, str]]:
        """Refit the week with the settings of its newest digest, so that `replay --set --publish` stays in force.

        If the newest digest has other settings after the refit, the refit runs again. Returns the result, that digest
        and those settings.
        """
        before = await self._newest(week)
        while True:
            asked = _settings_of(before)
            chosen = overrides_of(asked)
            made = await self._refit(week, chosen)
            before = await self._newest(week)
            if _settings_of(before) == asked:
                return made, before, chosen

    async def _newest(self, week: Week) -> PublishedDigest | None:
        """`replay --publish` may have published a correction beside this stage."""
        there, known = (await self._read_digests()).get(str(week)), self._published.get(str(week))
        return known if there is None or (known is not None and known.revision >= there.revision) else there


def _settings_of(entry: PublishedDigest | None) -> str:
    return "" if entry is None else entry.settings


def _mark_closed(week_clock: WeekClock, entry: PublishedDigest, timezone: str) -> None:
    week_clock.closed(
        Week.parse(entry.digest.week, timezone),
        entry.seen_end,
        shown_posts(entry.digest),
        at=entry.made_at or entry.digest.end,
        corrections=entry.revision - 1,
    )
