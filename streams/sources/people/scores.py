"""Influence scores of listed people, with their parts, from the posts on `tweets`; same computation as the digest's."""

from datetime import datetime, timedelta

import numpy as np

from models.events import Deletion, Influencer, Tweet, wire
from models.ranking.influence import influence
from models.text.handles import keys_of, normal
from models.week.posts import WeekPosts
from models.week.week import Week
from streams.kafka import log as kafka_log
from streams.kafka.topics import TWEETS
from streams.settings import Settings


async def recent_posts(settings: Settings, span: timedelta) -> list[Tweet]:
    """Return the posts of the last `span` by id, without duplicates, deleted and replaced versions."""
    posts: dict[str, Tweet] = {}
    gone: set[str] = set()
    async for records in kafka_log.read_topic(settings, TWEETS):
        for record in records:
            try:
                post = wire.decode_post(record.value)
            except wire.PoisonError:
                continue  # the embed stage handles these
            if isinstance(post, Deletion):
                gone.add(post.id)
                continue
            posts.setdefault(post.id, post)
            gone |= {post.edit_of} if post.edit_of else set()
    newest = max((post.created_at for post in posts.values()), default=None)
    if newest is None:
        return []
    kept = [post for post in posts.values() if post.id not in gone and post.created_at >= newest - span]
    return sorted(kept, key=lambda post: post.id)


def scored(listed: list[Influencer], posts: list[Tweet]) -> list[dict[str, object]]:
    """Return one row per listed person, most influential first; people without a post in the span have no score and
    no last post.
    """
    scores = influence(_as_week(posts), listed) if posts else {}
    authors = {normal(key): post.author_id for post in posts for key in (post.author, post.author_id)}
    counts: dict[str, int] = {}
    last: dict[str, datetime] = {}
    for post in posts:
        counts[post.author_id] = counts.get(post.author_id, 0) + 1
        last[post.author_id] = max(post.created_at, last.get(post.author_id, post.created_at))
    rows = []
    for person in listed:
        own = [authors[key] for key in keys_of(person) if key in authors]
        best = max((scores[author] for author in own), key=lambda score: score.value, default=None)
        rows.append(
            {
                "id": person.id,
                "name": person.name,
                "posts": sum(counts[author] for author in set(own)),
                "influence": None if best is None else best.value,
                "parts": {} if best is None else best.parts,
                "weight": person.weight,
                "last_post": max((last[author] for author in own), default=None),
            }
        )
    return sorted(rows, key=lambda row: (-(float(str(row["influence"] or 0.0))), str(row["id"])))


def _as_week(posts: list[Tweet]) -> WeekPosts:
    """Influence needs only the posts; the week has no vectors."""
    week = Week.of(max(post.created_at for post in posts))
    vectors = np.zeros((len(posts), 1), dtype=np.float32)
    return WeekPosts(week, posts, [post.text for post in posts], vectors, "", "", 0)
