"""Results of the stages for posts and live topics, and records that they could not use."""

from datetime import datetime
from typing import Literal

from models.events.base import SCHEMA, Event, Id
from models.events.posts import Tweet

AssignmentOutcome = Literal["assigned", "duplicate", "deleted"]
TopicEventKind = Literal["born", "trending", "merged", "split", "faded", "revived", "alias"]
TopicEventStep = Literal["", "calmed", "gathered", "story"]
TrendLevel = Literal["", "rising", "hot"]


class Assignment(Event, frozen=True):
    """The result for one record of `tweets`: exactly one for each `origin`.

    `assigned`: it belongs to `topic_id`, with cosine `similarity` to it (0 where it started one); `candidate` while too
    few posts make a topic that anybody should see. Without `topic_id` it is too slight for a topic of its own.
    `duplicate`: its id was seen before. `deleted`: a tombstone.
    `support`: it repeats another post (a retweet or near-duplicate) or only points to it, and is no separate evidence.
    """

    id: Id
    origin: str
    outcome: AssignmentOutcome
    at: datetime  # event time: the post's created_at
    topic_id: str | None = None
    similarity: float = 0.0
    candidate: bool = False
    support: bool = False
    tweet: Tweet | None = None
    usual: float = 0.0  # share (0–1) of the people active in a day that is usual for the topic,
    spread: float = 0.0  # and the variance of that share from day to day
    schema: int = SCHEMA


class TopicEvent(Event, frozen=True):
    """A change of a live topic, with its reason in words.

    `trending` comes once for each level of a trend. `step` says more than `kind`, which older readers know:
    `calmed` (faded) is the end of a trend, `gathered` (merged) brings posts of other topics, `story` (merged) names the
    posts of the last day that tell the topic's story.
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
    example_ids: list[str] = []  # posts that show the topic's subject
    week: str | None = None  # alias: the digest's week
    step: TopicEventStep = ""
    moved_ids: list[str] = []  # posts that belong to this topic from now on, wherever they were assigned
    story_ids: list[str] = []  # story: posts of the last day that tell the topic's story; none: it has none any more
    level: TrendLevel = ""  # trending: how far it is above what is usual
    usual: float = 0.0  # share (0–1) of the people active in a day that is usual for the topic,
    spread: float = 0.0  # and the variance of that share from day to day
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
