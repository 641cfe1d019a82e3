"""Fetches the titles of a closed week's links for its digest. Off unless TOPTOPICS_FETCH_LINKS is set.

In: the week's posts. Out: URL in a post -> its target, as `digest.compose` takes it. Only links without a title are
fetched, first those that the most people shared. It runs in the refit process, so the stream does not wait. The
digest's manifest names the fetched targets (`resources_hash`). A replay asks the cache first and reports when the web
has changed.
"""

from collections import defaultdict
from collections.abc import Sequence

from models.events import Link, Tweet
from models.text.links import known_link
from models.week.progress import StepProgress
from streams.redis_store.redis_link_cache import open_resource_cache
from streams.settings import Settings
from streams.web.link_fetcher import Limits, ResourceFetcher


async def week_links(settings: Settings, posts: Sequence[Tweet], progress: StepProgress) -> dict[str, Link]:
    """The targets by URL. Links that cannot be fetched are left out; empty when fetching is off."""
    wanted = untitled(posts, Limits().links) if settings.fetch_links else []
    if not wanted or settings.redis_url is None:
        return {}
    progress(f"looking up {len(wanted)} links", 0.0)
    async with open_resource_cache(settings.redis_url, settings.prefix) as cache:
        found = await ResourceFetcher(cache).fetch(wanted)
    return {url: link for url, link in found.items() if link != Link(url=url)}


def untitled(posts: Sequence[Tweet], limit: int) -> list[str]:
    """At most `limit` URLs without a title that may be shown, first those that the most people shared."""
    people: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        for link in post.links:
            if link.title is None and known_link(link, {}) is not None:
                people[link.url].add(post.author_id)
    return sorted(people, key=lambda url: (-len(people[url]), url))[:limit]
