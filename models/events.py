"""The types between the stages, and what is known at each point.

    Tweet | Deletion  ->  EmbeddedTweet | Deletion  ->  Assignment, TopicEvent  ->  Digest
    anything that cannot be used  ->  DeadLetter

No I/O here; `models.wire` turns these into bytes and back. Every type carries `schema`, its version: a reader refuses a
newer one (a dead letter), and a new optional field does not raise it. All times are aware and in UTC; on the wire they
are RFC 3339 strings. Ids are strings: the platforms' 64-bit numbers do not survive JavaScript.
"""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

SCHEMA = 1

Kind = Literal["original", "retweet", "quote", "reply"]
ResourceKind = Literal["article", "paper", "repository", "video", "thread", "page"]
Outcome = Literal["assigned", "duplicate", "deleted"]
TopicEventKind = Literal["born", "trending", "merged", "split", "faded", "revived", "alias"]
Status = Literal["new", "rising", "continuing", "fading"]
Action = Literal["shared", "wrote", "quoted", "replied", "retweeted"]
# Kafka takes no longer key or header comfortably, no platform has longer ids, and an id ends up in Redis keys
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]
Text = Annotated[str, Meta(max_length=30_000)]  # X's longest post has 25,000 characters
Url = Annotated[str, Meta(max_length=4_000)]
Name = Annotated[str, Meta(max_length=300)]
Count = Annotated[int, Meta(ge=0, le=10**12)]
# 2005: before any of the platforms; the upper bound is the clock's business (see the embed stage)
EARLIEST_YEAR = 2005


class Event(Struct, frozen=True, kw_only=True):
    """Base of all wire types: immutable, keyword-only, every field on the wire."""


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


class Assignment(Event, frozen=True):
    """What became of one record of `tweets`: exactly one per `origin`.

    `assigned`: it belongs to `topic_id`, with cosine `similarity` to it (0 where it started one) — `candidate` while
    too few posts make a topic that anybody should see. `duplicate`: its id was seen before. `deleted`: a tombstone.
    `support`: it repeats another post (a retweet or near-duplicate) and is no separate evidence.
    """

    id: Id
    origin: str
    outcome: Outcome
    at: datetime  # event time: the post's created_at
    topic_id: str | None = None
    similarity: float = 0.0
    candidate: bool = False
    support: bool = False
    tweet: Tweet | None = None
    schema: int = SCHEMA


class TopicEvent(Event, frozen=True):
    """A step in the life of a live topic, with its reason in words.

    `other_ids`: merged -> the topics that went into this one; split -> the topics that came out of it;
    alias -> the ids by which the topic is also known (a digest's).
    """

    topic_id: str
    kind: TopicEventKind
    at: datetime
    reason: str = ""
    label: str = ""
    keywords: list[str] = []
    posts: int = 0
    people: int = 0
    score: float = 0.0
    other_ids: list[str] = []
    example_ids: list[str] = []  # posts that show what the topic is about
    week: str | None = None  # alias: the digest's week
    schema: int = SCHEMA


class Influencer(Event, frozen=True):
    """A person whom users follow. Keyed by `id` on the compacted `influencers` topic; a null value removes."""

    id: Id
    name: Name
    handles: dict[str, str] = {}  # platform ("x", "bluesky", "mastodon", "rss") -> handle, DID or feed address
    weight: Annotated[float, Meta(ge=0, le=100)] = 1.0
    tags: list[str] = []
    schema: int = SCHEMA


class DeadLetter(Event, frozen=True):
    """A record that could not be used, whole, so that it can be sent back after a fix."""

    stage: str
    reason: str
    record: str  # base64 of the original bytes ("" for a null value)
    key: str | None = None  # base64 of the record's key
    topic: str | None = None  # coordinates on Kafka, or
    partition: int | None = None
    offset: int | None = None
    source: str | None = None  # where it came from outside Kafka: a file and line, a platform
    at: datetime | None = None  # when it was found
    null: bool = False  # the value was null, which base64 cannot say
    schema: int = SCHEMA


# --- the digest ----------------------------------------------------------------------------------------


class Sentence(Event, frozen=True):
    """A sentence of a digest and the posts that it rests on (never empty for a published one)."""

    text: str
    posts: list[str]


class Person(Event, frozen=True):
    """Someone who took part in a topic; `influence` is 0–1 within the week."""

    author_id: str
    handle: str
    name: str
    posts: int
    influence: float = 0.0


class Item(Event, frozen=True):
    """Who did what with which resource, or said what: one paragraph of a topic.

    `sentence` is the rendered paragraph without its quotation; `quotation` is a verbatim substring of the text
    of `quotation_post` (or of the link's own description, then `quotation_post` names the post that carries it).
    """

    people: list[Person]
    action: Action
    sentence: Sentence
    link: Link | None = None
    quotation: str | None = None
    quotation_post: str | None = None
    support: int = 0  # retweets and near-duplicates folded into it
    post_urls: list[str] = []  # addresses of its first posts on their platforms, where those are known


class DigestTopic(Event, frozen=True):
    """One section of the digest."""

    id: str
    label: str
    status: Status
    keywords: list[str]
    summary: Sentence
    items: list[Item]
    people: list[Person]
    posts: int  # posts in the topic, support included
    originals: int  # posts that are separate evidence
    series: list[int]  # posts per day, Monday first, in the digest's time zone
    score: float
    score_parts: dict[str, float]
    post_ids: list[str]
    previous_id: str | None = None  # last week's topic that it continues (equal to id unless merged)
    confidence: float = 0.0  # of that match, 0–1
    previous_posts: int = 0
    change: Sentence | None = None  # what is new in a continuing topic
    sensitive: bool = False
    people_total: int = 0  # `people` names at most 50 of them, `post_ids` the 200 most central posts


class TopicIdentity(Event, frozen=True):
    """What next week's matching needs of every topic of this week, published or not."""

    id: str
    label: str
    words: list[str]
    centroid: str  # base64 of little-endian float16, unit length
    posts: int
    people: int
    post_ids: list[str]  # at most 200, the most central
    quiet_weeks: int = 0  # weeks since the topic was last found: carried over so that it can come back as itself


class Faded(Event, frozen=True):
    """A topic that was published last week and is gone or small now."""

    id: str
    label: str
    posts: int
    previous_posts: int


class Statistics(Event, frozen=True):
    """The week in numbers."""

    posts: int
    originals: int
    retweets: int
    near_duplicates: int
    people: int
    deleted: int
    topics_found: int
    topics_published: int
    outlier_share: float  # of the distinct posts, 0–1
    excluded: dict[str, int] = {}  # topics kept out, by reason (hashtag wall, greeting, self-promotion, ...)


class Manifest(Event, frozen=True):
    """The inputs that the digest is a pure function of; `toptopics replay --verify` compares them."""

    slice_hash: str  # sha256 over the canonical, sorted records of the week
    records: int
    encoder: str
    settings_hash: str
    versions: dict[str, str]
    previous_hash: str | None
    influencers_hash: str | None = None
    resources_hash: str | None = None  # titles of link targets that the posts themselves did not carry


class Digest(Event, frozen=True):
    """One week, keyed by `week` ("2021-W18") on `digests`. Its bytes depend on its inputs only."""

    week: str
    start: datetime
    end: datetime  # exclusive
    timezone: str
    headline: Sentence
    overview: list[Sentence]  # one line per topic, in order
    topics: list[DigestTopic]
    faded: list[Faded]
    statistics: Statistics
    identities: list[TopicIdentity]
    manifest: Manifest
    schema: int = SCHEMA
    known_names: dict[str, int] = {}  # name -> weeks since several people spoke of it; none of them is new
