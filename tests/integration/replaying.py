"""Three stored weeks and a fast replay of them, for the tests of replay."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from models.events import Digest
from models.events.wire import content_hash, decode, encode
from models.week.posts import week_posts
from models.week.week import Week
from streams.refit.client import MadeDigest, library_versions
from streams.refit.reembed import read_week_again
from streams.refit.settings import config_with
from streams.refit.week_slice import read_week
from streams.replay.rebuild import Plan, Replayed, publish, replay
from streams.settings import Settings, load_settings
from tests.support.stored_weeks import WEEKS, store_weeks
from tests.support.view_examples import digest as example

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALL = [Week.parse(week) for week in WEEKS]


async def with_stored_weeks(kafka: str, redis: str, prefix: str, folder: Path) -> Settings:
    """Settings with three embedded demo weeks on the log."""
    made = load_settings(kafka_bootstrap_servers=kafka, redis_url=redis, prefix=prefix, data_dir=folder, encoder="hash")
    await store_weeks(made)
    return made


async def quick_refit(
    settings: Settings,
    week: Week,
    *,
    end: int | None,
    overrides: Mapping[str, str],
    source: str,
    previous: Path,
    progress: Any,
) -> MadeDigest:
    """Like `RefitProcess.refit`, in this process and without BERTopic: a real manifest, invented topics."""
    read = read_week_again if source == "tweets" else read_week
    piece = await read(settings, week, end=end, progress=lambda done, of: progress("reading the week", done / of))
    posts = week_posts(piece.records, week)
    value = previous.read_bytes()
    made = example(str(week), headline=f"{len(posts)} posts, seed {config_with(overrides).seed}")
    manifest = msgspec.structs.replace(
        made.manifest,
        slice_hash=posts.slice_hash,
        records=len(posts),
        encoder=posts.encoder,
        settings_hash=config_with(overrides).digest(),
        versions=library_versions(),
        previous_hash=content_hash(decode(value, Digest)) if value else None,
    )
    return MadeDigest(
        encode(msgspec.structs.replace(made, manifest=manifest)),
        piece.start,
        piece.end,
        piece.read,
        log_start=piece.log_start,
        held=posts.held,
    )


async def rebuilt(settings: Settings, *weeks: Week, **plan: Any) -> list[Replayed]:
    return await replay(settings, Plan(weeks or ALL, **plan), refit=partial(quick_refit, settings))


async def publish_all(settings: Settings) -> None:
    """Publish the first digests of all weeks, each building on the one before."""
    for week in ALL:
        (one,) = await rebuilt(settings, week)
        assert await publish(settings, one, lambda: NOW) is not None
