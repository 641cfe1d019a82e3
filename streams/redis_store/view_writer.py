"""Writes events to Redis with one script call for each batch, so that readers see a batch completely or not at all."""

from collections.abc import Sequence

import msgspec
import orjson

from models.digest.cited import cited_posts, for_readers
from models.digest.redaction import redact
from models.editing.edition import claims_of
from models.events import Assignment, Digest, EditedDigest, TopicEvent
from models.events.wire import content_hash
from models.live.limits import ViewLimits
from streams.ports import Headers
from streams.redis_store.database import Database, Keys
from streams.views.digests import digest_item, read_headers
from streams.views.items import event_item, items_of

BATCH = 500

# All keys at once: of a post that a worker wrote meanwhile, some keys would be deleted and others kept, and what is
# kept would say that the post is counted. KEYS: the root; ARGV: pattern of the keys
_WIPE = """
local place = '0'
repeat
  local found = redis.call('SCAN', place, 'MATCH', ARGV[1], 'COUNT', 1000)
  place = found[1]
  for _, name in ipairs(found[2]) do redis.call('UNLINK', name) end
until place == '0'
"""


class RedisViewWriter:
    """`ViewStore`. The docstring of `streams.views` describes the state."""

    def __init__(self, database: Database, prefix: str, limits: ViewLimits) -> None:
        self._database = database
        self._keys = Keys(prefix)
        self._limits = limits

    async def apply_assignments(self, assignments: Sequence[Assignment]) -> None:
        """Count, show or remove posts.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        items = [item for assignment in assignments for item in items_of(assignment)]
        await self._apply("assignments", items)
        for item in items:
            if item["gone"]:
                await self._redact_digests(str(item["id"]))

    async def apply_topic_events(self, events: Sequence[TopicEvent]) -> None:
        """Name, merge and alias topics, and add new events to the stream of events.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        await self._apply("events", [event_item(event) for event in events])

    async def publish(self, item: dict[str, str]) -> bool:
        """Add an entry that is not a topic event to the stream of events.

        Args:
            item: hash, kind, topic, at (milliseconds), data (JSON).

        Returns:
            False when an entry with this `hash` exists.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        news, _ = await self._database.apply(self._keys.root, "publish", orjson.dumps([item]), self._limits.to_json())
        return news > 0

    async def put_digest(self, digest: Digest, headers: Headers) -> None:
        """Store a digest without its `identities`, unless a later revision is stored.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        known = read_headers([*headers, ("hash", content_hash(digest))])
        gone = await self._gone(sorted(cited_posts(digest)))
        slim = redact(for_readers(digest), gone)
        stored = await self._database.call("HGET", self._keys("digest-headers"), digest.week)
        if stored is not None and read_headers(orjson.loads(stored).items()).order > known.order:
            return
        cited = sorted(cited_posts(slim))
        await self._database.batch(
            [
                ("HSET", self._keys("digests"), digest.week, orjson.dumps(msgspec.to_builtins(slim))),
                ("HSET", self._keys("digest-headers"), digest.week, orjson.dumps(known.headers)),
                ("ZADD", self._keys("weeks"), int(digest.start.timestamp()), digest.week),
                ("DEL", self._keys(f"cited:{digest.week}")),
                *([("SADD", self._keys(f"cited:{digest.week}"), *cited)] if cited else []),
            ]
        )
        for post in await self._gone(cited):  # deleted between reading and writing
            await self._redact_digests(post)
        await self._trim_weeks()
        await self.publish(digest_item(digest, known))

    async def put_edition(self, week: str, edited: EditedDigest | None) -> None:
        """Store what a language model wrote, unless it cites a deleted post; None withdraws it.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        cited = [] if edited is None else [post for claim in claims_of(edited) for post in claim.posts]
        if edited is None or await self._gone(cited):
            await self._database.call("HDEL", self._keys("editions"), week)
            return
        slim = orjson.dumps(msgspec.to_builtins(msgspec.structs.replace(edited, answers=[])))
        await self._database.call("HSET", self._keys("editions"), week, slim)
        if await self._gone(cited):  # deleted between reading and writing
            await self._database.call("HDEL", self._keys("editions"), week)

    async def wipe(self) -> None:
        """Delete the view, but not the claims of alerts. Redis serves nobody meanwhile: see `_WIPE`.

        Raises:
            ViewUnavailableError: Redis is unreachable.
        """
        escaped = "".join(f"\\{character}" if character in "*?[]\\" else character for character in self._keys.root)
        await self._database.call("EVAL", _WIPE, 1, self._keys.root, escaped + "*")

    async def _apply(self, operation: str, items: list[dict[str, object]]) -> None:
        limits = self._limits.to_json()
        for first in range(0, len(items), BATCH):
            batch = orjson.dumps(items[first : first + BATCH])
            _, more = await self._database.apply(self._keys.root, operation, batch, limits)
            while more:
                _, more = await self._database.apply(self._keys.root, operation, b"[]", limits)

    async def _gone(self, posts: Sequence[str]) -> set[str]:
        if not posts:
            return set()
        scores = await self._database.call("ZMSCORE", self._keys("gone"), *posts)
        return {post for post, score in zip(posts, scores, strict=True) if score is not None}

    async def _redact_digests(self, post: str) -> None:
        weeks = await self._database.call("ZRANGE", self._keys("weeks"), 0, -1)
        cites = await self._database.batch([("SISMEMBER", self._keys(f"cited:{week}"), post) for week in weeks])
        for week in (week for week, cited in zip(weeks, cites, strict=True) if cited):
            stored = await self._database.call("HGET", self._keys("digests"), week)
            digest = redact(msgspec.convert(orjson.loads(stored), Digest), {post})
            await self._database.batch(
                [
                    ("HSET", self._keys("digests"), week, orjson.dumps(msgspec.to_builtins(digest))),
                    ("SREM", self._keys(f"cited:{week}"), post),
                    ("HDEL", self._keys("editions"), week),
                ]
            )

    async def _trim_weeks(self) -> None:
        for week in await self._database.call("ZRANGE", self._keys("weeks"), 0, -1 - self._limits.weeks):
            await self._database.batch(
                [
                    ("HDEL", self._keys("digests"), week),
                    ("HDEL", self._keys("digest-headers"), week),
                    ("HDEL", self._keys("editions"), week),
                    ("DEL", self._keys(f"cited:{week}")),
                    ("ZREM", self._keys("weeks"), week),
                ]
            )
