"""From `tweets` to the API at 50 posts a second. `python -m tests.benchmarks.bench_delay [--rate 50] [--seconds 40]`

It runs a broker, a Redis, the stages embed, assign and view and the HTTP service, each in its own process with the
defaults. For each post it measures the time from handing it to the producer until it is in the view (looked up by its
id), and until `GET /api/topics` counts it. That answer has only the number of posts, so the n-th produced post is
compared with the n-th counted one.

There are two passes in one run: new posts, then the same texts under other ids, whose vectors come from the cache. The
second pass shows the stream without the encoder.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
import msgspec
import numpy as np

from models.events import Tweet
from models.events.wire import encode
from streams.kafka.admin import ensure_topics
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import TWEETS
from streams.local.services import running_services
from streams.redis_store.client import RedisViews, open_views
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, load_settings
from tests.benchmarks.live_service import service_process
from tests.benchmarks.stream_steps import many_tweets

WARM_UP = 200
PATIENCE = 120.0


async def play(settings: Settings, tweets: Sequence[Tweet], rate: float) -> dict[str, float]:
    """Send the posts to `tweets` one by one. Returns when each was sent, by the monotonic clock."""
    sent: dict[str, float] = {}
    started = time.perf_counter()
    async with producer(settings) as client:
        for number, tweet in enumerate(tweets):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            sent[tweet.id] = time.perf_counter()
            await client.send(
                topic_name(settings, TWEETS),
                key=tweet.author_id.encode(),
                value=encode(tweet),
                timestamp_ms=int(tweet.created_at.timestamp() * 1000),
            )
    return sent


async def seen_in_view(views: RedisViews, wanted: Sequence[str]) -> dict[str, float]:
    """When each post was in Redis, checked every 5 ms. Raises TimeoutError."""
    waiting = dict.fromkeys(wanted)
    found: dict[str, float] = {}
    while waiting:
        names = list(waiting)[:500]  # in the order in which they are sent: only the first ones can be there
        refs = await views.database.call("HMGET", views.root + "refs", *names)
        now = time.perf_counter()
        for name, ref in zip(names, refs, strict=True):
            if ref is not None:
                found[name] = now
                del waiting[name]
        await asyncio.sleep(0.005)
    return found


async def seen_in_api(url: str, known: int, more: int) -> list[float]:
    """When the service counted each of `more` posts beyond `known`, in order, checked every 10 ms."""
    moments: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        etag = ""
        while len(moments) < more:
            answer = await http.get("/api/topics?limit=1", headers={"If-None-Match": etag})
            if answer.status_code == 200:
                etag = answer.headers["etag"]
                counted = answer.json()["posts"] - known - len(moments)
                moments += [time.perf_counter()] * counted
            await asyncio.sleep(0.01)
    return moments[:more]


async def one_pass(settings: Settings, views: RedisViews, url: str, tweets: Sequence[Tweet], rate: float) -> list[str]:
    """Two figures: until the view, and until the API."""
    known = int(await views.database.call("ZCARD", views.root + "posts"))
    async with asyncio.timeout(len(tweets) / rate + PATIENCE):
        sent, stored, counted = await asyncio.gather(
            play(settings, tweets, rate),
            seen_in_view(views, [tweet.id for tweet in tweets]),
            seen_in_api(url, known, len(tweets)),
        )
    return [figures(_delays(sent, stored)), figures(np.array(counted) - np.array(sorted(sent.values())))]


def _delays(sent: Mapping[str, float], seen: Mapping[str, float]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([seen[post] - at for post, at in sent.items()])


def figures(delays: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> str:
    """In milliseconds."""
    median, high, most = np.percentile(delays * 1000, [50, 99, 100])
    return f"median {median:.0f} ms, p99 {high:.0f} ms, largest {most:.0f} ms"


async def measure(settings: Settings, environment: Mapping[str, str], url: str, rate: float, seconds: float) -> None:
    """Run and print both passes."""
    await ensure_topics(settings)
    pool = many_tweets(WARM_UP + int(rate * seconds))
    again = [msgspec.structs.replace(tweet, id=f"again-{tweet.id}") for tweet in pool[WARM_UP:]]
    with (settings.data_dir / "worker.log").open("wb") as log:
        worker = Worker(["embed", "assign", "view"], environment, log)
        running = asyncio.create_task(worker.supervise())
        try:
            async with open_views(str(settings.redis_url)) as views:
                await one_pass(settings, views, url, pool[:WARM_UP], rate)
                for name, tweets in (("embedding included", pool[WARM_UP:]), ("vectors from the cache", again)):
                    view, api = await one_pass(settings, views, url, tweets, rate)
                    print(f"{len(tweets)} posts at {rate:.0f}/s, {name}", flush=True)
                    print(f"  in the view: {view}\n  in the API:  {api}", flush=True)
        finally:
            worker.stop()
            await running


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rate", type=float, default=50.0, help="posts a second")
    parser.add_argument("--seconds", type=float, default=40.0, help="length of each pass")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="toptopics-bench-") as folder, running_services(Path(folder)) as services:
        environment = environment_for(services.kafka, services.redis, TOPTOPICS_DATA_DIR=folder)
        settings = load_settings(
            kafka_bootstrap_servers=services.kafka, redis_url=services.redis, data_dir=Path(folder), prefix=""
        )
        with service_process(services.redis) as (_, port):
            asyncio.run(measure(settings, environment, f"http://127.0.0.1:{port}", given.rate, given.seconds))


if __name__ == "__main__":
    main()
