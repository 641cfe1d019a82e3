"""Posts of past weeks on Bluesky by listed people: the source of `toptopics backfill bluesky`.

* With a key: the archive of a Jetstream v2 host, through the `atproto` SDK. It has every post, repost, edit, deletion
  and account event of these DIDs, in the network's order. It is read from its beginning to its end, because a post of
  those weeks may have been imported later, and deleted since.

* Without a key: the people's own feeds (the public AppView). They contain neither deletions nor the deleted posts.

Both ways use the live source's code, so the posts are the same. v1 cursors (a time) and v2 cursors (a sequence number)
are unrelated; neither is stored here. An interrupted download continues after the last event that was read, because the
host counts bytes.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog

from models.events import Deletion, Tweet
from streams.sources.bluesky import post as bluesky_post
from streams.sources.bluesky.jetstream import MOST_PEOPLE, Bluesky
from streams.sources.http_errors import in_short
from streams.sources.people.wanted import People
from streams.sources.port import Bad, DisconnectedError, Outcome, RefusedError
from streams.sources.sent_posts import SentPosts

TRIES = 6  # without an event in between
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Archive:
    """Address and key of a Jetstream v2 host."""

    url: str  # wss://host/xrpc
    key: str  # "" without a key


@dataclass(frozen=True)
class Span:
    """Time span to fetch."""

    start: datetime
    end: datetime  # exclusive


async def archived(
    source: Bluesky, people: People, memory: SentPosts, archive: Archive, span: Span
) -> AsyncIterator[Tweet | Deletion | Bad]:
    """Yield the posts written within `span`, their edits, and the deletions of both, in the network's order.

    Args:
        source: resolves the people, and converts events to posts as it does live.
        people: the authors to fetch.
        memory: posts that were yielded; shared with `source`.
        archive: where the events are.
        span: which posts to fetch.

    Raises:
        RefusedError: The list is empty, or the host refuses the key.
        DisconnectedError: The host does not answer.
    """
    await source.prepare()
    events = _from_archive(archive, source.dids) if archive.key else _from_feeds(source, span)
    async for event in events:
        for outcome in await source.outcomes_of(event):
            for post in _wanted(outcome, people, memory, span):
                yield post


def _wanted(outcome: Outcome, people: People, memory: SentPosts, span: Span) -> list[Tweet | Deletion | Bad]:
    if isinstance(outcome, Bad):
        return [outcome]
    if isinstance(outcome, Tweet) and not span.start <= outcome.created_at < span.end:
        return []
    if isinstance(outcome, Deletion) and outcome.id not in memory:
        return []  # of a post of other weeks
    if not isinstance(outcome, Tweet | Deletion):
        return []
    fresh = memory.fresh(outcome, people.wants)
    for post in fresh:
        memory.remember(post)
    return list(fresh)


async def _from_feeds(source: Bluesky, span: Span) -> AsyncIterator[dict[str, Any]]:
    log.warning("no key for the archive: posts come from the people's feeds, without what was deleted")
    async for event in source.feed_events(int(span.start.timestamp() * 1e6)):
        yield event


async def _from_archive(archive: Archive, dids: list[str]) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of these people in the form of v1, without duplicates, also over interrupted downloads."""
    from atproto_client.models.utils import get_model_as_dict

    filters: dict[str, Any] = {
        "dids": dids[:MOST_PEOPLE],
        "collections": [bluesky_post.POST, bluesky_post.REPOST],
        "kinds": ["commit", "identity", "account"],
    }
    reached, faults = 0, 0  # not tenacity: every event ends a row of faults, and a generator cannot be called again
    while True:
        try:
            async with _client(archive, filters) as client:
                async for message in client.snapshot(reached, with_cid=False):
                    reached, faults = message.seq, 0
                    yield bluesky_post.event_of_frame(get_model_as_dict(message))
        except Exception as error:
            faults += 1
            meaning = _meaning(error)
            if meaning is None:
                raise
            if isinstance(meaning, RefusedError) or faults >= TRIES:
                raise meaning from error
            log.warning("the archive is read on after a fault", after_seq=reached, fault=str(meaning))
            await asyncio.sleep(random.uniform(0, min(60.0, 2.0**faults)))
        else:
            log.info("archive read", bytes=client.bytes_downloaded, last_seq=reached)
            return


@asynccontextmanager
async def _client(archive: Archive, filters: dict[str, Any]) -> AsyncIterator[Any]:
    """Open the SDK's client; close the connections that it leaves open."""
    from atproto_jetstream import AsyncJetstreamClient

    class Client(AsyncJetstreamClient):  # type: ignore[misc] # the SDK has no types
        def _archive_downloader(self) -> Any:
            self.downloader = super()._archive_downloader()
            return self.downloader

    client = Client(filters, base_uri=archive.url, api_key=archive.key)
    try:
        yield client
    finally:
        if hasattr(client, "downloader"):
            await client.downloader._client.request.close()


def _meaning(error: Exception) -> DisconnectedError | RefusedError | None:
    """Convert an error of the SDK to the source's errors; None for a bug."""
    from atproto_client.exceptions import BadRequestError, RequestErrorBase, UnauthorizedError
    from atproto_jetstream.exceptions import JetstreamError

    if isinstance(error, UnauthorizedError):
        return RefusedError("the archive refuses the key: is BLUESKY_ARCHIVE_KEY right?")
    if isinstance(error, BadRequestError | JetstreamError):
        return RefusedError(f"the archive: {in_short(error)}")
    if isinstance(error, RequestErrorBase | httpx.HTTPError | OSError):
        return DisconnectedError(f"the archive: {in_short(error)}")
    return None
