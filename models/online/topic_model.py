"""The port of the online topics: what the assign stage asks of any stream clusterer, ours or river's."""

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
    """`n` posts in stream order.

    vectors: float32 (n, dimensions), unit length. words: the lexical evidence of each (models.text.words).
    at: float64 (n,), the posts' own times, seconds since 1970. related: the post that each retweets, quotes or
    answers, or None. retweet: whether it repeats `related` word for word. pairs: words that stand side by side in it
    (models.text.pairs). slight: whether it tells no subject of its own (models.text.slight). Both empty: none does.
    """

    ids: Sequence[str]
    vectors: npt.NDArray[np.float32]
    words: Sequence[Sequence[str]]
    authors: Sequence[str]
    at: npt.NDArray[np.float64]
    related: Sequence[str | None]
    retweet: Sequence[bool]
    pairs: Sequence[Sequence[str]] = ()
    slight: Sequence[bool] = ()

    def __len__(self) -> int:
        return len(self.ids)


class Placement(Struct, frozen=True, gc=False):
    """Where a post went."""

    topic_id: str  # "": too slight for a topic, and about no post that was seen
    similarity: float
    candidate: bool
    support: bool  # it repeats an earlier post or only points to it
    usual: float = 0.0  # share (0–1) of the active people to expect of the topic in a day,
    spread: float = 0.0  # and the variance of that share from day to day


class TopicModel(Protocol):
    """An online topic model: its future depends on its state and the posts, never on how they are cut into batches."""

    def learn_many(self, batch: PostBatch) -> tuple[list[Placement], list[TopicEvent]]:
        """Place every post, in order, and say what happened to the topics meanwhile."""

    def current_id(self, topic_id: str) -> str:
        """The id under which a topic lives on after merges; itself when it was never merged or is unknown."""

    def centroids(self) -> tuple[list[str], npt.NDArray[np.float32]]:
        """Ids and unit centroids, float32 (topics, dimensions), of the topics alive."""

    def learn_week(self, week: WeekTopics) -> list[TopicEvent]:
        """What a week's refit teaches; at the end `alias` events: which live topic is which of the digest's.

        The pairs are one to one and optimal. Raises PoisonError for centroids of another width.
        """

    def to_bytes(self) -> bytes:
        """The whole state: safetensors with JSON metadata, versioned. No pickle."""
