"""Runs a source without Kafka: a log in memory, and a runner with short waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from models.events import DeadLetter, Deletion, Influencer, Tweet, wire
from streams.clock import system_clock
from streams.kafka.topics import TWEETS
from streams.ports import Headers
from streams.sources.cursors import Files
from streams.sources.people.wanted import People
from streams.sources.port import Source
from streams.sources.producer import Delivery
from streams.sources.runner import Backoff, Runner
from streams.sources.sent_posts import SentPosts

QUICK = Backoff(first=0.05, most=0.2)


@dataclass
class MemoryLog:
    """A `Send` that stores what is produced. `failing` makes confirmations fail."""

    posts: list[Tweet | Deletion] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    headers: list[dict[str, bytes]] = field(default_factory=list)
    failing: bool = False

    async def __call__(
        self,
        topic: str,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: datetime | None = None,
        headers: Headers = (),
    ) -> Awaitable[object]:
        if topic == TWEETS.name:
            post = wire.decode_post(value)
            assert key == post.author_id.encode()
            self.posts.append(post)
            self.headers.append(dict(headers))
        else:
            self.letters.append(wire.decode(value, DeadLetter))
        confirmed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if self.failing:
            confirmed.set_exception(ConnectionError("the broker has gone"))
            confirmed.exception()  # marks it as seen: a runner that ends does not await all of them
        else:
            confirmed.set_result(None)
        return confirmed

    def tweets(self) -> list[Tweet]:
        return [post for post in self.posts if isinstance(post, Tweet)]

    def deletions(self) -> list[Deletion]:
        return [post for post in self.posts if isinstance(post, Deletion)]

    def texts(self) -> list[str]:
        return [tweet.text for tweet in self.tweets()]


def people(**handles: str) -> People:
    """Listed people: platform="handle handle …"."""
    return People(
        Influencer(id=handle, name=handle, handles={platform: handle})
        for platform, names in handles.items()
        for handle in names.split()
    )


def runner_of(
    source: Source, log: MemoryLog, folder: Path, everybody: People, memory: SentPosts | None = None
) -> Runner:
    """A runner that starts at the folder's cursor."""
    files = Files(folder, source.name)
    return Runner(
        source,
        Delivery(log, source.name),
        files,
        SentPosts() if memory is None else memory,
        everybody,
        system_clock,
        backoff=QUICK,
        saved=files.load(),
    )


async def run_until(runner: Runner, reached: Callable[[], bool], seconds: float = 180.0) -> None:
    """Run until `reached`. Fails after `seconds`, or when the runner ends by itself."""
    task = asyncio.create_task(runner.run())
    try:
        async with asyncio.timeout(seconds):
            while not reached():
                if task.done():
                    task.result()
                    raise AssertionError("the runner ended")
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
