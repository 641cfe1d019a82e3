"""Live topics and their posts as rows of plain values (see `models.render.tables`)."""

from collections.abc import Iterable
from typing import Final

from models.live.state import ShownPost
from models.render.tables import Row
from streams.views.board import TopicSummary

TOPIC_COLUMNS: Final = (
    "rank", "id", "label", "status", "section", "people", "posts", "trend", "keywords", "first_at", "last_at",
)  # fmt: skip
POST_COLUMNS: Final = (
    "id", "author_id", "author", "author_name", "created_at", "text", "kind", "lang", "followers", "likes", "retweets",
    "source", "url", "links",
)  # fmt: skip


def topic_rows(ranked: Iterable[TopicSummary], window: str) -> list[Row]:
    """One row a topic; people, posts and trend are those of the window."""
    rows: list[Row] = []
    for rank, one in enumerate(ranked, start=1):
        stats = one.windows[window]
        values = (
            rank, one.id, one.label, stats.badge, stats.section, stats.people, stats.posts, stats.trend,
            ", ".join(one.keywords), one.first_at.isoformat(), one.last_at.isoformat(),
        )  # fmt: skip
        rows.append(dict(zip(TOPIC_COLUMNS, values, strict=True)))
    return rows


def post_rows(posts: Iterable[ShownPost]) -> list[Row]:
    """One row a post."""
    rows: list[Row] = []
    for post in posts:
        links = " ".join(str(link["url"]) for link in post.links)
        values = (
            post.id, post.author_id, post.author, post.author_name, post.created_at.isoformat(), post.text, post.kind,
            post.lang, post.followers, post.likes, post.retweets, post.source, post.url, links,
        )  # fmt: skip
        rows.append(dict(zip(POST_COLUMNS, values, strict=True)))
    return rows
