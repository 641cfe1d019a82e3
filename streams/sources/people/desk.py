"""The list of people with what is known of each, and changes of it, for a page that many readers may look at.

The posts behind the scores are read at most every `FRESH`, because that reads the log.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.events import Influencer, Tweet
from models.text.links import post_url
from streams.clock import Clock
from streams.kafka.influencers import addition, merged, put_influencers, read_influencers, remove_influencers
from streams.settings import Settings
from streams.sources.people.scores import recent_posts, scored
from streams.sources.people.suggestions import suggest
from streams.sources.people.wanted import People

FRESH = timedelta(minutes=5)
DAYS = 28
Row = dict[str, object]


@dataclass
class Desk:
    """The list: how it is read and written, and the posts of the last weeks."""

    listed: Callable[[], Awaitable[list[Influencer]]]
    put: Callable[[list[Influencer]], Awaitable[None]]
    remove: Callable[[list[str]], Awaitable[None]]
    posts: Callable[[], Awaitable[list[Tweet]]]
    clock: Clock
    _read: list[Tweet] = field(default_factory=list)
    _read_at: datetime | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def rows(self) -> list[Row]:
        """Return everybody on the list, most influential first, with handles, share of the posts and last post."""
        people, posts = await self.listed(), await self._recent()
        by_id = {person.id: person for person in people}
        rows = scored(people, posts)
        return [
            {
                **row,
                "handles": by_id[str(row["id"])].handles,
                "tags": by_id[str(row["id"])].tags,
                "share": int(str(row["posts"])) / len(posts) if posts else 0.0,
            }
            for row in rows
        ]

    async def add(self, person: Influencer) -> int:
        """Add a person, or further handles of one with this name or handle. Returns the length of the list.

        Raises:
            InfluencerError: A handle belongs to somebody else.
        """
        listed = await self.listed()
        return await self._put(listed, [addition(listed, person, by_name=True, weighted=False)])

    async def add_all(self, people: list[Influencer]) -> int:
        """Add the people of a file. Returns the length of the list.

        Raises:
            InfluencerError: A handle belongs to somebody else.
        """
        return await self._put(await self.listed(), people)

    async def _put(self, listed: list[Influencer], people: list[Influencer]) -> int:
        changed = merged(listed, people)
        await self.put(changed)
        return len({person.id for person in [*listed, *changed]})

    async def take_off(self, own_id: str) -> bool:
        """Remove a person; False if nobody has that id."""
        if own_id not in {person.id for person in await self.listed()}:
            return False
        await self.remove([own_id])
        return True

    async def suggestions(self, limit: int) -> list[Row]:
        """Return whom the listed people pass on, quote, answer and mention, with posts that show it."""
        posts = await self._recent()
        by_id = {post.id: post for post in posts}
        return [
            {
                "handle": one.handle,
                "score": one.score,
                "by": sorted({voter for voters in one.voters.values() for voter in voters}),
                "evidence": [_shown(by_id[post_id]) for post_id in one.evidence],
            }
            for one in suggest(posts, People(await self.listed()), limit)
        ]

    async def _recent(self) -> list[Tweet]:
        async with self._one_at_a_time:
            if self._read_at is None or self.clock() - self._read_at >= FRESH:
                self._read = await self.posts()
                self._read_at = self.clock()
        return self._read


def desk_on(settings: Settings, clock: Clock) -> Desk:
    """The list on the broker."""
    return Desk(
        listed=lambda: read_influencers(settings),
        put=lambda people: put_influencers(settings, people, at=clock()),
        remove=lambda ids: remove_influencers(settings, ids, at=clock()),
        posts=lambda: recent_posts(settings, timedelta(days=DAYS)),
        clock=clock,
    )


def _shown(post: Tweet) -> Row:
    return {"id": post.id, "url": post_url(post), "author": post.author, "text": post.text[:280]}
