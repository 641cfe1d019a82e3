"""Reads the view from Redis. `streams.views.port.ViewReader` documents the contract of each method."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import msgspec
import orjson

from models.events import Digest, EditedDigest, TopicEvent
from models.live.naming import is_main_link, named_by, title_of
from models.live.state import Changes, PlacedPost, ShownLink, ShownPost, StoredDigest, StoryPost, TopicState, ViewEvent
from models.live.trends import BUCKETS, bucket_now
from streams.redis_store.database import Database, Keys

MAX_TOPICS = 2_000  # largest list of topics: the most recently active ones
WORDS = 40
LINKS = 5
CHUNK = 200
_STATES = files("streams.redis_store").joinpath("states.lua").read_text("utf-8")
MOMENT = 14  # characters of a time in milliseconds
STAMP = 46  # characters before the event: its time and hash, which make a later one greater


class RedisViewReader:
    """`ViewReader`."""

    def __init__(self, database: Database, prefix: str) -> None:
        self._database = database
        self._keys = Keys(prefix)

    async def ping(self) -> None:
        """Raise ViewUnavailableError unless Redis answers."""
        await self._database.call("PING")

    async def changes(self, since: int | None) -> Changes:
        """Topics that changed after version `since`; all topics for None, or when that version is too old."""
        version, newest, floor = await self._database.call(
            "HMGET", self._keys("meta"), "version", "newest", "changed_floor"
        )
        current = int(version or 0)
        full = since is None or since < int(floor or 0) or since > current
        if full:
            names = await self._database.call("ZREVRANGE", self._keys("live"), 0, MAX_TOPICS - 1)
        else:
            names = await self._database.call("ZRANGEBYSCORE", self._keys("changed"), f"({since}", "+inf")
        states: dict[str, TopicState | None] = {}
        for first in range(0, len(names), CHUNK):
            states.update(await self._states(names[first : first + CHUNK]))
        return Changes(
            version=current,
            full=full,
            newest=_moment(newest) if newest else None,
            posts=int(await self._database.call("ZCARD", self._keys("posts"))),
            topics=states,
            active=await self._active(newest),
        )

    async def _active(self, newest: str | None) -> dict[str, int]:
        """Window -> people with a post in it."""
        last = bucket_now(_moment(newest)) if newest else 0
        counts = await self._database.batch(
            [("ZCOUNT", self._keys("voices"), f"({last - length}", last) for length in BUCKETS.values()]
        )
        return dict(zip(BUCKETS, map(int, counts), strict=True))

    async def resolve(self, topic_id: str) -> str | None:
        """Follow merges and aliases."""
        topic_id = await self._root(topic_id)
        known, listed = await self._database.batch(
            [("EXISTS", self._keys.topic(topic_id, "info")), ("ZSCORE", self._keys("live"), topic_id)]
        )
        return topic_id if known or listed is not None else None

    async def aliases(self, topic_id: str) -> list[str]:
        """Direct and indirect."""
        pairs = _pairs(await self._database.call("HGETALL", self._keys("alias")))
        found = {topic_id}
        while more := {name for name, parent in pairs if parent in found} - found:
            found |= more
        return sorted(found - {topic_id})

    async def posts(self, topic_id: str, limit: int, offset: int = 0) -> tuple[list[ShownPost], int]:
        """Newest first."""
        name = self._keys.topic(topic_id, "posts")
        ids, total = await self._database.batch(
            [("ZREVRANGE", name, offset, offset + limit - 1), ("ZCARD", name)] if limit else [("ZCARD", name)] * 2
        )
        texts = await self._database.call("HMGET", self._keys("text"), *ids) if limit and ids else []
        return [msgspec.convert(orjson.loads(text), ShownPost) for text in texts if text is not None], int(total)

    async def found(self, post_ids: Sequence[str]) -> dict[str, PlacedPost]:
        """By id."""
        if not post_ids:
            return {}
        texts, refs, homes = await self._database.batch(
            [("HMGET", self._keys(name), *post_ids) for name in ("text", "refs", "homes")]
        )
        kept = {
            post_id: (msgspec.convert(orjson.loads(text), ShownPost), home[STAMP:] if home else orjson.loads(ref)["t"])
            for post_id, text, ref, home in zip(post_ids, texts, refs, homes, strict=True)
            if text is not None and ref is not None
        }
        topics = {topic: await self._root(topic) for topic in sorted({topic for _, topic in kept.values()})}
        return {post_id: PlacedPost(post=post, topic_id=topics[topic]) for post_id, (post, topic) in kept.items()}

    async def newest(self, limit: int) -> list[ShownPost]:
        """Newest first."""
        ids = await self._database.call("ZREVRANGE", self._keys("posts"), 0, limit - 1)
        texts = await self._database.call("HMGET", self._keys("text"), *ids) if ids else []
        return [msgspec.convert(orjson.loads(text), ShownPost) for text in texts if text is not None]

    async def links(self, topic_id: str, limit: int) -> list[ShownLink]:
        """Most posts first."""
        name = self._keys.topic(topic_id, "links")
        scored = _scored(await self._database.call("ZREVRANGE", name, 0, limit - 1, "WITHSCORES"))
        if not scored:
            return []
        targets = await self._database.call("HMGET", self._keys.topic(topic_id, "targets"), *[url for url, _ in scored])
        return [
            ShownLink(url=url, posts=int(posts), title=known[0], site=known[1], kind=known[2], description=known[3])
            for (url, posts), target in zip(scored, targets, strict=True)
            for known in [orjson.loads(target) if target else ["", "", "", ""]]
        ]

    async def history(self, topic_id: str) -> list[TopicEvent]:
        """Oldest first."""
        events = await self._database.call("ZRANGE", self._keys.topic(topic_id, "events"), 0, -1)
        return [_event(event) for event in events]

    async def names(self, author_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Handle and name, as of the latest post."""
        if not author_ids:
            return {}
        known = await self._database.call("HMGET", self._keys("who"), *author_ids)
        pairs = zip(author_ids, known, strict=True)
        return {author: tuple(orjson.loads(value[14:])) for author, value in pairs if value is not None}

    async def with_word(self, word: str, topic_ids: Sequence[str]) -> dict[str, int]:
        """The exact word. The caller folds the case."""
        scores = await self._database.batch([("ZSCORE", self._keys.topic(name, "words"), word) for name in topic_ids])
        return {name: int(float(score)) for name, score in zip(topic_ids, scores, strict=True) if score is not None}

    async def weeks(self) -> list[str]:
        """Newest first."""
        return [str(week) for week in await self._database.call("ZREVRANGE", self._keys("weeks"), 0, -1)]

    async def digest(self, week: str) -> StoredDigest | None:
        """One week."""
        digest, headers = await self._database.batch(
            [("HGET", self._keys("digests"), week), ("HGET", self._keys("digest-headers"), week)]
        )
        if digest is None:
            return None
        return StoredDigest(
            digest=msgspec.convert(orjson.loads(digest), Digest), headers=orjson.loads(headers) if headers else {}
        )

    async def edition(self, week: str) -> EditedDigest | None:
        """See `ViewReader`."""
        edited, headers = await self._database.batch(
            [("HGET", self._keys("editions"), week), ("HGET", self._keys("digest-headers"), week)]
        )
        if edited is None or headers is None:
            return None
        found = msgspec.convert(orjson.loads(edited), EditedDigest)
        return found if found.digest == orjson.loads(headers).get("hash") else None

    async def events(self, after: str | None, limit: int, *, before: str | None = None) -> list[ViewEvent]:
        """Oldest first."""
        name = self._keys("events")
        if after is None:
            last = "+" if before is None else f"({before}"
            entries = await self._database.call("XREVRANGE", name, last, "-", "COUNT", limit)
            return [_view_event(entry, fields) for entry, fields in reversed(_entries(entries))]
        entries = await self._database.call("XRANGE", name, f"({after}", "+", "COUNT", limit)
        return [_view_event(entry, fields) for entry, fields in _entries(entries)]

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """Wait for either stream."""
        streams = {self._keys("events"): event, self._keys("pulse"): pulse}
        found = await self._database.tail(streams, wait_ms)
        events = [_view_event(entry, fields) for entry, fields in found.get(self._keys("events"), [])]
        pulses = found.get(self._keys("pulse"), [])
        return events, pulses[-1][0] if pulses else None

    async def positions(self) -> tuple[str, str]:
        """The ends of both streams."""
        last = await self._database.batch(
            [("XREVRANGE", self._keys(name), "+", "-", "COUNT", 1) for name in ("events", "pulse")]
        )
        event, pulse = (_entries(entries)[0][0] if entries else "0-0" for entries in last)
        return event, pulse

    async def _root(self, topic_id: str) -> str:
        for _ in range(64):
            parent = await self._database.call("HGET", self._keys("alias"), topic_id)
            if parent is None:
                break
            topic_id = str(parent)
        return topic_id

    async def _states(self, names: Sequence[str]) -> dict[str, TopicState | None]:
        if not names:
            return {}
        reply = await self._database.call("EVAL", _STATES, 1, self._keys.root, WORDS, LINKS, *names)
        return {name: _state(name, parts) for name, parts in zip(names, orjson.loads(reply), strict=True)}


def _state(name: str, parts: Sequence[Any]) -> TopicState | None:
    """From what `states.lua` says of a topic; what is not there is false."""
    buckets, people, last, words, links, target, first_post, last_post, event, named, live, *measured = parts
    story, told, level, measure = measured
    first_scored, last_scored = _scored(first_post), _scored(last_post)
    if live is False or not first_scored:
        return None
    counts = {str(field): int(count) for field, count in _pairs(buckets)}
    latest = dict(_scored(last))
    series = {int(b): (n, counts.get(f"o{b}", 0)) for b, n in sorted(counts.items()) if not b.startswith("o")}
    shared = [(url, int(count)) for url, count in _scored(links)]
    usual, spread = orjson.loads(measure[MOMENT:]) if measure else (0.0, 0.0)
    about = bool(target) and is_main_link(shared[0][1], sum(posts for posts, _ in series.values()))
    return TopicState(
        id=name,
        series=series,
        people={author: (int(posts), int(latest[author])) for author, posts in _scored(people)},
        words=[(word, int(count)) for word, count in _scored(words)],
        links=shared,
        first_at=_moment(first_scored[0][1]),
        last_at=_moment(last_scored[0][1]),
        info=_event(event) if event else None,
        named=named_by(_event(named[STAMP:])) if named else "",
        linked=title_of(orjson.loads(target)[0]) if about else "",
        story=sorted((StoryPost(*post) for post in story or []), key=lambda post: post.id),
        told=bool(told),
        level=level[STAMP:] if level else "",
        usual=usual,
        spread=spread,
    )


def _pairs(reply: Any) -> list[tuple[str, str]]:
    """A reply of fields and values, in either shape that redis-py gives."""
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))


def _scored(reply: Any) -> list[tuple[str, float]]:
    if not reply:
        return []
    if isinstance(reply[0], list | tuple):
        return [(str(member), float(score)) for member, score in reply]
    return [(str(member), float(score)) for member, score in zip(reply[::2], reply[1::2], strict=True)]


def _entries(reply: Any) -> list[tuple[str, dict[str, str]]]:
    return [(str(entry), dict(_pairs(fields))) for entry, fields in reply]


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)


def _event(data: str) -> TopicEvent:
    return msgspec.convert(orjson.loads(data), TopicEvent)


def _view_event(entry: str, fields: dict[str, str]) -> ViewEvent:
    return ViewEvent(
        id=entry,
        kind=fields["kind"],
        topic_id=fields["topic"],
        at=_moment(fields["at"]),
        data=orjson.loads(fields["data"]),
    )
