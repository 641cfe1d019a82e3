"""Event streams under load: many readers while posts arrive. `python -m tests.benchmarks.bench_live`

It uses a real Redis and one copy of the service in its own process. Readers and the view's writer are in this process.
It measures the time from a batch being in the view (the writer's call has returned) until each reader receives an
update that includes it (`topics` has the view's version), and the same for topic events, which every reader must get
once and in order.
Memory: the growth of the service's resident size for each reader, idle and under load.
"""

import argparse
import asyncio
import re
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil

from streams.local.redis_server import RedisServer
from streams.redis_store.client import RedisViews, open_views
from tests.benchmarks.live_service import service_process
from tests.support.view_examples import assignment, event

VERSION = re.compile(rb'data: \{"version":(\d+)')
BATCHES_PER_SECOND = 10
TOPICS = 300


@dataclass
class Load:
    """When updates became visible, in seconds of the monotonic clock."""

    batches: dict[int, float] = field(default_factory=dict)  # version of the view -> when
    versions: list[int] = field(default_factory=list)  # the same versions, in order
    events: dict[bytes, float] = field(default_factory=dict)  # topic id -> when
    updates: list[float] = field(default_factory=list)  # delays
    topic_events: list[float] = field(default_factory=list)
    bytes_read: int = 0


class Reader:
    """One connected client."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.version = 0
        self._seen = 0  # batches
        self.events: list[bytes] = []
        self.closed = False

    async def run(self, port: int, ready: asyncio.Semaphore) -> None:
        """Read until the connection ends."""
        async with ready:
            stream, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await stream.readuntil(b"event: status")
        try:
            while True:
                chunk = await stream.readuntil(b"\n\n")
                self._load.bytes_read += len(chunk)
                self._take(chunk, time.perf_counter())
        except (asyncio.IncompleteReadError, ConnectionError):
            self.closed = True
        finally:
            writer.close()

    def _take(self, chunk: bytes, now: float) -> None:
        if b"event: topics" in chunk:
            match = VERSION.search(chunk)
            version = int(match[1]) if match else 0
            while self._seen < len(self._load.versions) and self._load.versions[self._seen] <= version:
                known = self._load.versions[self._seen]
                self._seen += 1
                if known > self.version:  # otherwise it arrived before the writer had its version
                    self._load.updates.append(now - self._load.batches[known])
            self.version = version
        elif b"event: topic\n" in chunk:
            topic = chunk.partition(b'"topic_id":"')[2].partition(b'"')[0]
            self.events.append(topic)
            if topic in self._load.events:
                self._load.topic_events.append(now - self._load.events[topic])


async def write(views: RedisViews, load: Load, rate: int, seconds: int) -> int:
    """Write `rate` posts a second over 300 topics, and one topic event a second. Returns the number of posts."""
    size, start, number = rate // BATCHES_PER_SECOND, time.perf_counter(), 0
    for batch in range(seconds * BATCHES_PER_SECOND):
        await asyncio.sleep(max(0.0, start + batch / BATCHES_PER_SECOND - time.perf_counter()))
        posts = [
            assignment(f"p{i}", f"T{i * 7 % TOPICS}", author=f"a{i * 13 % 900}", hours=i / 36_000)
            for i in range(number, number + size)
        ]
        number += size
        await views.apply_assignments(posts)
        written = time.perf_counter()
        version = int(await views.database.call("HGET", views.root + "meta", "version"))
        load.batches[version] = written
        load.versions.append(version)
        if batch % BATCHES_PER_SECOND == 0:
            topic = f"E{batch}"
            load.events[topic.encode()] = time.perf_counter()
            await views.apply_topic_events([event("born", topic)])
    return number


async def measure(redis: str, port: int, service: psutil.Process, options: argparse.Namespace) -> bool:
    """Print the figures. Returns whether no reader missed anything."""
    load = Load()
    readers = [Reader(load) for _ in range(options.readers)]
    async with open_views(redis) as views:
        await views.apply_assignments([assignment(f"w{i}", f"T{i}", author=f"a{i}") for i in range(TOPICS)])
        await asyncio.sleep(1)
        empty = service.memory_info().rss
        ready = asyncio.Semaphore(20)
        tasks = [asyncio.create_task(reader.run(port, ready)) for reader in readers]
        while _clients(port) < len(readers):
            await asyncio.sleep(0.2)
        idle = service.memory_info().rss
        print(f"{len(readers)} readers connected; idle {(idle - empty) / len(readers) / 1024:.0f} KiB each")
        cpu, start = service.cpu_times(), time.perf_counter()
        posts = await write(views, load, options.rate, options.seconds)
        busy = time.perf_counter() - start
        await asyncio.sleep(3)
        used = service.cpu_times()
    share = (used.user + used.system - cpu.user - cpu.system) / (busy + 3)
    print(f"{posts} posts at {posts / busy:.0f}/s; service: {share:.0%} of a core")
    print(f"under load {(service.memory_info().rss - empty) / len(readers) / 1024:.0f} KiB each")
    print("update of the ranking:", _figures(load.updates), f"({load.bytes_read / busy / 1e6:.1f} MB/s in all)")
    print("topic event:          ", _figures(load.topic_events))
    last, happened = max(load.batches), list(load.events)
    dropped = sum(reader.closed for reader in readers)
    behind = sum(reader.version < last for reader in readers)
    missed = sum(reader.events != happened for reader in readers)
    print(f"dropped {dropped}, without the last update {behind}, with a topic event missing or twice {missed}")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return not dropped + behind + missed


def _clients(port: int) -> int:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    found = re.search(r"^toptopics_sse_clients (\S+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _figures(delays: Sequence[float]) -> str:
    if not delays:
        return "nothing arrived"
    median, high, most = (value * 1000 for value in np.percentile(delays, [50, 99, 100]))
    return f"median {median:.0f} ms, p99 {high:.0f} ms, largest {most:.0f} ms, of {len(delays)} deliveries"


def main() -> int:
    """Entry point; 1 when a reader missed something."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--readers", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=500, help="posts a second")
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            with service_process(redis.address) as (process, port):
                return 0 if asyncio.run(measure(redis.address, port, process, options)) else 1
        finally:
            redis.stop()


if __name__ == "__main__":
    sys.exit(main())
