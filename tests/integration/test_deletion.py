"""A person deletes a post: none of its words remain anywhere that a reader can see."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from models.events import Deletion, Digest, Tweet
from models.text.plain import plain
from streams.kafka.digests import PublishedDigest, read_digests
from streams.settings import Settings
from tests.browser.service import ServiceProcess
from tests.integration.faults.settling import until_settled
from tests.integration.pipeline import (
    ALL_STAGES,
    WorkerProcess,
    pipeline_settings,
    produce,
    until_accounted,
    until_digests,
)
from tests.integration.test_pipeline import WEEKS
from tests.support.stored_weeks import two_weeks_of_tweets

pytestmark = pytest.mark.timeout(1200)
WORDS = 5
FORMS = ("markdown", "html", "text", "json", "atom")


async def test_a_deleted_post_is_gone_from_digest_forms_feed_pages_and_redis(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The post that a summary quotes, with its retweets: a correction follows, and every form shows it."""
    posts = two_weeks_of_tweets()
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        worker = WorkerProcess(settings, tmp_path / "worker.log")
        service = ServiceProcess(redis_url, tmp_path, kafka_bootstrap, fresh_names)
        # all posts are there before a week can close: none is late and causes a correction
        await produce(settings, posts)
        worker.start()
        try:
            service.start()
            await until_accounted(settings, worker)
            week, first = next(
                (week, entry)
                for week, entry in (await until_digests(settings, WEEKS, worker)).items()
                if entry.digest.topics
            )
            gone = {post.id: post for post in posts}[quoted(first.digest)]
            secret = passages_of(gone, posts)
            assert secret, "its words are others' too"
            before = await redis_text(settings)
            assert any(words in before for words in secret)
            await produce(settings, [Deletion(id=gone.id, author_id=gone.author_id, deleted_at=first.digest.end)])
            corrected = await until_corrected(settings, week, first, worker)
            await until_settled(settings, ALL_STAGES.split(","), worker)
            await until_shown(service.url, week, corrected.revision)
            places = {"redis": await redis_text(settings)}
            async with httpx.AsyncClient(base_url=service.url, timeout=120) as http:
                for path in (f"/digests/{week}", f"/api/digests/{week}", "/api/digests", "/feed.atom", "/api/events"):
                    places[path] = (await http.get(path)).raise_for_status().text
            places |= {form: command(worker, week, form) for form in FORMS}
        finally:
            worker.stop()
            service.stop()
    assert "corrected, revision 2" in places["/feed.atom"]
    found = {(place, words) for place, text in places.items() for words in secret if words in plain(text)}
    assert found == set()
    assert [place for place, text in places.items() if place != "redis" and f'"{gone.id}"' in text] == []


def quoted(digest: Digest) -> str:
    """The post that the first section's summary quotes."""
    return digest.topics[0].summary.posts[0]


def passages_of(post: Tweet, posts: list[Tweet]) -> set[str]:
    """Sequences of so many words that only this post and its repetitions contain."""
    others = " ".join(" ".join(plain(one.text).split()) for one in posts if post.id not in {one.id, one.related_id})
    words = plain(post.text).split()
    runs = {" ".join(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1)}
    return {run for run in runs if run not in others and "http" not in run and "“" not in run}


async def until_corrected(
    settings: Settings, week: str, first: PublishedDigest, worker: WorkerProcess
) -> PublishedDigest:
    """The digest after `first`."""
    end = time.monotonic() + 400
    while (entry := (await read_digests(settings))[week]).revision == first.revision:
        assert time.monotonic() < end, worker.log_lines()[-3000:]
        await asyncio.sleep(0.5)
    assert entry.supersedes == first.hash
    return entry


async def until_shown(url: str, week: str, revision: int) -> None:
    """The view has the revision."""
    end = time.monotonic() + 180
    async with httpx.AsyncClient(base_url=url, timeout=120) as http:
        while (await http.get(f"/api/digests/{week}")).json()["headers"].get("revision") != str(revision):
            assert time.monotonic() < end, f"the service does not show revision {revision} of {week}"
            await asyncio.sleep(0.3)


async def redis_text(settings: Settings) -> str:
    """Every value under the prefix."""
    client = Redis.from_url(str(settings.redis_url), decode_responses=True, encoding_errors="replace")
    found: list[str] = []
    try:
        async for key in client.scan_iter(match=f"{settings.prefix}*", count=1000):
            read: Callable[[str], Awaitable[object]] = {
                "hash": client.hgetall,
                "set": client.smembers,
                "string": client.get,
                "zset": lambda name: client.zrange(name, 0, -1),
                "list": lambda name: client.lrange(name, 0, -1),
                "stream": client.xrange,
            }[str(await client.type(key))]  # type: ignore[assignment]
            found += [str(key), str(await read(key))]
    finally:
        await client.aclose()
    return "\n".join(found)


def command(worker: WorkerProcess, week: str, form: str) -> str:
    """What `toptopics digest` prints."""
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", "digest", week, "--format", form],
        env=worker.environment | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    ).stdout
