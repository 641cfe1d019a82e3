"""Stage week-close: `tweets.embedded` -> `digests`, and WeekTopics back onto `tweets.embedded`.

Message in: EmbeddedTweet or Deletion. Message out: one Digest per ISO week with posts, keyed by week; a correction
is another record with the same key, made with the settings of the digest that it corrects. Before it goes what the live
topics learn from the refit: a crash between the two repeats both, and the assign stage knows what it has learned.
Nothing is dropped: what cannot be decoded is the assign stage's to report.

Nothing is kept outside the log: which weeks are closed, and up to which offset each digest has read, stands on
`digests`; the watermark and late posts are found again by reading `tweets.embedded` from where it matters. So
offsets may be committed before a week is closed, the stream never waits for a refit, and a crash between the refit
and the publishing repeats the refit, which gives the same bytes. The owner of the one partition publishes; any other
worker stands by.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from models.digest.cited import cited_posts
from models.events import Digest
from models.events.wire import PoisonError, decode, decode_embedded
from models.week.clock import CORRECTED_WEEKS, WeekClock
from models.week.week import Week
from streams.clock import Clock
from streams.kafka.digests import PublishedDigest
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS, EMBEDDED
from streams.ports import Send
from streams.refit.client import MadeDigest
from streams.refit.settings import overrides_of, settings_text
from streams.system.logs import get_logger

Refit = Callable[[Week, Mapping[str, str]], Awaitable[MadeDigest]]  # with the settings that are not the defaults
ReadDigests = Callable[[], Awaitable[dict[str, PublishedDigest]]]
# all records from a moment on, or from an offset on; with both from the earlier one, with neither from the log's start
ReadLog = Callable[[datetime | None, int | None], AsyncIterator[list[Record]]]
Lagging = Callable[[], Awaitable[Collection[int]]]
log = get_logger(__name__)


class WeekCloseStage:
    """Follows event time and publishes what is due. `lagging`: partitions of `tweets` that embed is behind on."""

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
        self._published: dict[str, PublishedDigest] = {}
        self._passed = 0  # the end of what was handed over before recovery

    async def follow(self, records: Sequence[Record]) -> None:
        """See one batch; before recovery only its end, because recovery reads it from the log."""
        if self._week_clock is not None:
            self._see(self._week_clock, records)
        elif records:
            self._passed = records[-1].offset + 1

    async def tick(self, *, active: bool) -> None:
        """Called every second or so, never twice at once. `active`: this worker owns the partition."""
        if not active:
            self._week_clock = None
            return
        if self._week_clock is None:
            self._week_clock = await self._recover()
        # the lag costs two requests: ask only when something may be due
        if self._week_clock.due(self._clock()):
            for week in self._week_clock.due(self._clock(), await self._lagging()):
                await self._publish(week, self._week_clock)

    async def _recover(self) -> WeekClock:
        """Find out from the log which weeks are closed, how far event time is, and what came late."""
        week_clock = self._create_week_clock()
        self._published = await self._read_digests()
        for entry in self._published.values():
            _mark_closed(week_clock, entry, self._timezone)
        recent = list(self._published.values())[-CORRECTED_WEEKS:]
        since = recent[-1].digest.end if recent else None
        offset = min((entry.slice_end for entry in recent), default=None)
        reached, before = await self._see_log(week_clock, since, offset), -1
        while before < reached < self._passed:  # what came meanwhile; no further than a log that was made anew goes
            before, reached = reached, await self._see_log(week_clock, None, reached)
        watermark = week_clock.watermark()
        log.info("recovered", closed=list(self._published), watermark=watermark and watermark.isoformat())
        return week_clock

    async def _see_log(self, week_clock: WeekClock, since: datetime | None, offset: int | None) -> int:
        """The end of what was there to be read."""
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
        )
        if before is not None and before.hash == entry.hash:
            # nothing changed for readers: remember that the log was read so far, and bother nobody
            entry = replace(before, slice_end=made.slice_end)
        else:
            await self._teach(entry, made.taught)
            await self._send_digest(entry, made.value)
            log.info(
                "digest published",
                week=str(week),
                revision=entry.revision,
                topics=len(entry.digest.topics),
                headline=entry.digest.headline.text,
                seconds=round(time.monotonic() - started, 1),
            )
        self._published[str(week)] = entry
        _mark_closed(week_clock, entry, self._timezone)

    async def _refit_as_published(self, week: Week) -> tuple[MadeDigest, PublishedDigest | None, Mapping[str, str]]:
        """The week with the settings of its newest digest, that digest and those settings: what somebody chose with
        `replay --set --publish` stays when a late post comes. If they choose others meanwhile, it is done again."""
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

    async def _teach(self, entry: PublishedDigest, taught: bytes) -> None:
        """At its place among the posts, so that the live topics stay a function of that log."""
        if taught:
            key = entry.digest.week.encode()
            await (await self._send(EMBEDDED.name, key=key, value=taught, timestamp=entry.digest.end))

    async def _send_digest(self, entry: PublishedDigest, value: bytes) -> None:
        confirmation = await self._send(
            DIGESTS.name,
            key=entry.digest.week.encode(),
            value=value,
            timestamp=entry.digest.end,
            headers=entry.headers(),
        )
        await confirmation


def _settings_of(entry: PublishedDigest | None) -> str:
    return "" if entry is None else entry.settings


def _mark_closed(week_clock: WeekClock, entry: PublishedDigest, timezone: str) -> None:
    week_clock.closed(Week.parse(entry.digest.week, timezone), entry.slice_end, cited_posts(entry.digest))
