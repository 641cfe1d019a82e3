"""Values that readers of the live view get."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from models.events import Digest, TopicEvent
from models.online.burst import Level


class StoryPost(Struct, frozen=True, array_like=True):
    """A post of a topic's story."""

    id: str
    author_id: str
    bucket: int


class TopicState(Struct, frozen=True, kw_only=True):
    """Data of one topic for ranking."""

    id: str
    series: dict[int, tuple[int, int]]  # bucket of `BUCKET_SECONDS` since 1970 -> (posts, originals)
    people: dict[str, tuple[int, int]]  # author id -> (posts, newest bucket)
    words: list[tuple[str, int]]  # most frequent first
    links: list[tuple[str, int]]
    first_at: datetime
    last_at: datetime
    info: TopicEvent | None  # latest event about the topic's state; None before the first
    named: str = ""  # label of the latest digest
    linked: str = ""  # title of its most shared link
    titled: str = ""  # title of its story (`models.live.story_text`), as a board writes it
    story: list[StoryPost] = []  # posts of its story at the last regrouping, by id
    told: bool = False  # whether it had a story in the horizon
    level: Level = ""  # of that story at the last regrouping
    usual: float = 0.0  # usual share (0–1) of the active people of a day
    spread: float = 0.0  # variance of that share


class Changes(Struct, frozen=True, kw_only=True):
    """Changes of the topics since a version."""

    version: int
    full: bool  # whether topics that are not in `topics` were removed
    newest: datetime | None  # time of the newest post, the end of every window
    posts: int
    topics: dict[str, TopicState | None]  # None: no longer listed
    active: dict[str, int] = {}  # window (see `models.live.limits.WINDOWS`) -> people with a post in it


class ShownPost(Struct, frozen=True, kw_only=True):
    """A post for display; its text is printable but not escaped."""

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
    url: str = ""  # address on its platform, if known
    similarity: float = 0.0
    support: bool = False
    candidate: bool = False


class PlacedPost(Struct, frozen=True, kw_only=True):
    """A post and the id of its current topic."""

    post: ShownPost
    topic_id: str


class ShownLink(Struct, frozen=True, kw_only=True):
    """A link of a topic, and the number of its posts with it."""

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
    """An entry of the event stream; `id` is the stream's and increases."""

    id: str
    kind: str
    topic_id: str
    at: datetime
    data: dict[str, Any]
