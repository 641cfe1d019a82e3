"""Fetches past weeks of Bluesky into a file; `toptopics backfill` then reads it like any other archive.

The file has posts in the wire format of `tweets`, in the network's order. It has a temporary name until it is complete.
It is removed after its digests are made, because it contains posts that were deleted since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from models.events.wire import encode
from models.week.week import Week
from streams.clock import Clock
from streams.kafka.influencers import read_influencers
from streams.settings import Settings
from streams.sources.bluesky.appview import AppView
from streams.sources.bluesky.archive import Archive, Span, archived
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.people.wanted import People
from streams.sources.port import Bad
from streams.sources.sent_posts import SentPosts
from streams.stages.post_time import time_of

TIMEOUT = 60.0  # seconds for one answer
NO_LIMIT = 10**9  # number of remembered posts: an edit or deletion may come years later


@dataclass(frozen=True)
class Weeks:
    """The weeks to fetch, both included."""

    first: Week
    last: Week

    @classmethod
    def parse(cls, first: str, last: str, timezone: str) -> "Weeks":
        """Parse two weeks such as "2026-W30" and "2026-W40".

        Raises:
            ValueError: One of them is not a week, or their order is wrong.
        """
        made = cls(Week.parse(first, timezone), Week.parse(last, timezone))
        if made.last.start < made.first.start:
            raise ValueError(f"--from {first} is after --to {last}")
        return made


async def fetch_weeks(
    settings: Settings,
    weeks: Weeks,
    *,
    environment: Mapping[str, str],
    clock: Clock,
    advance: Callable[[int, datetime], None] = lambda posts, newest: None,
) -> Path:
    """Fetch the listed people's posts of some weeks.

    Args:
        settings: the broker that has the list, and the data folder.
        weeks: the weeks.
        environment: the variables of the sources.
        clock: the present time.
        advance: called with the number of posts and the time of the last one.

    Returns:
        The file.

    Raises:
        RefusedError: Nobody is listed, or the archive refuses the key.
        DisconnectedError: The archive does not answer.
    """
    people, memory = People(await read_influencers(settings)), SentPosts(NO_LIMIT)
    folder = settings.data_dir / "backfill"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"bluesky-{weeks.first}-{weeks.last}.jsonl"
    archive = Archive(
        environment.get("TOPTOPICS_BLUESKY_ARCHIVE") or "wss://jetstream.us-east.bsky.network/xrpc",
        environment.get("BLUESKY_ARCHIVE_KEY", ""),
    )
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        appview = AppView(environment.get("TOPTOPICS_BLUESKY_APPVIEW") or "https://public.api.bsky.app", client, clock)
        source = Bluesky(people, url="", appview=appview, clock=clock, memory=memory)
        whole, partial = path, path.with_suffix(".part")
        count = 0
        with partial.open("wb") as file:
            posts = archived(source, people, memory, archive, Span(weeks.first.start, weeks.last.end))
            async for post in posts:
                if isinstance(post, Bad):
                    file.write(post.record.replace(b"\n", b" ") + b"\n")  # ingest reports its errors
                    continue
                file.write(encode(post) + b"\n")
                count += 1
                advance(count, time_of(post))
        partial.replace(whole)
    return path
