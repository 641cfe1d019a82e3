"""The values that readers of the live view get."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from models.events import Digest, TopicEvent


class StoryPost(Struct, frozen=True, array_like=True):
    """A post that tells a topic's story."""

    id: str
    author_id: str
    bucket: int


class TopicState(Struct, frozen=True, kw_only=True):
    """All that ranking needs of one topic.

    series: bucket -> (posts, originals), buckets of `BUCKET_SECONDS` since 1970. people: author id -> (posts, newest
    bucket). words: most frequent first. info: the latest event that says how the topic is doing; None before any.
    named: what the latest digest calls it, linked: title of its most shared link, titled: what readers call its
    story; empty where there is none.
    story: its posts that told one story when that was last looked at, by id; told: that it had a story in the horizon.
    usual, spread: share (0–1) of the people active in a day that is usual for it, and the variance of that share.
    """

    id: str
    series: dict[int, tuple[int, int]]
    people: dict[str, tuple[int, int]]
    words: list[tuple[str, int]]
    links: list[tuple[str, int]]
    first_at: datetime
    last_at: datetime
    info: TopicEvent | None
    named: str = ""
    linked: str = ""
    titled: str = ""
    story: list[StoryPost] = []
    told: bool = False
    usual: float = 0.0
    spread: float = 0.0


class Changes(Struct, frozen=True, kw_only=True):
    """What happened to the topics since a version; None: no longer listed. `full`: topics not named are gone too.

    active: window (see `models.live.limits.WINDOWS`) -> people with a post in it, which ends with the newest post.
    """

    version: int
    full: bool
    newest: datetime | None
    posts: int
    topics: dict[str, TopicState | None]
    active: dict[str, int] = {}


class ShownPost(Struct, frozen=True, kw_only=True):
    """A post as it may be shown; text is printable but not escaped."""

    id: str
    author_id: str
    author: str
    author_name: str
    created_at: datetime
    text: str
    kind: str
    links: list[dict[str, str | None]]
    followers: int | None = None
    lang: str | None = None
    likes: int = 0
    retweets: int = 0
    source: str = ""
    url: str = ""  # on its platform, where that is known
    similarity: float = 0.0
    support: bool = False
    candidate: bool = False


class PlacedPost(Struct, frozen=True, kw_only=True):
    """A post and the id of the topic that it stands in now."""

    post: ShownPost
    topic_id: str


class ShownLink(Struct, frozen=True, kw_only=True):
    """A link of a topic and the number of its posts that carry it."""

    url: str
    posts: int
    title: str = ""
    site: str = ""
    kind: str = ""
    description: str = ""


class StoredDigest(Struct, frozen=True, kw_only=True):
    """A digest (without identities) and its record headers."""

    digest: Digest
    headers: dict[str, str]


class ViewEvent(Struct, frozen=True, kw_only=True):
    """An entry on the stream of events; `id` is the stream's and grows."""

    id: str
    kind: str
    topic_id: str
    at: datetime
    data: dict[str, Any]
