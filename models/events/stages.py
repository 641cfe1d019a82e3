"""Results of the stages for posts and live topics, and records that they could not use."""

from datetime import datetime
from typing import Literal

from models.events.base import SCHEMA, Event, Id
from models.events.posts import Tweet

Outcome = Literal["assigned", "duplicate", "deleted"]
TopicEventKind = Literal["born", "trending", "merged", "split", "faded", "revived", "alias"]


class Assignment(Event, frozen=True):
    """The result for one record of `tweets`: exactly one for each `origin`.

    `assigned`: the post belongs to `topic_id`, with cosine `similarity` to it (0 if it started the topic); `candidate`
    while the topic has too few posts to be shown. `duplicate`: the id was seen before. `deleted`: a tombstone.
    `support`: the post repeats another one (a retweet or near-duplicate) and is no separate evidence.
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
    """A change of a live topic, with its reason in words.

    `other_ids`: for merged, the topics that became part of this one; for split, the topics that were separated from it;
    for alias, other ids of the topic (a digest's).
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
    example_ids: list[str] = []  # posts that show the topic's subject
    week: str | None = None  # alias: the digest's week
    schema: int = SCHEMA


class DeadLetter(Event, frozen=True):
    """A record that could not be used. It is complete, so that it can be sent back after a fix."""

    stage: str
    reason: str
    record: str  # base64 of the original bytes ("" for a null value)
    key: str | None = None  # base64 of the record's key
    topic: str | None = None  # coordinates on Kafka; none of them for a record from outside Kafka
    partition: int | None = None
    offset: int | None = None
    source: str | None = None  # origin outside Kafka: a file and line, or a platform
    at: datetime | None = None  # time of the failure
    null: bool = False  # the value was null, which base64 cannot express
    schema: int = SCHEMA
