"""`ViewStore` and `ViewReader` in memory: stores what was applied, and computes every answer from it.

For tests of code that uses the views. It passes the same contract tests as Redis, and defines the state in the simplest
way: no inverse operations, no trimming, one pass over the input.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from models.digest.cited import for_readers
from models.digest.redaction import redact
from models.editing.edition import claims_of
from models.events import Assignment, Digest, EditedDigest, TopicEvent
from models.events.wire import content_hash
from models.live.limits import ViewLimits
from models.live.naming import is_main_link, named_by, title_of
from models.live.state import Changes, PlacedPost, ShownLink, ShownPost, StoredDigest, StoryPost, TopicState, ViewEvent
from models.live.trends import BUCKETS
from streams.ports import Headers
from streams.views.digests import DigestHeaders, digest_item, read_headers
from streams.views.items import bucket_of, event_item, items_of

Item = dict[str, Any]


class MemoryViews:
    """The live view of one process."""

    def __init__(self, limits: ViewLimits | None = None) -> None:
        self._limits = limits or ViewLimits()
        self._forget()

    def _forget(self) -> None:
        self._posts: dict[str, Item] = {}
        self._gone: set[str] = set()
        self._events: dict[str, Item] = {}
        self._digests: dict[str, tuple[DigestHeaders, Digest]] = {}
        self._editions: dict[str, EditedDigest | None] = {}
        self._alias: dict[str, str] = {}
        self._homes: dict[str, tuple[str, str]] = {}  # post -> when it was moved, and to which topic
        self._log: list[ViewEvent] = []
        self._published: set[str] = set()
        self._version = 0
        self._arrived = asyncio.Event()

    async def apply_assignments(self, assignments: Sequence[Assignment]) -> None:
        """See `ViewStore`."""
        for item in (item for assignment in assignments for item in items_of(assignment)):
            if item["gone"]:
                self._gone.add(item["id"])
            else:
                post = {**item, "at": int(item["at"]), "ref": orjson.loads(item["ref"])}
                self._posts.setdefault(item["id"], post)
        self._changed()

    async def apply_topic_events(self, events: Sequence[TopicEvent]) -> None:
        """See `ViewStore`."""
        for item in map(event_item, events):
            if item["hash"] in self._events:
                continue
            self._events[item["hash"]] = item
            stamp = f"{int(item['at']):014d}{item['hash']}"
            for post in item["moved"]:
                self._homes[post] = max(self._homes.get(post, ("", "")), (stamp, item["topic"]))
            if item["kind"] in ("merged", "alias"):
                for other in item["others"]:
                    if self._root(other) != self._root(item["topic"]):
                        self._alias[other] = self._root(item["topic"])
            if item["kind"] != "story":
                await self.publish({**item, "hash": "event " + item["hash"]})
        self._changed()

    async def publish(self, item: dict[str, str]) -> bool:
        """Add an entry to the event stream; False if its hash is known."""
        if item["hash"] in self._published:
            return False
        self._published.add(item["hash"])
        at = datetime.fromtimestamp(int(item["at"]) / 1000, UTC)
        data = orjson.loads(item["data"])
        number = f"{len(self._log) + 1}-0"
        self._log.append(ViewEvent(id=number, kind=item["kind"], topic_id=item["topic"], at=at, data=data))
        self._arrived.set()
        return True

    async def put_digest(self, digest: Digest, headers: Headers) -> None:
        """See `ViewStore`."""
        known = read_headers([*headers, ("hash", content_hash(digest))])
        stored = self._digests.get(digest.week)
        if stored is None or stored[0].order <= known.order:
            self._digests[digest.week] = known, for_readers(digest)
            await self.publish(digest_item(digest, known))

    async def put_edition(self, week: str, edited: EditedDigest | None) -> None:
        """See `ViewStore`."""
        self._editions[week] = edited

    async def wipe(self) -> None:
        """Delete everything."""
        self._forget()

    async def ping(self) -> None:
        """Always succeeds."""

    async def changes(self, since: int | None) -> Changes:
        """Always complete."""
        live = self._live()
        topics: dict[str, list[Item]] = defaultdict(list)
        for post in live:
            topics[self._home(post)].append(post)
        shown = {self._root(e["topic"]) for e in self._events.values() if e["kind"] in ("born", "revived")}
        return Changes(
            version=self._version,
            full=True,
            newest=_moment(max(post["at"] for post in self._posts.values())) if self._posts else None,
            posts=len(live),
            topics={
                name: self._state(name, posts)
                for name, posts in topics.items()
                if name in shown or any(not post["ref"]["c"] for post in posts)
            },
            active=self._active(live),
        )

    def _active(self, live: list[Item]) -> dict[str, int]:
        """Return window -> people with a post in it."""
        last = bucket_of(max((post["at"] for post in self._posts.values()), default=0))
        return {
            window: len({post["ref"]["a"] for post in live if last - length < int(post["ref"]["b"]) <= last})
            for window, length in BUCKETS.items()
        }

    async def resolve(self, topic_id: str) -> str | None:
        """See `ViewReader`."""
        root = self._root(topic_id)
        known = any(event["topic"] == root for event in self._events.values() if event["kind"] != "alias")
        return root if known or root in (await self.changes(None)).topics else None

    async def aliases(self, topic_id: str) -> list[str]:
        """See `ViewReader`."""
        return sorted(other for other in self._alias if self._root(other) == topic_id)

    async def posts(self, topic_id: str, limit: int, offset: int = 0) -> tuple[list[ShownPost], int]:
        """See `ViewReader`."""
        found = [post for post in self._live() if self._home(post) == topic_id]
        found.sort(key=lambda post: (post["at"], post["id"]), reverse=True)
        page = found[offset : offset + limit]
        return [msgspec.convert(orjson.loads(post["text"]), ShownPost) for post in page], len(found)

    async def found(self, post_ids: Sequence[str]) -> dict[str, PlacedPost]:
        """See `ViewReader`."""
        wanted = set(post_ids)
        return {
            post["id"]: PlacedPost(
                post=msgspec.convert(orjson.loads(post["text"]), ShownPost), topic_id=self._home(post)
            )
            for post in self._live()
            if post["id"] in wanted
        }

    async def newest(self, limit: int) -> list[ShownPost]:
        """See `ViewReader`."""
        found = sorted(self._live(), key=lambda post: (post["at"], post["id"]), reverse=True)
        return [msgspec.convert(orjson.loads(post["text"]), ShownPost) for post in found[:limit]]

    async def links(self, topic_id: str, limit: int) -> list[ShownLink]:
        """See `ViewReader`."""
        posts = [post for post in self._live() if self._home(post) == topic_id]
        counts = _top((url for post in posts for url in post["ref"]["u"]), limit)
        return [
            ShownLink(url=url, posts=count, title=known[0], site=known[1], kind=known[2], description=known[3])
            for url, count in counts
            for known in [orjson.loads(max(post["ref"]["g"][url] for post in posts if url in post["ref"]["g"]))]
        ]

    async def history(self, topic_id: str) -> list[TopicEvent]:
        """See `ViewReader`."""
        own = [
            event
            for event in self._events.values()
            if self._root(event["topic"]) == topic_id and event["kind"] != "story"
        ]
        own.sort(key=lambda event: (int(event["at"]), event["data"]))
        return [msgspec.convert(orjson.loads(event["data"]), TopicEvent) for event in own]

    async def names(self, author_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """See `ViewReader`."""
        latest: dict[str, str] = {}
        for post in self._live():
            author = post["ref"]["a"]
            latest[author] = max(latest.get(author, ""), post["who"])
        return {author: tuple(orjson.loads(latest[author][14:])) for author in author_ids if author in latest}

    async def with_word(self, word: str, topic_ids: Sequence[str]) -> dict[str, int]:
        """See `ViewReader`."""
        counts = Counter(self._home(post) for post in self._live() if word in post["ref"]["w"])
        return {name: counts[name] for name in topic_ids if counts[name]}

    async def weeks(self) -> list[str]:
        """See `ViewReader`."""
        return sorted(self._digests, reverse=True)

    async def digest(self, week: str) -> StoredDigest | None:
        """See `ViewReader`."""
        if week not in self._digests:
            return None
        known, digest = self._digests[week]
        return StoredDigest(digest=redact(digest, self._gone), headers=known.headers)

    async def edition(self, week: str) -> EditedDigest | None:
        """See `ViewReader`."""
        edited, stored = self._editions.get(week), self._digests.get(week)
        if edited is None or stored is None or edited.digest != stored[0].headers["hash"]:
            return None
        cited = {post for claim in claims_of(edited) for post in claim.posts}
        return None if cited & self._gone else msgspec.structs.replace(edited, answers=[])

    async def events(self, after: str | None, limit: int, *, before: str | None = None) -> list[ViewEvent]:
        """See `ViewReader`."""
        if after is None:
            return [event for event in self._log if before is None or _number(event.id) < _number(before)][-limit:]
        return [event for event in self._log if _number(event.id) > _number(after)][:limit]

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """See `ViewReader`."""
        if not await self.events(event, 1) and int(pulse) >= self._version:
            self._arrived.clear()
            try:
                async with asyncio.timeout(wait_ms / 1000):  # wait_for may swallow a cancellation
                    await self._arrived.wait()
            except TimeoutError:
                return [], None
        return await self.events(event, 500), str(self._version) if self._version > int(pulse) else None

    async def positions(self) -> tuple[str, str]:
        """See `ViewReader`."""
        return self._log[-1].id if self._log else "0-0", str(self._version)

    def _changed(self) -> None:
        self._version += 1
        self._arrived.set()

    def _root(self, topic: str) -> str:
        while topic in self._alias:
            topic = self._alias[topic]
        return topic

    def _home(self, post: Item) -> str:
        """Return the topic of the last event that moved the post, else the assigned one."""
        return self._root(self._homes.get(post["id"], ("", post["ref"]["t"]))[1])

    def _live(self) -> list[Item]:
        posts = self._posts.values()
        newest = max((post["at"] for post in posts), default=0)
        floor = newest - int(self._limits.retention.total_seconds() * 1000)
        gone = self._gone
        return [p for p in posts if p["at"] > floor and p["id"] not in gone and p["ref"]["o"] not in gone]

    def _state(self, name: str, posts: list[Item]) -> TopicState:
        refs = [post["ref"] for post in posts]
        everything = Counter(int(ref["b"]) for ref in refs)
        originals = Counter(int(ref["b"]) for ref in refs if not ref["s"])
        people = Counter(ref["a"] for ref in refs)
        own = [event for event in self._events.values() if event["topic"] == name]
        latest = _latest(event for event in own if event["kind"] not in ("alias", "story"))
        named = _latest(event for event in own if event["kind"] == "alias")
        told = _latest(event for event in own if event["kind"] == "story")
        story = set(orjson.loads(told["story"])) if told else set()
        measures = [event["measure"] for event in own]
        measures += [post["measure"] for post in self._posts.values() if post["ref"]["t"] == name]
        usual, spread = orjson.loads(max(measures)[14:]) if measures else (0.0, 0.0)
        links = _top((url for ref in refs for url in ref["u"]), 5)
        main = links[0][0] if links and is_main_link(links[0][1], len(posts)) else None
        return TopicState(
            id=name,
            series={bucket: (count, originals[bucket]) for bucket, count in sorted(everything.items())},
            people={a: (n, max(int(ref["b"]) for ref in refs if ref["a"] == a)) for a, n in people.items()},
            words=_top((word for ref in refs for word in ref["w"]), 40),
            links=links,
            first_at=_moment(min(post["at"] for post in posts)),
            last_at=_moment(max(post["at"] for post in posts)),
            info=msgspec.convert(orjson.loads(latest["data"]), TopicEvent) if latest else None,
            named=named_by(msgspec.convert(orjson.loads(named["data"]), TopicEvent)) if named else "",
            linked=title_of(orjson.loads(max(p["ref"]["g"].get(main, "") for p in posts))[0]) if main else "",
            story=sorted(
                (
                    StoryPost(post["id"], post["ref"]["a"], int(post["ref"]["b"]))
                    for post in self._live()
                    if post["id"] in story
                ),
                key=lambda post: post.id,
            ),
            told=told is not None,
            level=told["level"] if told else "",
            usual=usual,
            spread=spread,
        )


def _latest(events: Iterable[Item]) -> Item | None:
    return max(events, key=lambda event: (int(event["at"]), event["hash"]), default=None)


def _top(names: Iterable[str], limit: int) -> list[tuple[str, int]]:
    counts = Counter(names)
    return sorted(counts.items(), key=lambda pair: (pair[1], pair[0].encode()), reverse=True)[:limit]


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _number(entry: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry.split("-"))
