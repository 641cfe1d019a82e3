"""A week-close stage with its log, its published digests and its refit in memory."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import structs

from models.events import Digest, EmbeddedTweet, Sentence, Tweet
from models.events.wire import decode_log, encode
from models.week.clock import WeekClock
from models.week.week import Week
from streams.kafka.digests import PublishedDigest
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS
from streams.refit.client import MadeDigest
from streams.stages.week_close import WeekCloseStage, WeekReport
from tests.support.made_digest import empty_digest
from tests.support.made_posts import START, FakeSend, embedded, record, tweet

NOW = START + timedelta(days=900)


def made_digest(week: Week, text: str, cites: Sequence[str] = ()) -> Digest:
    """A digest that contains only `text`."""
    return structs.replace(empty_digest(week), headline=Sentence(text=text, posts=list(cites)))


class World:
    """The log, the published digests, and a refit whose digest says how many records it read."""

    def __init__(self) -> None:
        self.log: list[Record] = []
        self.log_start = 0  # retention: what is before is gone
        self.outcomes: list[str] = []
        self.reports: list[WeekReport] = []
        self.arrives: list[tuple[int, float]] = []  # posts that arrive while the next refit runs
        self.stages: list[WeekCloseStage] = []
        self.digest: Digest | None = None  # what the refit of its week makes instead
        self.send = FakeSend()
        self.refits: list[str] = []
        self.lag: list[int] = []
        self.now = NOW
        self.says = "first"
        self.cites: list[str] = []
        self.teaches = b""
        self.chosen: list[dict[str, str]] = []  # settings of every refit
        self.meanwhile: PublishedDigest | None = None  # what a replay publishes during the next refit

    def append(self, number: int, hours: float) -> Record:
        """Append a post to the log."""
        one = record(embedded(tweet(number, hours=hours), f"0:{number}"), len(self.log))
        self.log.append(one)
        return one

    def stage(self) -> WeekCloseStage:
        """A worker that has just started."""
        made = WeekCloseStage(
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
            count=self.outcomes.append,
            report=self.reports.append,
        )
        self.stages.append(made)
        return made

    async def replayed(self, entry: PublishedDigest) -> None:
        """Publish as `toptopics replay --publish` does."""
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
        """Add a post to that week and return its newest digest."""
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
        there = self.log[self.log_start :]
        posts = [(one.offset, tweet) for one in there if (tweet := _tweet_of(one)) is not None]
        given = self.digest if self.digest is not None and self.digest.week == str(week) else None
        made = MadeDigest(
            encode(given or made_digest(week, self.says, self.cites)),
            slice_start=next((offset for offset, post in posts if post.created_at >= week.start), len(self.log)),
            slice_end=len(self.log),
            records=len(there),
            taught=self.teaches,
            log_start=self.log_start,
            held=len({post.id for _, post in posts if week.contains(post.created_at)}),
        )
        while self.arrives:
            await self.stages[-1].follow([self.append(*self.arrives.pop(0))])
        return made

    async def _digests(self) -> dict[str, PublishedDigest]:
        return {entry.digest.week: entry for entry in self.published()}

    async def _read(self, since: datetime | None, offset: int | None) -> AsyncIterator[list[Record]]:
        if found := self.log[max(offset or 0, self.log_start) :]:
            yield list(found)

    async def _lagging(self) -> Collection[int]:
        return self.lag


def _tweet_of(one: Record) -> Tweet | None:
    value = decode_log(one.value)
    return value.tweet if isinstance(value, EmbeddedTweet) else None
