"""Digests on a real broker, and the commands that follow them."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

from models.events.wire import encode
from streams.kafka.digests import PublishedDigest
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DIGESTS
from streams.settings import Settings
from tests.support.view_examples import digest

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def first(week: str) -> PublishedDigest:
    return PublishedDigest(digest=digest(week), revision=1, slice_start=0, slice_end=9, made_at=NOW)


def correction(entry: PublishedDigest, headline: str) -> PublishedDigest:
    corrected = digest(entry.digest.week, headline=headline)
    return replace(entry, digest=corrected, revision=entry.revision + 1, supersedes=entry.hash)


async def publish(settings: Settings, *entries: PublishedDigest | bytes) -> None:
    async with producer(settings) as client:
        for entry in entries:
            value, headers, key = entry, [], b"x"
            if isinstance(entry, PublishedDigest):
                value, headers, key = encode(entry.digest), list(entry.headers()), entry.digest.week.encode()
            await client.send_and_wait(topic_name(settings, DIGESTS), key=key, value=value, headers=headers)


def command(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own."""
    call = [sys.executable, "-m", "streams.cli", *arguments]
    return subprocess.run(call, env=environment(settings), capture_output=True, text=True, timeout=240)


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
    }
