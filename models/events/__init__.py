"""The types between the stages, and what each of them contains.

    Tweet | Deletion  ->  EmbeddedTweet | Deletion  ->  Assignment, TopicEvent  ->  Digest
    an unusable record  ->  DeadLetter

There is no I/O here; `models.events.wire` converts these types to bytes and back. Every top-level type carries
`schema`, its version. A reader refuses a newer version (a dead letter). A new optional field does not raise the
version. All times are aware and in UTC; on the wire they are RFC 3339 strings. Ids are strings, because JavaScript has
no 64-bit integers.
"""

from models.events.base import SCHEMA, Count, Event, Id, Name, Text, Url
from models.events.digest import (
    Action,
    Brief,
    Digest,
    DigestTopic,
    Faded,
    IdentityKind,
    Item,
    Manifest,
    Person,
    Sentence,
    Statistics,
    Status,
    TopicIdentity,
    TopicKind,
)
from models.events.edited import Answer, EditedDigest, EditedSection
from models.events.posts import (
    COMMUNITY_NAME,
    EARLIEST_YEAR,
    Community,
    Deletion,
    EmbeddedTweet,
    Influencer,
    Kind,
    Link,
    Metrics,
    ResourceKind,
    Tweet,
)
from models.events.stages import Assignment, AssignmentOutcome, DeadLetter, TopicEvent, TopicEventKind, TopicEventStep

__all__ = [
    "COMMUNITY_NAME",
    "EARLIEST_YEAR",
    "SCHEMA",
    "Action",
    "Answer",
    "Assignment",
    "AssignmentOutcome",
    "Brief",
    "Community",
    "Count",
    "DeadLetter",
    "Deletion",
    "Digest",
    "DigestTopic",
    "EditedDigest",
    "EditedSection",
    "EmbeddedTweet",
    "Event",
    "Faded",
    "Id",
    "IdentityKind",
    "Influencer",
    "Item",
    "Kind",
    "Link",
    "Manifest",
    "Metrics",
    "Name",
    "Person",
    "ResourceKind",
    "Sentence",
    "Statistics",
    "Status",
    "Text",
    "TopicEvent",
    "TopicEventKind",
    "TopicEventStep",
    "TopicIdentity",
    "TopicKind",
    "Tweet",
    "Url",
]
