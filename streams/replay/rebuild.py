"""Rebuilds a past week's digest from the log in isolation: consumers without a group, no commits, no output.

`publish` sends a rebuilt digest as a separate step. A published week is read up to the offset of its digest
(`slice_end`) and builds on the previous digest that its manifest names, even if that one was corrected later, as long
as the log still has it. A week without a digest is read to the present end of the log. In a series of weeks each builds
on the rebuilt week before it. With `verify`, each builds on the digest that it was published from.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
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
from streams.kafka.send import kafka_send, publish_digest
from streams.refit.client import MadeDigest, RefitProcess, library_versions
from streams.refit.settings import config_with, overrides_of, settings_text
from streams.replay.store import ReplayStore
from streams.settings import Settings

SourceTopic = Literal["tweets.embedded", "tweets"]
Report = Callable[[Week, str, float], None]  # week, step, share of the week that is done (0–1)
Revisions = Mapping[str, Sequence[PublishedDigest]]
Refit = Callable[..., Awaitable[MadeDigest]]  # as `RefitProcess.refit`
READING = 0.1  # share of a week's time


@dataclass(frozen=True)
class Plan:
    """What to rebuild."""

    weeks: Sequence[Week]  # the weeks, in order
    source: SourceTopic = "tweets.embedded"  # the topic to read from
    overrides: Mapping[str, str] = field(default_factory=dict)  # digest settings by name
    verify: bool = False  # rebuild from the same inputs and settings as the published digest; `overrides` still win
    late: bool = False  # read to the log's end, with posts that came after the published digest


@dataclass(frozen=True)
class Previous:
    """The digest that a week builds on."""

    digest: Digest | None  # None for the first digest
    notes: tuple[str, ...] = ()  # remarks for the user


@dataclass(frozen=True)
class Replayed:
    """A rebuilt week beside the published one."""

    week: Week
    digest: Digest  # the rebuilt digest
    made: MadeDigest  # its bytes and offsets
    published: PublishedDigest | None  # the newest published digest of the week
    notes: tuple[str, ...] = ()  # remarks for the user
    resumed: bool = False  # whether it comes from an earlier, interrupted run
    settings: str = ""  # the settings that differ from the defaults: "key=value key=value"

    @property
    def missing(self) -> str | None:
        """The reason why the log no longer has all records of the published digest; None when it has."""
        if self.published is None:
            return None
        return self.published.missing_in(self.made.log_start, self.made.held)

    @property
    def identical(self) -> bool:
        """Whether the bytes equal the published ones, and the log still has all records of the week."""
        same = self.published is not None and encode(self.published.digest) == self.made.value
        return same and self.missing is None

    def differences(self) -> list[InputDifference]:
        """The inputs that differ from those of the published digest."""
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
    """Every ISO week with a day in [first, last].

    Raises:
        ValueError: `last` is before `first`.
    """
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
    """Rebuild the weeks of `plan` in order. Weeks without posts and without a digest are left out.

    Args:
        settings: Brokers, Redis and encoder.
        plan: What to rebuild.
        store: Keeps finished weeks, so that an interrupted run continues after the last one.
        report: Called with the progress of each week.
        refit: Computes a digest; by default one process refits all weeks.

    Raises:
        RefitError: A refit failed.
        ValueError: `plan.overrides` has an unknown setting.
        KafkaError: The broker failed.
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
    """The digest that `week` builds on: the rebuilt week before, else the one in its manifest, else the newest.

    Args:
        revisions: All published digests by week.
        week: The week to rebuild.
        rebuilt: The rebuilt digest of the week before.
    """
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
        late = "it has a digest now, but had none when this one was made; rebuilding without it"
        return Previous(None, (f"{name}: {late}",) if newest is not None else ())
    kept = next((entry for entry in reversed(before) if entry.hash == wanted), None)
    if kept is None:
        gone = f"the digest {wanted[:12]}…, which this one was made from, is no longer on the log"
        return Previous(newest, (f"{name}: {gone}; using the newest one",))
    if kept is before[-1]:
        return Previous(kept.digest)
    said = f"corrected later (revision {before[-1].revision}); using the original (revision {kept.revision})"
    return Previous(kept.digest, (f"{name}: {said}",))


class IncompleteLogError(RuntimeError):
    """The log no longer has the whole week: readers would lose something by the new digest."""


async def publish(settings: Settings, replayed: Replayed, clock: Clock) -> PublishedDigest | None:
    """Publish a rebuilt digest on `digests`, as a correction or as the first digest of its week.

    Returns:
        The published digest; None when its bytes are published already.

    Raises:
        IncompleteLogError: The newest published digest was made from more records than the log still has.
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
    async with kafka_send(settings) as send:
        await publish_digest(send, entry, replayed.made.taught)
    return entry


@dataclass(frozen=True)
class _Run:
    settings: Settings  # brokers, Redis and encoder
    plan: Plan  # what to rebuild
    revisions: Revisions  # all published digests by week
    influencers: Sequence[str]  # hashes of the influencers
    store: ReplayStore | None  # keeps finished weeks
    report: Report | None  # called with the progress
    refit: Refit  # computes a digest

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
        """The settings of a week: the given ones; when verifying without any, those of the published digest."""
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
    """A hash of every input of the rebuilt digest that is known beforehand."""
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
