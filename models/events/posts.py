"""Posts, with and without their vectors, and the influencers whom users follow."""

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta

from models.events.base import SCHEMA, Count, Event, Id, Name, Text, Url

Kind = Literal["original", "retweet", "quote", "reply"]
ResourceKind = Literal["article", "paper", "repository", "video", "thread", "page"]
# 2005 is before all of the platforms; the embed stage checks the upper bound by the clock
EARLIEST_YEAR = 2005


class Metrics(Event, frozen=True):
    """Engagement as the platform counted it when the post was collected."""

    likes: Count = 0
    retweets: Count = 0
    replies: Count = 0
    quotes: Count = 0


class Link(Event, frozen=True):
    """A link in a post, with metadata of its target. `url` is expanded where the platform gives the target."""

    url: Url
    title: Text | None = None
    description: Text | None = None
    site: Name | None = None
    kind: ResourceKind | None = None


class Tweet(Event, frozen=True, tag="tweet", tag_field="type"):
    """One post of any platform, as a source or `toptopics ingest` sent it to `tweets`. Untrusted."""

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
    quoted_text: Text | None = None  # for quotes: text of the quoted post, where the platform includes it
    edit_of: Id | None = None  # id of the version that this one replaces
    links: Annotated[list[Link], Meta(max_length=100)] = []
    mentions: Annotated[list[Name], Meta(max_length=200)] = []
    metrics: Metrics = Metrics()
    source: Annotated[str, Meta(max_length=40)] = "jsonl"


class Deletion(Event, frozen=True, tag="deletion", tag_field="type"):
    """The tombstone of a post. Its text must no longer be shown anywhere."""

    id: Id
    author_id: Id
    deleted_at: datetime
    origin: Annotated[str, Meta(max_length=60)] = ""  # set by the embed stage, as in EmbeddedTweet
    schema: int = SCHEMA


class EmbeddedTweet(Event, frozen=True, tag="embedded", tag_field="type"):
    """A post with its sentence vector.

    `text` is the cleaned text that was encoded. `vector` is base64 of little-endian float16, unit length, `dimensions`
    numbers. `encoder` names the model, the hash of its weights and the precision. `origin` is "partition:offset" on
    `tweets`: a redelivery after a crash has the same origin, a post that was sent twice has another one.
    """

    tweet: Tweet
    text: Text
    vector: str
    dimensions: Annotated[int, Meta(ge=1, le=8192)]
    encoder: Name
    origin: Annotated[str, Meta(max_length=60)]
    schema: int = SCHEMA


class Influencer(Event, frozen=True):
    """A person whom users follow, keyed by `id` on the compacted `influencers` topic. A null value removes."""

    id: Id
    name: Name
    handles: dict[str, str] = {}  # platform ("x", "bluesky", "mastodon", "rss") -> handle, DID or feed address
    weight: Annotated[float, Meta(ge=0, le=100)] = 1.0
    tags: list[str] = []
    ids: dict[str, str] = {}  # platform -> the id that its handle was resolved to: it stays when the handle changes
    schema: int = SCHEMA


COMMUNITY_NAME: Final = r"^[a-z][a-z0-9-]{0,19}$"  # part of the names of topics, keys, folders and paths


class Community(Event, frozen=True):
    """A circle of people with topics, digests and readers of its own, keyed by `name` on the compacted `communities`
    topic. A null value removes.
    """

    name: Annotated[str, Meta(pattern=COMMUNITY_NAME)]
    number: Annotated[int, Meta(ge=1, le=1_000)]  # no other community has it: its metrics' ports are counted from it
    timezone: Name = "UTC"  # of the ISO weeks, a name of the tz database
    lateness_hours: Annotated[float, Meta(gt=0)] = 24.0  # after the end of a week in which its posts may still arrive
    schema: int = SCHEMA
