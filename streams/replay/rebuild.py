"""Rebuild a past week's digest from the log, in isolation: own consumers without a group, nothing committed, nothing
produced (publishing is a step of its own, `publish`).

A published week is read up to the offset that its digest was made from (`slice_end`), and on top of the digest of the
week before that its manifest names, also where that one has been corrected since and the log still has it. A week
without a digest is read to the log's end as of now. In a chain of weeks each one builds on the rebuilt one before,
except when the purpose is to verify: then each stands on what it was published from.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import orjson

from models.digest.compare import changes_line, compare
from models.digest.compare_inputs import Circumstances, InputDifference, differing_inputs
from models.events import Digest
from models.events.wire import content_hash, decode, encode
from models.week.week import Week
from streams.clock import Clock
from streams.kafka.digests import PublishedDigest, read_revisions, week_before
from streams.kafka.influencers import read_influencers
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DIGESTS, EMBEDDED
from streams.refit.client import MadeDigest, RefitProcess, library_versions
from streams.refit.settings import config_with, overrides_of, settings_text
from streams.replay.store import ReplayStore
from streams.settings import Settings

Source = Literal["tweets.embedded", "tweets"]
Report = Callable[[Week, str, float], None]  # week, step, share of the week done, 0–1
Revisions = Mapping[str, Sequence[PublishedDigest]]
Refit = Callable[..., Awaitable[MadeDigest]]  # as `RefitProcess.refit`
READING = 0.1  # of a week's time


@dataclass(frozen=True)
class Plan:
    """What to rebuild. overrides: digest settings by name. verify: on exactly what each digest was published from, its
    settings included unless `overrides` names others.

    late: read to the log's end, with posts that came after the published digest.
    """

    weeks: Sequence[Week]
    source: Source = "tweets.embedded"
    overrides: Mapping[str, str] = field(default_factory=dict)
    verify: bool = False
    late: bool = False


@dataclass(frozen=True)
class Previous:
    """The digest that a week builds on, and what has to be said about it."""

    digest: Digest | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Replayed:
    """A rebuilt week beside the published one."""

    week: Week
    digest: Digest
    made: MadeDigest
    published: PublishedDigest | None
    notes: tuple[str, ...] = ()
    resumed: bool = False  # it comes from an earlier, interrupted run
    settings: str = ""  # those that were not the defaults, as "key=value key=value"

    @property
    def missing(self) -> str | None:
        """Why the log no longer holds the week that the published digest was made from; None when it does."""
        if self.published is None:
            return None
        return self.published.missing_in(self.made.log_start, self.made.held)

    @property
    def identical(self) -> bool:
        """Whether the bytes are those that were published, from a log that still holds the week."""
        same = self.published is not None and encode(self.published.digest) == self.made.value
        return same and self.missing is None

    def differences(self) -> list[InputDifference]:
        """The inputs that are not those of the published digest."""
        if self.published is None:
            return []
        was, now = self.published, self.made
        return differing_inputs(
            was.digest,
            self.digest,
            Circumstances(was.slice_start, was.slice_end, was.settings) if was.slice_end else None,
            Circumstances(now.slice_start, now.slice_end, self.settings),
        )


def weeks_between(first: date, last: date, timezone: str) -> list[Week]:
    """Every ISO week with a day in [first, last]; raises ValueError when last is before first."""
    if last < first:
        raise ValueError(f"{last} is before {first}")
    days = [first + timedelta(days=7 * step) for step in range((last - first).days // 7 + 1)] + [last]
    return sorted({Week(*day.isocalendar()[:2], timezone) for day in days})


async def replay(
    settings: Settings,
    plan: Plan,
    *,
    store: ReplayStore | None = None,
    report: Report | None = None,
    refit: Refit | None = None,
) -> list[Replayed]:
    """Rebuild every week of `plan`, in order. Raises RefitError, ValueError (unknown setting) and Kafka's errors.

    A week that has neither posts nor a digest is left out, as the live stages leave it out.
    With a `store`, a run that was interrupted goes on after its last finished week. refit: default, one process for
    all weeks.
    """
    config_with(plan.overrides)
    process = RefitProcess(settings)
    people = [content_hash(person) for person in await read_influencers(settings)]
    run = _Run(settings, plan, await read_revisions(settings), people, store, report, refit or process.refit)
    done: list[Replayed] = []
    try:
        for week in plan.weeks:
            rebuilt = done[-1].digest if done and done[-1].week == week.previous and not plan.verify else None
            one = await run.week(week, choose_previous(run.revisions, week, rebuilt))
            if one.published is not None or one.digest.manifest.records:
                done.append(one)
    finally:
        await process.aclose()
    return done


def choose_previous(revisions: Revisions, week: Week, rebuilt: Digest | None = None) -> Previous:
    """What `week` builds on: the rebuilt week before; else what its manifest names; else the newest there is."""
    if rebuilt is not None:
        return Previous(rebuilt)
    name = week_before(revisions, week)
    before = revisions.get(name, ())
    newest = before[-1].digest if before else None
    published = _newest(revisions, week)
    if published is None:
        return Previous(newest)
    wanted = published.digest.manifest.previous_hash
    if wanted is None:
        late = "there was no digest of it when this one was made, and there is one now: it is left out"
        return Previous(None, (f"{name}: {late}",) if newest is not None else ())
    kept = next((entry for entry in reversed(before) if entry.hash == wanted), None)
    if kept is None:
        gone = f"the digest {wanted[:12]}… that this one was made from is no longer on the log"
        return Previous(newest, (f"{name}: {gone}; the newest one was taken",))
    if kept is before[-1]:
        return Previous(kept.digest)
    said = f"corrected since (revision {before[-1].revision}); taken as it was then (revision {kept.revision})"
    return Previous(kept.digest, (f"{name}: {said}",))


class IncompleteLogError(RuntimeError):
    """The log no longer holds the week: publishing the result would take something away from readers."""


async def publish(settings: Settings, replayed: Replayed, clock: Clock) -> PublishedDigest | None:
    """Put a rebuilt digest on `digests`, as a correction or as the first digest of its week.

    Returns:
        What was published; None when these bytes are published already.

    Raises:
        IncompleteLogError: The newest published digest was made from more than the log still has.
    """
    newest = _newest(await read_revisions(settings), replayed.week)
    missing = newest and newest.missing_in(replayed.made.log_start, replayed.made.held)
    if missing:
        raise IncompleteLogError(f"{replayed.week}: not published: the log no longer holds this week ({missing})")
    entry = PublishedDigest(
        digest=replayed.digest,
        revision=1 if newest is None else newest.revision + 1,
        slice_start=replayed.made.slice_start,
        slice_end=replayed.made.slice_end,
        made_at=clock(),
        supersedes=None if newest is None else newest.hash,
        settings=replayed.settings,
        held=replayed.made.held,
        changes="" if newest is None else changes_line(compare(newest.digest, replayed.digest)),
    )
    if newest is not None and newest.hash == entry.hash:
        return None
    sent = {"key": str(replayed.week).encode(), "timestamp_ms": _milliseconds(replayed.digest.end)}
    async with producer(settings) as client:
        if replayed.made.taught:  # first, as the week-close stage has it
            await client.send_and_wait(topic_name(settings, EMBEDDED), value=replayed.made.taught, **sent)
        await client.send_and_wait(
            topic_name(settings, DIGESTS), value=replayed.made.value, headers=list(entry.headers()), **sent
        )
    return entry


@dataclass(frozen=True)
class _Run:
    settings: Settings
    plan: Plan
    revisions: Revisions
    influencers: Sequence[str]  # their hashes
    store: ReplayStore | None
    report: Report | None
    refit: Refit

    async def week(self, week: Week, previous: Previous) -> Replayed:
        published = _newest(self.revisions, week)
        end = (published.slice_end or None) if published and not self.plan.late else None
        overrides = self._overrides(published)
        key = _key(self, week, end, previous, overrides)
        made = self.store.load(key) if self.store is not None else None
        resumed = made is not None
        if made is None:
            made = await self._rebuild(week, end, previous, overrides)
            if self.store is not None:
                self.store.save(key, made)
        one = Replayed(
            week, decode(made.value, Digest), made, published, previous.notes, resumed, settings_text(overrides)
        )
        if one.missing is None:
            return one
        return replace(one, notes=(*one.notes, f"{week}: the log no longer holds this week: {one.missing}"))

    def _overrides(self, published: PublishedDigest | None) -> Mapping[str, str]:
        """What is asked for; to verify, without anything asked, what the digest was published with."""
        if self.plan.verify and not self.plan.overrides and published is not None:
            return overrides_of(published.settings)
        return self.plan.overrides

    async def _rebuild(
        self, week: Week, end: int | None, previous: Previous, overrides: Mapping[str, str]
    ) -> MadeDigest:
        def progress(step: str, share: float) -> None:
            if self.report is not None:
                reading = step == "reading the week"
                self.report(week, step, READING * share if reading else READING + (1 - READING) * share)

        with tempfile.TemporaryDirectory(prefix="toptopics-") as folder:
            file = Path(folder) / "previous.json"
            value = b"" if previous.digest is None else encode(previous.digest)
            await asyncio.to_thread(file.write_bytes, value)
            return await self.refit(
                week,
                end=end,
                overrides=overrides,
                source=self.plan.source,
                previous=file,
                progress=progress,
            )


def _key(run: _Run, week: Week, end: int | None, previous: Previous, overrides: Mapping[str, str]) -> str:
    """Names everything that the rebuilt digest depends on and that is known before it is built."""
    settings, plan = run.settings, run.plan
    inputs = {
        "week": [str(week), settings.timezone],
        "log": [str(settings.kafka_bootstrap_servers), settings.prefix],
        "end": end,
        "source": [plan.source, settings.encoder, settings.fetch_links],
        "influencers": run.influencers,
        "overrides": dict(overrides),
        "versions": library_versions(),
        "previous": content_hash(previous.digest) if previous.digest else None,
    }
    return hashlib.sha256(orjson.dumps(inputs, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _newest(revisions: Revisions, week: Week) -> PublishedDigest | None:
    found = revisions.get(str(week), ())
    return found[-1] if found else None


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
