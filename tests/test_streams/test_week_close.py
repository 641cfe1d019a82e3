"""Stage week-close: what is due is published once, corrections replace, a crash repeats nothing for readers."""

from collections.abc import AsyncIterator, Awaitable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from models.events import Digest, Manifest, Sentence, Statistics
from models.week import Week
from models.week_clock import WeekClock
from models.wire import content_hash as digest_hash
from models.wire import decode, encode
from streams.digest_log import PublishedDigest, week_before
from streams.records import Record
from streams.refit_process import MadeDigest
from streams.topics import DIGESTS, EMBEDDED
from streams.week_close import WeekCloseStage
from tests.made_lessons import lesson
from tests.made_posts import START, FakeSend, embedded, record, tweet

NOW = START + timedelta(days=900)


def _digest(week: Week, text: str, cites: Sequence[str] = ()) -> Digest:
    return Digest(
        week=str(week),
        start=week.start,
        end=week.end,
        timezone="UTC",
        headline=Sentence(text=text, posts=list(cites)),
        overview=[],
        topics=[],
        faded=[],
        statistics=Statistics(
            posts=0,
            originals=0,
            retweets=0,
            near_duplicates=0,
            people=0,
            deleted=0,
            topics_found=0,
            topics_published=0,
            outlier_share=0.0,
        ),
        identities=[],
        manifest=Manifest(slice_hash="", records=0, encoder="", settings_hash="", versions={}, previous_hash=None),
    )


class World:
    """The log, the published digests and a refit that says how many records it read."""

    def __init__(self) -> None:
        self.log: list[Record] = []
        self.send = FakeSend()
        self.refits: list[str] = []
        self.lag: list[int] = []
        self.now = NOW
        self.says = "first"
        self.cites: list[str] = []
        self.teaches = b""
        self.chosen: list[dict[str, str]] = []  # settings of every refit
        self.meanwhile: PublishedDigest | None = None  # what a replay publishes while the next refit runs

    def append(self, number: int, hours: float) -> Record:
        """One more post on the log."""
        one = record(embedded(tweet(number, hours=hours), f"0:{number}"), len(self.log))
        self.log.append(one)
        return one

    def stage(self) -> WeekCloseStage:
        """A worker that has just started."""
        return WeekCloseStage(
            clock=lambda: self.now,
            create_week_clock=lambda: WeekClock(
                timezone="UTC", lateness=timedelta(hours=24), idle=timedelta(seconds=60)
            ),
            timezone="UTC",
            refit=self._refit,
            read_digests=self._digests,
            read_log=self._read,
            lagging=self._lagging,
            send=self.send,
        )

    async def replayed(self, entry: PublishedDigest) -> None:
        """As `toptopics replay --publish` does."""
        sent = self.send(
            DIGESTS.name, key=entry.digest.week.encode(), value=encode(entry.digest), headers=entry.headers()
        )
        await (await sent)

    async def closed_week(self) -> tuple[WeekCloseStage, PublishedDigest]:
        """A worker that has published the week of the first post."""
        stage = self.stage()
        await stage.tick(active=True)
        await stage.follow([self.append(0, 5), self.append(1, 8 * 24 + 1)])
        await stage.tick(active=True)
        (first,) = self.published()
        return stage, first

    async def late_post(self, stage: WeekCloseStage) -> PublishedDigest:
        """The newest digest of that week after one more post of it."""
        await stage.follow([self.append(2, 6)])
        self.now += timedelta(seconds=61)
        await stage.tick(active=True)
        return [entry for entry in self.published() if entry.digest.week == "2021-W18"][-1]

    def published(self) -> list[PublishedDigest]:
        """All records of `digests`, in order."""
        return [
            PublishedDigest.of_record(Record(DIGESTS.name, 0, 0, sent.key, sent.value, 0, sent.headers))
            for sent in self.send.sent
            if sent.topic == DIGESTS.name
        ]

    async def _refit(self, week: Week, chosen: Mapping[str, str]) -> MadeDigest:
        self.refits.append(str(week))
        self.chosen.append(dict(chosen))
        if self.meanwhile is not None:
            entry, self.meanwhile = self.meanwhile, None
            await self.replayed(entry)
        return MadeDigest(encode(_digest(week, self.says, self.cites)), 0, len(self.log), len(self.log), self.teaches)

    async def _digests(self) -> dict[str, PublishedDigest]:
        return {entry.digest.week: entry for entry in self.published()}

    async def _read(self, since: datetime | None, offset: int | None) -> AsyncIterator[list[Record]]:
        yield self.log if since is None else self.log[offset or 0 :]

    async def _lagging(self) -> Collection[int]:
        return self.lag


async def test_a_closed_week_is_published_once() -> None:
    """With where it was read in the headers, and not in the value."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.tick(active=True)
    (entry,) = world.published()
    assert (entry.digest.week, entry.revision, entry.slice_end, entry.made_at) == ("2021-W18", 1, 2, NOW)
    assert b"made_at" not in encode(entry.digest)


async def test_lag_of_the_embed_stage_holds_the_week_open() -> None:
    """Its missing posts would be late for no fault of theirs."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    world.lag = [3]
    await stage.tick(active=True)
    assert world.refits == []
    world.lag = []
    await stage.tick(active=True)
    assert world.refits == ["2021-W18"]


async def test_a_standby_publishes_nothing() -> None:
    """Only the owner of the partition does; one that takes over first reads where things stand."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    owner, standby = world.stage(), world.stage()
    await standby.tick(active=False)
    await owner.tick(active=True)
    assert len(world.published()) == 1
    await standby.tick(active=True)
    assert world.refits == ["2021-W18"]


async def test_after_a_crash_before_publishing_the_week_is_closed_again() -> None:
    """Offsets were committed long ago: the log itself says what is due."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    await world.stage().tick(active=True)
    assert [entry.digest.week for entry in world.published()] == ["2021-W18"]


async def test_a_late_post_makes_a_correction_also_over_a_restart() -> None:
    """`supersedes` names the value that it replaces."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    await world.stage().tick(active=True)
    world.append(2, 6)
    world.says = "second"
    after_restart = world.stage()
    await after_restart.tick(active=True)
    assert len(world.published()) == 1, "not before it is quiet"
    world.now += timedelta(seconds=61)
    await after_restart.tick(active=True)
    first, second = world.published()
    assert (second.revision, second.supersedes) == (2, first.hash)
    assert decode(encode(second.digest), Digest).headline.text == "second"


async def test_a_correction_that_changes_nothing_bothers_nobody() -> None:
    """A late copy of a post that was there already."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5)])
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)
    assert world.refits.count("2021-W18") == 2
    assert [entry.digest.week for entry in world.published()] == ["2021-W18", "2021-W19"]


async def test_a_correction_counts_on_from_what_a_replay_has_published() -> None:
    """`toptopics replay --publish` writes to the same topic while the stage runs."""
    world = World()
    stage, first = await world.closed_week()
    digest = _digest(Week.parse("2021-W18"), "replayed")
    replayed = replace(first, digest=digest, revision=2, supersedes=first.hash)
    await world.replayed(replayed)
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.supersedes) == (3, replayed.hash)


async def test_a_late_post_keeps_the_settings_that_somebody_chose_for_the_week() -> None:
    """`replay --set … --publish` is a decision, and a late post is none; other weeks have the defaults."""
    world = World()
    stage, first = await world.closed_week()
    chosen = replace(first, revision=2, supersedes=first.hash, settings="max_topics=5 min_topic_posts=6")
    await world.replayed(chosen)
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.settings) == (3, chosen.settings)
    assert {"max_topics": "5", "min_topic_posts": "6"} in world.chosen
    assert world.chosen[world.refits.index("2021-W19")] == {}


async def test_settings_that_are_chosen_while_a_correction_is_made_count_too() -> None:
    """Else the correction would bring back, a minute later, what the replay has just replaced."""
    world = World()
    stage, first = await world.closed_week()
    digest = _digest(Week.parse("2021-W18"), "replayed")
    world.meanwhile = replace(first, digest=digest, revision=2, supersedes=first.hash, settings="max_topics=5")
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.supersedes, last.settings) == (3, digest_hash(digest), "max_topics=5")


async def test_a_setting_that_is_no_more_does_not_stop_the_corrections() -> None:
    """After an upgrade, or from a hand that wrote to the topic: the rest is kept."""
    world = World()
    stage, first = await world.closed_week()
    await world.replayed(replace(first, revision=2, settings="no_such=1 max_topics=x seed=3"))
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.settings) == (3, "seed=3")
    assert {"seed": "3"} in world.chosen


async def test_what_the_refit_teaches_goes_before_the_digest() -> None:
    """A crash between the two repeats both: a digest whose lesson is missing would never be taught."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    world.teaches = b"a lesson"
    crashed = world.stage()
    lost = FakeSend(broken=True)

    async def until_the_digest(topic: str, **record: Any) -> Awaitable[object]:
        return await (lost if topic == DIGESTS.name else world.send)(topic, **record)

    crashed._send = until_the_digest
    with pytest.raises(ConnectionError):
        await crashed.tick(active=True)
    assert world.published() == []
    await world.stage().tick(active=True)
    assert [(sent.topic, sent.key) for sent in world.send.sent] == [
        (EMBEDDED.name, b"2021-W18"),
        (EMBEDDED.name, b"2021-W18"),
        (DIGESTS.name, b"2021-W18"),
    ]
    assert world.send.on(EMBEDDED.name) == [b"a lesson"] * 2
    assert {sent.timestamp for sent in world.send.sent} == {Week.parse("2021-W18").end}


async def test_a_correction_that_changes_nothing_teaches_nothing() -> None:
    """And a lesson on the log is no post that keeps a week open."""
    world = World()
    world.teaches = encode(lesson([], 64))
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.follow([record(world.teaches, len(world.log)), world.append(0, 5)])
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)
    assert world.refits.count("2021-W18") == 2
    assert len(world.send.on(EMBEDDED.name)) == len(world.published())


def test_a_digest_builds_on_the_newest_one_before_it() -> None:
    """A silent week must not cost all topics their ids."""
    assert week_before(["2020-W53", "2021-W02", "2021-W18"], Week.parse("2021-W18")) == "2021-W02"
    assert week_before(["2020-W53"], Week.parse("2021-W01")) == "2020-W53"
    assert week_before([], Week.parse("2021-W18")) == "2021-W17"
