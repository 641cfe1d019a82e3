"""All live sources in one process on a real broker, killed again and again: every post once on `tweets`."""

import asyncio
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from models import wire
from models.events import Deletion, Influencer, Tweet
from streams.clock import system_clock
from streams.influencer_log import put_influencers
from streams.kafka_admin import ensure_topics
from streams.kafka_log import read_topic
from streams.settings import Settings, load_settings
from streams.topics import DEAD_LETTERS, TWEETS
from tests.source_servers.blog import Blog
from tests.source_servers.bluesky_network import AppView, Jetstream
from tests.source_servers.hosting import hosted
from tests.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.source_servers.x_platform import XPlatform

NAMES = ("x-stream", "bluesky", "mastodon", "rss")
KILLS = 5
ROUNDS = 250


class World:
    """The four platforms, each with one listed person who writes in every round."""

    def __init__(self) -> None:
        self.x = XPlatform("drop", "", "503")
        self.network = Jetstream("drop", "", "503")
        self.mastodon = MastodonServer("drop", "", "503")
        self.blog = Blog()
        self.expected: Counter[str] = Counter()

    def write(self, word: str) -> None:
        self.x.write("ada", f"x {word}")
        self.network.write("did:plc:ada", f"bluesky {word}")
        self.mastodon.write("ada", f"<p>mastodon {word}</p>")
        self.blog.write(f"rss {word}", "")
        self.expected.update(f"{name} {word}" for name in ("x", "bluesky", "mastodon", "rss"))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def environment(world: World, kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """What the process needs, with the servers running."""
    with ExitStack() as stack:
        ports = [
            stack.enter_context(hosted(server))
            for server in (world.x, world.network, AppView(world.network), world.mastodon, world.blog)
        ]
        yield {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
            "REDIS_URL": "redis://127.0.0.1:1/0",  # the sources do without
            "TOPTOPICS_PREFIX": fresh_names,
            "TOPTOPICS_DATA_DIR": str(tmp_path),
            "X_BEARER_TOKEN": "token",
            "TOPTOPICS_X_URL": f"http://127.0.0.1:{ports[0]}",
            "TOPTOPICS_BLUESKY_URL": f"ws://127.0.0.1:{ports[1]}/subscribe",
            "TOPTOPICS_BLUESKY_APPVIEW": f"http://127.0.0.1:{ports[2]}",
            "MASTODON_URL": f"http://127.0.0.1:{ports[3]}",
            "MASTODON_ACCESS_TOKEN": TOKEN,
            "FEED": f"http://127.0.0.1:{ports[4]}/feed.xml",
        }


def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "streams.cli", "source", *NAMES, "--every", "1", "--lookback", "0"]
    with (Path(environment["TOPTOPICS_DATA_DIR"]) / "source.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log)


def read(settings: Settings) -> tuple[list[Tweet | Deletion], int]:
    """The posts on `tweets`, and the number of dead letters."""

    async def all_of() -> tuple[list[Tweet | Deletion], int]:
        posts = [wire.decode_post(r.value) async for rs in read_topic(settings, TWEETS) for r in rs]
        letters = [record async for records in read_topic(settings, DEAD_LETTERS) for record in records]
        return posts, len(letters)

    return asyncio.run(all_of())


def wait_for(settings: Settings, environment: dict[str, str], reached: set[str], seconds: float) -> list[str]:
    """Run a process until the texts are all on `tweets`; the texts that are there then."""
    process = start(environment)
    try:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            texts = [post.text for post in read(settings)[0] if isinstance(post, Tweet)]
            if reached <= set(texts) or process.poll() is not None:
                return texts
            time.sleep(0.5)
        return texts
    finally:
        process.kill()
        process.wait()


@pytest.mark.timeout(240)
def test_every_post_is_on_the_log_once(world: World, environment: dict[str, str], tmp_path: Path) -> None:
    """SIGKILL at random moments, refused and dropped connections beside: nothing lost, nothing twice."""
    settings = load_settings(
        kafka_bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"],
        prefix=environment["TOPTOPICS_PREFIX"],
        data_dir=tmp_path,
    )
    person = Influencer(
        id="ada",
        name="Ada",
        handles={"x": "ada", "bluesky": "ada.test", "mastodon": "ada@home.test", "rss": environment["FEED"]},
    )
    asyncio.run(ensure_topics(settings))
    asyncio.run(put_influencers(settings, [person], at=system_clock()))
    process = start(environment)
    began = time.monotonic()
    while len(list((tmp_path / "sources").glob("*.cursor.json"))) < len(NAMES):
        assert process.poll() is None
        assert time.monotonic() < began + 60
        world.write(f"warm {time.monotonic()}")  # without a cursor there is nothing to resume from
        time.sleep(0.3)
    world.expected.clear()

    def keep_writing() -> None:
        for number in range(ROUNDS):
            world.write(str(number))
            time.sleep(0.1)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    chance = random.Random(11)
    for _kill in range(KILLS):
        time.sleep(chance.uniform(2.5, 6.0))
        process.kill()
        process.wait()
        process = start(environment)
    writer.join()
    process.kill()
    process.wait()
    texts = wait_for(settings, environment, set(world.expected), 60)
    counted = Counter(text for text in texts if "warm" not in text)
    assert sorted((world.expected - counted).elements()) == []
    assert sorted((counted - world.expected).elements()) == []
    assert not [text for text, times in Counter(texts).items() if times > 1]
    assert read(settings)[1] == 0
