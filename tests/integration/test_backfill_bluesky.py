"""`toptopics backfill bluesky` as a user runs it, against a local archive: the digests of the posts that ran live."""

import os
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from models.events import Influencer
from models.events.wire import encode
from models.week.week import Week
from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import read_digests
from streams.kafka.influencers import put_influencers
from streams.settings import Settings, load_settings
from tests.support.bluesky_weeks import POSTS, START, WEEKS, Past, live, ten_weeks
from tests.support.source_servers.bluesky_archive import KEY, BlueskyArchive
from tests.support.source_servers.bluesky_network import AppView
from tests.support.source_servers.hosting import hosted

LISTED = [
    Influencer(id="ada", name="Ada", handles={"bluesky": "ada.test"}),
    Influencer(id="grace", name="Grace", handles={"bluesky": "did:plc:grace"}),
]


async def prepared(kafka: str, redis: str, prefix: str, folder: Path) -> Settings:
    """Topics of their own, with the same two people on the list."""
    settings = load_settings(
        kafka_bootstrap_servers=kafka, redis_url=redis, prefix=prefix, data_dir=folder, encoder="hash"
    )
    await ensure_topics(settings)
    await put_influencers(settings, LISTED, at=system_clock())
    return settings


def backfill(settings: Settings, *arguments: str, **environment: str) -> None:
    """Run the command to its end."""
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
        "REDIS_URL": str(settings.redis_url),
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
        "TOPTOPICS_ENCODER": "hash",
        "TOPTOPICS_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "streams.cli", "backfill", *arguments]
    done = subprocess.run(command, env=os.environ | given | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]


async def test_ten_weeks_have_the_digests_of_the_posts_that_ran_live(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """Byte by byte, though one came through the archive, and the other through the stream and in another order."""
    network = Past()
    ten_weeks(network)
    first, last = (str(Week.of(START + timedelta(weeks=week))) for week in (0, WEEKS - 1))
    archived = await prepared(kafka_bootstrap, redis_url, f"{fresh_names}a-", tmp_path / "a")
    with hosted(BlueskyArchive(network)) as archive, hosted(AppView(network)) as view:
        backfill(
            archived,
            *("bluesky", "--from", first, "--to", last),
            BLUESKY_ARCHIVE_KEY=KEY,
            TOPTOPICS_BLUESKY_ARCHIVE=f"ws://127.0.0.1:{archive}/xrpc",
            TOPTOPICS_BLUESKY_APPVIEW=f"http://127.0.0.1:{view}",
        )
    assert not list((tmp_path / "a" / "backfill").glob("bluesky-*"))  # it held posts that were deleted since

    log = await live(network, tmp_path / "source", posts=POSTS)
    lines = [encode(post) + b"\n" for post in log.posts]
    random.Random(1).shuffle(lines)
    (tmp_path / "live.jsonl").write_bytes(b"".join(lines))
    streamed = await prepared(kafka_bootstrap, redis_url, f"{fresh_names}b-", tmp_path / "b")
    backfill(streamed, str(tmp_path / "live.jsonl"))

    one, other = [await read_digests(settings) for settings in (archived, streamed)]
    assert sorted(one) == [str(Week.of(START + timedelta(weeks=week))) for week in range(WEEKS)]
    assert {week: entry.hash for week, entry in one.items()} == {week: entry.hash for week, entry in other.items()}
    assert all(entry.digest.statistics.posts for entry in one.values())
