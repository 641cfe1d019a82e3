"""The port of the online topics, which the assign stage uses with any stream clusterer, ours or river's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from models.events import TopicEvent
from models.events.week_topics import WeekTopics


@dataclass(frozen=True)
class PostBatch:
    """`n` posts in stream order."""

    ids: Sequence[str]
    vectors: npt.NDArray[np.float32]  # float32 (n, dimensions), unit length
    words: Sequence[Sequence[str]]  # the words of each post (models.text.live_words)
    authors: Sequence[str]
    at: npt.NDArray[np.float64]  # float64 (n,), times of the posts in seconds since 1970
    related: Sequence[str | None]  # the post that each one retweets, quotes or answers, or None
    retweet: Sequence[bool]  # whether it repeats `related` word for word
    pairs: Sequence[Sequence[str]] = ()  # its pairs of adjacent words (models.text.pairs); empty: no post has any
    slight: Sequence[bool] = ()  # whether it has too few words for a subject (models.text.slight); empty: none has
    walls: Sequence[float] = ()  # share of its letters in hashtags, 0–1; empty: 0
    # the words that it writes as names, and in lower case (models.text.names.spellings); empty: not known
    spelled: Sequence[tuple[Sequence[str], Sequence[str]]] = ()

    def __len__(self) -> int:
        return len(self.ids)


class Placement(Struct, frozen=True, gc=False):
    """The topic of a post."""

    topic_id: str  # "" if the post is slight and refers to no post that was seen
    similarity: float  # cosine to the topic, fused with the words; 0 if the post founded it
    candidate: bool  # whether the topic is still a candidate
    support: bool  # whether the post repeats an earlier one, or is slight and refers to one
    usual: float = 0.0  # share (0–1) of the active people that the topic usually has in a day
    spread: float = 0.0  # variance of that share from day to day


class TopicModel(Protocol):
    """An online topic model. Its results depend on its state and the posts, not on the division into batches."""

    def learn_many(self, batch: PostBatch) -> tuple[list[Placement], list[TopicEvent]]:
        """Place every post, in order. Also returns the events of the topics."""

    def current_id(self, topic_id: str) -> str:
        """The present id of a topic, after merges. The id itself when the topic was never merged or is unknown."""

    def centroids(self) -> tuple[list[str], npt.NDArray[np.float32]]:
        """Ids and unit centroids, float32 (topics, dimensions), of the live topics."""

    def learn_week(self, week: WeekTopics) -> list[TopicEvent]:
        """Apply the result of a week's refit. The last events are `alias` events, which match live topics with the
        digest's.

        The matching is one-to-one and optimal.

        Raises:
            PoisonError: The centroids have another width.
        """

    def to_bytes(self) -> bytes:
        """The whole state: safetensors with JSON metadata, versioned. No pickle."""
