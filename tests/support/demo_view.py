"""The demo's posts as view events, without Kafka, an encoder or a clusterer.

Each story is a topic, and each other post is a candidate. Topics have the usual events. For tests and for work on the
dashboard: `python -m tests.support.demo_view REDIS_URL [PREFIX]` fills a Redis.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from models.events import Assignment, Digest, Link, Metrics, TopicEventKind, Tweet
from models.week.week import Week
from streams.demo import demo_posts, stories, story_of
from streams.ports import ViewStore
from streams.redis_store.client import open_views
from tests.support.view_examples import assigned, demo_digest, topic_event

LABELS = {key: story.title for key, story in stories().items()}
Step = tuple[list[Assignment], list[Any]]


def tweets() -> Iterator[Tweet]:
    """The demo's posts, typed."""
    for post in demo_posts():
        links = [Link(url=url) if isinstance(url, str) else Link(**url) for url in post["urls"]]
        yield Tweet(
            id=post["id"],
            author_id=post["author"],
            author=post["author"],
            author_name=post["author_name"],
            created_at=datetime.fromisoformat(post["created_at"]),
            text=post["text"],
            followers=post["followers"],
            lang=post["lang"],
            kind=post["kind"],
            related_id=post.get("related_id"),
            links=links,
            mentions=post["mentions"],
            metrics=Metrics(**post["metrics"]),
        )


def steps() -> Iterator[Step]:
    """One post at a time: its assignment and the events of its topic."""
    seen: dict[str, list[Tweet]] = defaultdict(list)
    for tweet in tweets():
        story = story_of(tweet.id)
        topic = f"T{abs(hash_of(story)):x}" if story else f"C{tweet.id}"
        group = seen[topic]
        group.append(tweet)
        people = len({one.author_id for one in group})
        events = []
        if story and len(group) in (3, 10, 25):
            kind: TopicEventKind = "born" if len(group) == 3 else "trending"
            events.append(
                topic_event(
                    kind,
                    topic,
                    tweet.created_at,
                    label=LABELS[story],
                    posts=len(group),
                    people=people,
                    score=round(people * 0.8, 2),
                    reason=f"{people} people within a day",
                )
            )
        support = tweet.kind == "retweet"
        yield [assigned(tweet, topic, candidate=story is None or len(group) < 3, support=support)], events


def hash_of(text: str | None) -> int:
    """A number that is the same in every run."""
    return int.from_bytes((text or "").encode().ljust(5, b"-")[:5], "big")


def digests() -> list[Digest]:
    """One digest for each week, written by a template."""
    by_week: dict[str, dict[str, list[Tweet]]] = defaultdict(lambda: defaultdict(list))
    for tweet in tweets():
        story = story_of(tweet.id)
        if story:
            by_week[str(Week.of(tweet.created_at))][story].append(tweet)
    return [
        demo_digest(week, {LABELS[key]: posts for key, posts in groups.items()}) for week, groups in by_week.items()
    ]


async def fill(store: ViewStore, posts: int | None = None, batch: int = 100) -> None:
    """Apply the first `posts` posts (all by default), then the digests."""
    pending: list[Step] = list(steps())[:posts]
    for first in range(0, len(pending), batch):
        part = pending[first : first + batch]
        await store.apply_assignments([one for assignments, _ in part for one in assignments])
        await store.apply_topic_events([event for _, events in part for event in events])
    for digest in digests():
        await store.put_digest(digest, [("revision", b"1"), ("made_at", digest.end.isoformat().encode())])


async def main(url: str, prefix: str) -> None:
    """Entry point."""
    async with open_views(url, prefix) as views:
        await fill(views)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
