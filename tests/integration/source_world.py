"""The platforms with one listed person who writes, edits and deletes everywhere, and the audit of what came of it."""

import asyncio
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from models.events import DeadLetter, Deletion, Influencer, Tweet, wire
from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.influencers import put_influencers
from streams.kafka.log import read_topic
from streams.kafka.topics import DEAD_LETTERS, TWEETS
from streams.settings import Settings, load_settings
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.support.source_servers.x_platform import XPlatform

BEARER = "AAAA-bearer-of-the-test"
PLATFORMS = ("x", "bluesky", "mastodon", "rss")


@dataclass
class World:
    """Four platforms. `plain`, `edited`, `deleted`: the texts of posts that stayed as they were, that were edited (the
    later words), that were deleted (before anything else became of them)."""

    x: XPlatform
    network: Jetstream
    mastodon: MastodonServer
    blog: Blog
    platforms: tuple[str, ...] = PLATFORMS
    plain: set[str] = field(default_factory=set)
    edited: dict[str, str] = field(default_factory=dict)  # later words -> earlier ones
    deleted: set[str] = field(default_factory=set)
    _ids: dict[str, str] = field(default_factory=dict)

    def write(self, word: str) -> None:
        """A post on each platform."""
        self._ids[f"x {word}"] = self.x.write("ada", f"x {word}")["id"]
        self._ids[f"bluesky {word}"] = self.network.write("did:plc:ada", f"bluesky {word}")
        self._ids[f"mastodon {word}"] = self.mastodon.write("ada", f"<p>mastodon {word}</p>")
        self._ids[f"rss {word}"] = self.blog.write(f"rss {word}", "")
        self.plain |= {f"{name} {word}" for name in self.platforms}

    def edit(self, word: str) -> None:
        """Where posts can be edited under their id."""
        self.network.change(self._ids[f"bluesky {word}"], f"bluesky {word} edited")
        self.mastodon.change(self._ids[f"mastodon {word}"], f"<p>mastodon {word} edited</p>")
        self.blog.change(self._ids[f"rss {word}"], "edited")
        for name, mark in (("bluesky", " edited"), ("mastodon", " edited"), ("rss", "\n\nedited")):
            if name in self.platforms:
                self.plain.discard(f"{name} {word}")
                self.edited[f"{name} {word}{mark}"] = f"{name} {word}"

    def delete(self, word: str) -> None:
        """Where the platform tells it."""
        self.network.delete(self._ids[f"bluesky {word}"])
        self.mastodon.delete(self._ids[f"mastodon {word}"])
        gone = {f"{name} {word}" for name in ("bluesky", "mastodon") if name in self.platforms}
        self.plain -= gone
        self.deleted |= gone

    def forget(self) -> None:
        """What was written so far is not expected any more."""
        self.plain.clear()

    def faults(self, posts: list[Tweet | Deletion]) -> list[str]:
        """What is wrong with a log, in words; nothing when every post, edit and deletion is there once."""
        tweets = [post for post in posts if isinstance(post, Tweet)]
        times = Counter(tweet.text for tweet in tweets)
        tombstones = Counter(post.id for post in posts if isinstance(post, Deletion))
        ids = {tweet.text: tweet.id for tweet in tweets}
        found = [f"lost: {text}" for text in sorted((self.plain | set(self.edited)) - set(times))]
        found += [f"{count} times: {text}" for text, count in sorted(times.items()) if count > 1]
        found += [
            f"edit of nothing: {text}" for text in self.edited if text in ids and not self._replaces(text, tweets)
        ]
        found += [
            f"{tombstones[ids[text]]} tombstones: {text}"
            for text in sorted(self.deleted & set(ids))
            if tombstones[ids[text]] != 1
        ]
        return found

    def _replaces(self, text: str, tweets: list[Tweet]) -> bool:
        """Whether an edit names the version that it replaces, where that one was read before it was edited."""
        before = {tweet.id for tweet in tweets if tweet.text == self.edited[text]}
        return all(tweet.edit_of in before for tweet in tweets if tweet.text == text) or not before


@contextmanager
def running_world(world: World, settings: Settings, **more: str) -> Iterator[dict[str, str]]:
    """The servers run, Ada is listed; the environment of a process that reads them."""
    with ExitStack() as stack:
        servers = (world.x, world.network, AppView(world.network), world.mastodon, world.blog)
        ports = [stack.enter_context(hosted(server)) for server in servers]
        feed = f"http://127.0.0.1:{ports[4]}/feed.xml"
        handles = {"x": "ada", "bluesky": "ada.test", "mastodon": "ada@home.test", "rss": feed}
        asyncio.run(ensure_topics(settings))
        asyncio.run(put_influencers(settings, [Influencer(id="ada", name="Ada", handles=handles)], at=system_clock()))
        yield {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
            "REDIS_URL": "redis://127.0.0.1:1/0",  # the sources do without
            "TOPTOPICS_PREFIX": settings.prefix,
            "TOPTOPICS_DATA_DIR": str(settings.data_dir),
            "TOPTOPICS_LOG_LEVEL": "debug",
            "X_BEARER_TOKEN": BEARER,
            "TOPTOPICS_X_URL": f"http://127.0.0.1:{ports[0]}",
            "TOPTOPICS_BLUESKY_URL": f"ws://127.0.0.1:{ports[1]}/subscribe",
            "TOPTOPICS_BLUESKY_APPVIEW": f"http://127.0.0.1:{ports[2]}",
            "MASTODON_URL": f"http://127.0.0.1:{ports[3]}",
            "MASTODON_ACCESS_TOKEN": TOKEN,
            **more,
        }


def settings_for(bootstrap: str, prefix: str, folder: Path) -> Settings:
    return load_settings(kafka_bootstrap_servers=bootstrap, prefix=prefix, data_dir=folder)


def start(environment: dict[str, str], *names: str) -> subprocess.Popen[bytes]:
    """A process that runs these sources; its output is in `source.log` of the data folder."""
    command = [sys.executable, "-m", "streams.cli", "source", *names, "--every", "1", "--lookback", "0.001"]
    with (Path(environment["TOPTOPICS_DATA_DIR"]) / "source.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def read(settings: Settings) -> tuple[list[Tweet | Deletion], list[DeadLetter]]:
    """The posts on `tweets`, and the dead letters."""

    async def all_of() -> tuple[list[Tweet | Deletion], list[DeadLetter]]:
        posts = [wire.decode_post(r.value) async for rs in read_topic(settings, TWEETS) for r in rs]
        letters = [wire.decode(r.value, DeadLetter) async for rs in read_topic(settings, DEAD_LETTERS) for r in rs]
        return posts, letters

    return asyncio.run(all_of())
