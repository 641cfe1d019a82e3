"""Posts, as they come and with their vectors, and the people whom users follow."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from models.events.base import SCHEMA, Count, Event, Id, Name, Text, Url

Kind = Literal["original", "retweet", "quote", "reply"]
ResourceKind = Literal["article", "paper", "repository", "video", "thread", "page"]
# 2005: before any of the platforms; the upper bound is the clock's business (see the embed stage)
EARLIEST_YEAR = 2005


class Metrics(Event, frozen=True):
    """Engagement as the platform counted it when the post was collected."""

    likes: Count = 0
    retweets: Count = 0
    replies: Count = 0
    quotes: Count = 0


class Link(Event, frozen=True):
    """A link in a post, with what is known of its target; `url` is expanded where the platform tells."""

    url: Url
    title: Text | None = None
    description: Text | None = None
    site: Name | None = None
    kind: ResourceKind | None = None


class Tweet(Event, frozen=True, tag="tweet", tag_field="type"):
    """One post of any platform, as a source or `toptopics ingest` put it on `tweets`. Untrusted."""

    id: Id
    author_id: Id
    author: Name  # the handle, without @
    created_at: datetime
    text: Text
    schema: int = SCHEMA
    author_name: Name | None = None
    followers: Count | None = None
    lang: Annotated[str, Meta(max_length=35)] | None = None
    kind: Kind = "original"
    related_id: Id | None = None  # the post that this one retweets, quotes or answers
    related_author: Name | None = None
    quoted_text: Text | None = None  # kind "quote": the words of the quoted post, where the platform carries them
    edit_of: Id | None = None  # the id of the version that this one replaces
    links: Annotated[list[Link], Meta(max_length=100)] = []
    mentions: Annotated[list[Name], Meta(max_length=200)] = []
    metrics: Metrics = Metrics()
    source: Annotated[str, Meta(max_length=40)] = "jsonl"


class Deletion(Event, frozen=True, tag="deletion", tag_field="type"):
    """The tombstone of a post: its text may no longer be shown anywhere."""

    id: Id
    author_id: Id
    deleted_at: datetime
    origin: Annotated[str, Meta(max_length=60)] = ""  # filled by the embed stage, as in EmbeddedTweet
    schema: int = SCHEMA


class EmbeddedTweet(Event, frozen=True, tag="embedded", tag_field="type"):
    """A post with its sentence vector.

    `vector` is base64 of little-endian float16, unit length, `dimensions` numbers; `encoder` names the model, its
    weights' hash and the precision. `origin` is "partition:offset" on `tweets`: it tells a redelivery after a crash
    (same origin) from a post sent twice (another origin). `text` is what was encoded.
    """

    tweet: Tweet
    text: Text
    vector: str
    dimensions: Annotated[int, Meta(ge=1, le=8192)]
    encoder: Name
    origin: Annotated[str, Meta(max_length=60)]
    schema: int = SCHEMA


class Influencer(Event, frozen=True):
    """A person whom users follow. Keyed by `id` on the compacted `influencers` topic; a null value removes."""

    id: Id
    name: Name
    handles: dict[str, str] = {}  # platform ("x", "bluesky", "mastodon", "rss") -> handle, DID or feed address
    weight: Annotated[float, Meta(ge=0, le=100)] = 1.0
    tags: list[str] = []
    schema: int = SCHEMA
