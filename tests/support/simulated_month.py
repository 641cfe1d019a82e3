"""A month of a feed and of Bluesky, through the sources, their servers and restarts.

The clock is the test's: an hour is a step. Each day Ada writes on Bluesky and in her blog. Her handle changes, is
invalid for a while, and goes to somebody else; her feed is emptied and filled again, gets new ids, counts its visitors,
and shows more of its past; old posts are imported. With others, all of them write about one release each week, and she
corrects the title of her entry about the third one a week later.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from models.events import Influencer, Tweet
from streams.sources.bluesky.appview import AppView as AppViewClient
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.cursors import Files
from streams.sources.feeds.poll import Feeds
from streams.sources.people.wanted import People
from streams.sources.port import Source
from streams.sources.producer import Delivery
from streams.sources.runner import Runner
from streams.sources.sent_posts import SentPosts
from tests.support.feed_reader import ReaderHere
from tests.support.source_servers import bluesky_network
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.collecting import QUICK, MemoryLog
from tests.support.source_servers.hosting import Stop, hosted, serve_app

START = datetime(2025, 9, 1, tzinfo=UTC)  # a Monday
DAYS = 28
OTHERS = ("did:plc:grace", "did:plc:alan", "did:plc:joan", "did:plc:mary")
NAMES = ("Kestrel", "Marlin", "Osprey", "Basalt")
TITLE = "{0} 2.0 is out: its new compiler makes the training of small models {1} as fast"
STORY = (
    "We measured {0} 2.0 on our own cluster, and the training of small models is faster",
    "Upgraded to {0} 2.0 today, and its new compiler found two faults in our training code",
    "{0} 2.0 drops the old interface of the compiler, so read the notes before you upgrade",
    "Our course moves to {0} 2.0 next month, because its compiler helps in training",
)


class World:
    """The clock, what was written, and the platforms that show it."""

    def __init__(self, seed: int, others: Sequence[str] = ()) -> None:
        self.now = START
        self.others = others
        self.random = random.Random(seed)
        self.network = _Network(self)
        self.blog = _Blog(self)
        self.written: dict[str, datetime] = {}  # text -> when
        self.edited: set[str] = set()

    def day(self, number: int) -> None:
        """What happens on a day, at random hours of it."""
        for hour in range(24):
            self.now = START + timedelta(days=number, hours=hour)
            if self.random.random() < 0.2:
                self._write_on_bluesky(f"{number}-{hour}")
            if self.random.random() < 0.1:
                self._write_in_the_blog(f"{number}-{hour}")
        self._mischief(number)
        if self.others and number % 7 == 2:
            self._release(number // 7)
        if self.others and number == 23:
            self._correct()

    def _release(self, week: int) -> None:
        """Ada in her blog, and the others on Bluesky, write about one thing."""
        title = TITLE.format(NAMES[week], "twice")
        self.blog.entries.insert(0, _Entry(title, self.now, f"r{week}", f"https://ada.example/r{week}"))
        self.written[title] = self.now
        for did, words in zip(self.others, STORY, strict=True):
            text = words.format(NAMES[week])
            self.network.write(did, text, createdAt=self.now.isoformat())
            self.written[text] = self.now

    def _correct(self) -> None:
        """Another title for the release of the week before."""
        entry = next(one for one in self.blog.entries if one.guid == "r2")
        entry.title = TITLE.format(NAMES[2], "three times")
        self.edited.add(entry.title)

    def _write_on_bluesky(self, name: str) -> None:
        text = f"note {name} about kernels"
        self.network.write("did:plc:ada", text, createdAt=self.now.isoformat())
        self.written[text] = self.now

    def _write_in_the_blog(self, name: str) -> None:
        text = f"Entry {name} on evaluation"
        self.blog.entries.insert(0, _Entry(text, self.now, f"g{name}", f"https://ada.example/{name}"))
        self.written[text] = self.now

    def _mischief(self, number: int) -> None:
        network, blog = self.network, self.blog
        long_ago = START - timedelta(days=self.random.randrange(60, 4_000))
        if number % 3 == 0:
            network.write("did:plc:ada", f"imported {number}", createdAt=long_ago.isoformat())
        if number % 4 == 1:
            blog.entries.append(
                _Entry(f"Old entry {number}", long_ago, f"old{number}", f"https://ada.example/o{number}")
            )
        if number == 5:
            network.tell("did:plc:ada", "identity", {"handle": "handle.invalid"})
        if number == 9:
            network.tell("did:plc:ada", "identity", {"handle": "ada.example"})
            network.handles = {"ada.example": "did:plc:ada", "ada.test": "did:plc:squatter"}
        if number > 9:
            network.write("did:plc:squatter", f"not hers {number}", createdAt=self.now.isoformat())
        if number in (12, 19):
            blog.generation += 1  # new ids for everything
        if number in (15, 16):
            self._edit()
        blog.is_empty = number in (7, 20)

    def _edit(self) -> None:
        known = self.now - timedelta(days=2)
        settled = [one for one in self.blog.entries if START < one.date < known and one.guid.startswith("g")]
        entry = next(one for one in settled if not one.more)
        entry.more = " A correction in words."
        self.edited.add(entry.title)


class _Network(Jetstream):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.handles = {"ada.test": "did:plc:ada"}

    def _now(self) -> int:
        moment = int(self._world.now.timestamp() * 1e6)
        return max(moment, self.events[-1]["time_us"] + 1) if self.events else moment


class _Entry:
    def __init__(self, title: str, date: datetime, guid: str, link: str) -> None:
        self.title, self.date, self.guid, self.link, self.more = title, date, guid, link, ""


class _Blog:
    """Shows its newest twenty entries and how often it was read."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.entries: list[_Entry] = []
        self.generation = 0
        self.is_empty = False
        self.asked = 0

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_get("/feed.xml", self._answer)
        return await serve_app(app)

    async def _answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        shown = [] if self.is_empty else sorted(self.entries, key=lambda entry: entry.date)[-20:]
        items = "".join(
            f"<item><title>{entry.title}</title><guid isPermaLink='false'>{entry.guid}-{self.generation}</guid>"
            f"<link>{entry.link}</link><pubDate>{entry.date:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
            f"<description>Read {self.asked} times.{entry.more}</description></item>"
            for entry in shown
        )
        head = f"<title>Ada</title><lastBuildDate>{self._world.now:%a, %d %b %Y %H:%M:%S} GMT</lastBuildDate>"
        return web.Response(text=f"<rss version='2.0'><channel>{head}{items}</channel></rss>", content_type="text/xml")


class Sources:
    """Both sources with their runners, as one process would run them; started again, they know what the log tells."""

    def __init__(self, world: World, ports: tuple[int, int, int], folder: Path) -> None:
        self._world = world
        self._jetstream, self._appview, self._blog = ports
        self._folder = folder
        self.log = MemoryLog()
        self.ids: dict[str, str] = {}

    def people(self, feed: str) -> list[Influencer]:
        """The listed people, with what was learned about Ada."""
        handles = {"bluesky": "ada.test", "rss": feed}
        ada = Influencer(id="ada", name="Ada", handles=handles, ids=dict(self.ids))
        names = ((did, did.rpartition(":")[2]) for did in self._world.others)
        return [ada, *(Influencer(id=name, name=name.title(), handles={"bluesky": did}) for did, name in names)]

    async def read(self, client: httpx.AsyncClient) -> None:
        """Start from what is stored, read all that there is, and stop."""
        world = self._world
        feed = f"http://127.0.0.1:{self._blog}/feed.xml"
        listed = People(self.people(feed))
        memory = SentPosts()
        for post in self.log.posts:
            memory.remember(post)
        clock = lambda: world.now  # noqa: E731
        appview = AppViewClient(f"http://127.0.0.1:{self._appview}", client, clock)
        url = f"ws://127.0.0.1:{self._jetstream}/subscribe"
        sources: list[Source] = [
            Bluesky(listed, url=url, appview=appview, clock=clock, memory=memory, lookback_days=1.0),
            Feeds(listed, client, clock=clock, every=0.02, lookback_days=1.0, memory=memory, reader=ReaderHere()),
        ]
        asked = world.blog.asked
        runners = [self._runner(source, memory, listed) for source in sources]
        tasks = [asyncio.create_task(runner.run()) for runner in runners]
        followed = ("did:plc:ada", *world.others)
        last = max((event["time_us"] for event in world.network.events if event["did"] in followed), default=0)
        async with asyncio.timeout(60):
            while world.blog.asked < asked + 3 or int(runners[0]._cursor or 0) < last:
                await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.ids |= listed.learned.get("ada", {})

    def _runner(self, source: Source, memory: SentPosts, listed: People) -> Runner:
        files = Files(self._folder, source.name)
        delivery = Delivery(self.log, source.name)
        return Runner(
            source, delivery, files, memory, listed, lambda: self._world.now, backoff=QUICK, saved=files.load()
        )


@contextmanager
def simulated(
    seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch, others: Sequence[str] = ()
) -> Iterator[tuple[World, Sources]]:
    """The world with its servers, and the sources beside them."""
    world = World(seed, others)
    monkeypatch.setattr(bluesky_network, "PEOPLE", world.network.handles)
    with hosted(world.network) as port, hosted(AppView(world.network)) as view, hosted(world.blog) as blog:
        yield world, Sources(world, (port, view, blog), folder)


async def a_month(world: World, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every day happens, and is read afterwards by sources that start again."""
    async with httpx.AsyncClient() as client:
        await sources.read(client)  # from before the month
        for number in range(DAYS):
            world.day(number)
            monkeypatch.setattr(bluesky_network, "PEOPLE", world.network.handles)
            await sources.read(client)
            world.blog.is_empty = False


def title(post: Tweet) -> str:
    return post.text.partition("\n\n")[0]
