"""Every implementation of the live view: Redis, and the fake that counts everything again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import msgspec

from models.live.limits import ViewLimits
from streams.redis_store.client import RedisViews, create_views
from streams.views.memory import MemoryViews

Views = RedisViews | MemoryViews


@asynccontextmanager
async def opened(kind: str, url: str, limits: ViewLimits | None = None) -> AsyncIterator[Views]:
    """An empty store."""
    if kind == "memory":
        yield MemoryViews(limits)
        return
    views = create_views(url, f"t{uuid4().hex[:8]}-", limits)
    try:
        yield views
        await views.wipe()
    finally:
        await views.aclose()


async def dump(views: Views) -> dict[str, Any]:
    """Everything that readers can see, without stream ids and versions."""
    changes = await views.changes(None)
    topics: dict[str, Any] = {}
    for name, state in changes.topics.items():
        posts, total = await views.posts(name, 1_000)
        topics[name] = {
            "state": msgspec.to_builtins(state),
            "posts": (msgspec.to_builtins(posts), total),
            "links": msgspec.to_builtins(await views.links(name, 50)),
            "history": msgspec.to_builtins(await views.history(name)),
            "aliases": await views.aliases(name),
            "names": await views.names(sorted(state.people) if state else []),
        }
    events = sorted((event.kind, event.topic_id, str(event.data)) for event in await views.events(None, 1_000))
    digests = {week: msgspec.to_builtins(await views.digest(week)) for week in await views.weeks()}
    known = {"newest": changes.newest, "posts": changes.posts, "active": changes.active}
    return {**known, "topics": topics, "events": events, "digests": digests}
