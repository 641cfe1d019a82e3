"""The Kafka topics: a closed table. `toptopics up`, the worker and the tests create and check from here."""

from dataclasses import dataclass
from typing import Final

DAY_MS: Final = 86_400_000
# record time is the post's own time: deletion by age would remove a backfill of 2021 at once
BY_SIZE: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": str(20 * 1024**3),
    "message.timestamp.type": "CreateTime",
}
BY_DAYS: Final = {
    "cleanup.policy": "delete",
    "retention.ms": str(35 * DAY_MS),
    "message.timestamp.type": "LogAppendTime",
}
COMPACTED: Final = {"cleanup.policy": "compact", "message.timestamp.type": "CreateTime"}
LARGE: Final = {"max.message.bytes": str(8 * 1024**2)}
# the largest record of the other topics in base64: a refused dead letter would stop its stage permanently
LARGER: Final = {"max.message.bytes": str(12 * 1024**2)}


@dataclass(frozen=True, eq=False)  # one object for each topic, usable as a key
class Topic:
    """A Kafka topic as it must be on the broker."""

    name: str  # without the prefix
    partitions: int
    config: dict[str, str]  # the settings that are set and checked
    key: str  # what the key is, for documentation
    value: str  # type of the value, for documentation


TWEETS = Topic("tweets", 4, {**BY_SIZE, **LARGE}, "author id", "Tweet | Deletion")
EMBEDDED = Topic(
    "tweets.embedded", 1, {**BY_SIZE, **LARGE}, "tweet id or week", "EmbeddedTweet | Deletion | WeekTopics"
)
ASSIGNMENTS = Topic("assignments", 4, {**BY_DAYS, **LARGE}, "tweet id", "Assignment")
TOPIC_EVENTS = Topic("topic-events", 1, BY_DAYS, "topic id", "TopicEvent")
INFLUENCERS = Topic("influencers", 1, COMPACTED, "influencer id", "Influencer")
COMMUNITIES = Topic("communities", 1, COMPACTED, "name", "Community")
DIGESTS = Topic("digests", 1, {**COMPACTED, **LARGE}, "week", "Digest")
DIGESTS_EDITED = Topic("digests.edited", 1, {**COMPACTED, **LARGE}, "week", "EditedDigest")
DEAD_LETTERS = Topic("dead-letters", 1, {**BY_DAYS, **LARGER}, "stage", "DeadLetter")

TOPICS: Final = (
    TWEETS,
    EMBEDDED,
    ASSIGNMENTS,
    TOPIC_EVENTS,
    INFLUENCERS,
    COMMUNITIES,
    DIGESTS,
    DIGESTS_EDITED,
    DEAD_LETTERS,
)
