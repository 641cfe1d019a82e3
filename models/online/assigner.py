"""The complete state of the assign stage: seen posts, the online topics, and the handling of one record.

It is a pure function of the records of `tweets.embedded` applied so far. The assign stage may drop it and rebuild it
from the log; a snapshot is only a cache of it, with the offset that it includes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.encoding.encoder import space_of
from models.events import Assignment, AssignmentOutcome, Deletion, EmbeddedTweet, TopicEvent
from models.events.week_topics import WeekTopics
from models.events.wire import PoisonError, content_hash, unpack_vector
from models.online.metadata import NewerStateError
from models.online.seen_posts import SeenPosts
from models.online.topic_model import PostBatch, TopicModel
from models.text import hashtag_wall, spoken_words
from models.text.live_words import live_words
from models.text.names import spellings
from models.text.pairs import word_pairs
from models.text.slight import has_few_words

VERSION = 1
LESSONS = 64  # number of applied WeekTopics that are remembered: after a crash one may come again
# after this many refused records in a row, without one of the present encoder, the old encoder counts as chosen again
STRAYS = 64
LogRecord = EmbeddedTweet | Deletion | WeekTopics
CreateModel = Callable[[int, str], TopicModel]  # dimensions, encoder
RestoreModel = Callable[[bytes], TopicModel]


class StrayError(PoisonError):
    """A vector of a replaced encoder, from a worker that still runs; after STRAYS of them in a row it is accepted."""


class SnapshotError(ValueError):
    """A snapshot that this version cannot read. The caller rebuilds the state from the log."""


class NewerSnapshotError(SnapshotError):
    """A snapshot of a newer version of this program: a rebuilt state would replace what only that version can read."""

    def __init__(self, found: object, known: object) -> None:
        super().__init__(
            f"the snapshot has version {found}, and this program reads version {known}: start the newer version of the "
            "program again, or delete the snapshots to rebuild the live topics from what the log still has"
        )


@dataclass(frozen=True)
class BatchResult:
    """The result of a batch."""

    assignments: list[Assignment]  # in order of the records
    events: list[TopicEvent]  # events of topics, in order


class Assigner:
    """Takes decoded records in log order."""

    def __init__(self, create_model: CreateModel, seen: SeenPosts | None = None) -> None:
        self._create_model = create_model
        self._seen = seen or SeenPosts()
        self.model: TopicModel | None = None
        self.encoder: str | None = None  # name of the vector space: the encoder's name without its precision
        self._dimensions: int | None = None
        self._retired: list[str] = []  # names of earlier vector spaces
        self._strays = 0  # records refused since the last post of the present encoder
        self._learned: list[str] = []  # hashes of applied WeekTopics, the newest last

    def knows(self, post_id: str) -> bool:
        """Whether the post has been seen."""
        return post_id in self._seen

    def check(self, record: LogRecord) -> None:
        """Raise PoisonError for a record that can never be used. The state does not change."""
        if isinstance(record, WeekTopics) and self._is_of_space(record) and record.dimensions != self._dimensions:
            raise PoisonError(f"{record.dimensions} dimensions, but {self.encoder} has {self._dimensions}")
        if isinstance(record, EmbeddedTweet):
            if space_of(record.encoder) in self._retired and self._strays < STRAYS:
                raise StrayError(
                    f"the vector is from {record.encoder}, the topic space uses {self.encoder}: "
                    f"restart that embed stage with the present encoder "
                    f"(after {STRAYS} such records in a row the old one is used again)"
                )
            unpack_vector(record.vector, record.dimensions)
            if space_of(record.encoder) == self.encoder and record.dimensions != self._dimensions:
                raise PoisonError(f"{record.dimensions} dimensions, but {self.encoder} has {self._dimensions}")

    def refuse(self, _: StrayError) -> None:
        """Count a record that `check` refused with StrayError."""
        self._strays += 1

    def apply(self, records: Sequence[LogRecord]) -> BatchResult:
        """Place posts and apply refits, in order. No record may be one that `check` refuses."""
        assignments: list[Assignment] = []
        events: list[TopicEvent] = []
        pending: list[EmbeddedTweet] = []
        for record in records:
            if isinstance(record, WeekTopics):
                self._place(pending, assignments, events)
                events += self._learn(record)
                continue
            if isinstance(record, Deletion):
                assignments.append(_unplaced(record.id, record.origin, "deleted", record.deleted_at))
                continue
            tweet = record.tweet
            sight = self._seen.see(tweet.id, record.origin)
            if sight == "duplicate":
                assignments.append(_unplaced(tweet.id, record.origin, "duplicate", tweet.created_at))
            elif sight == "new":
                if space_of(record.encoder) != self.encoder:
                    self._place(pending, assignments, events)
                    self._change_space(record)
                self._strays = 0
                pending.append(record)
        self._place(pending, assignments, events)
        return BatchResult(assignments, events)

    def to_bytes(self, position: int) -> bytes:
        """The state with the next offset of `tweets.embedded`: safetensors with versioned metadata."""
        tensors = {"seen": self._seen.to_array()}
        if self.model is not None:
            tensors["model"] = np.frombuffer(self.model.to_bytes(), np.uint8)
        state = {
            "version": VERSION,
            "position": position,
            "encoder": self.encoder,
            "dimensions": self._dimensions,
            "retired": self._retired,
            "strays": self._strays,
            "learned": self._learned,
        }
        return save(tensors, metadata={"assigner": orjson.dumps(state).decode()})

    @classmethod
    def from_bytes(cls, data: bytes, create_model: CreateModel, restore_model: RestoreModel) -> tuple["Assigner", int]:
        """Restore the state and its position.

        Args:
            data: Bytes of a snapshot.
            create_model: Creates an empty model.
            restore_model: Restores a model.

        Raises:
            NewerSnapshotError: The snapshot has a newer version.
            SnapshotError: The snapshot is damaged or has an older version.
        """
        state = state_of(data)
        try:
            tensors = load(data)
            assigner = cls(create_model, SeenPosts.from_array(tensors["seen"]))
            assigner.encoder, assigner._retired = state["encoder"], state["retired"]
            assigner._dimensions, assigner._strays = state["dimensions"], state.get("strays", 0)
            assigner._learned = state.get("learned", [])
            if "model" in tensors:
                assigner.model = restore_model(tensors["model"].tobytes())
            return assigner, int(state["position"])
        except NewerStateError as error:
            raise NewerSnapshotError(error.found, error.known) from error
        except (SafetensorError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise SnapshotError(f"the snapshot is damaged: {error}") from error

    def _is_of_space(self, week: WeekTopics) -> bool:
        return space_of(week.encoder) == self.encoder

    def _learn(self, week: WeekTopics) -> list[TopicEvent]:
        """Apply the topics of a week once. Those of another vector space do not concern the present topics."""
        lesson = content_hash(week)
        if self.model is None or lesson in self._learned or not self._is_of_space(week):
            return []
        self._learned = [*self._learned, lesson][-LESSONS:]
        return self.model.learn_week(week)

    def _change_space(self, record: EmbeddedTweet) -> None:
        """Start a new model: vectors of two encoders cannot be compared."""
        if self.encoder is not None:
            self._retired.append(self.encoder)
        self.encoder = space_of(record.encoder)
        self._retired = [name for name in self._retired if name != self.encoder]
        self._dimensions = record.dimensions
        self.model = self._create_model(record.dimensions, self.encoder)

    def _place(self, pending: list[EmbeddedTweet], assignments: list[Assignment], events: list[TopicEvent]) -> None:
        if not pending:
            return
        if self.model is None:
            raise RuntimeError("posts are pending before the first model was made")
        placements, happened = self.model.learn_many(_batch(pending))
        for record, placement in zip(pending, placements, strict=True):
            assignments.append(
                Assignment(
                    id=record.tweet.id,
                    origin=record.origin,
                    outcome="assigned",
                    at=record.tweet.created_at,
                    topic_id=placement.topic_id or None,
                    similarity=round(placement.similarity, 4),
                    candidate=placement.candidate,
                    support=placement.support,
                    usual=round(placement.usual, 6),
                    spread=round(placement.spread, 9),
                    tweet=record.tweet,
                )
            )
        events.extend(happened)
        pending.clear()


def state_of(data: bytes) -> dict[str, Any]:
    """The metadata of a snapshot: position, encoder (None before the first post), dimensions, retired encoders.

    Raises:
        NewerSnapshotError: The snapshot has a newer version.
        SnapshotError: The snapshot is damaged or has an older version.
    """
    try:
        header = orjson.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        state: dict[str, Any] = orjson.loads(header["__metadata__"]["assigner"])
        known = state["version"] == VERSION and (state.get("dimensions") is not None or state["encoder"] is None)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise SnapshotError(f"the snapshot is damaged: {error}") from error
    if state["version"] > VERSION:
        raise NewerSnapshotError(state["version"], VERSION)
    if not known:
        raise SnapshotError(f"the snapshot has version {state['version']}, this program reads version {VERSION}")
    return state


def _unplaced(post_id: str, origin: str, outcome: AssignmentOutcome, at: datetime) -> Assignment:
    return Assignment(id=post_id, origin=origin, outcome=outcome, at=at)


def _batch(records: Sequence[EmbeddedTweet]) -> PostBatch:
    tweets = [record.tweet for record in records]
    return PostBatch(
        ids=[tweet.id for tweet in tweets],
        vectors=np.stack([unpack_vector(record.vector, record.dimensions) for record in records]),
        words=[live_words(record.tweet, record.text) for record in records],
        authors=[tweet.author_id for tweet in tweets],
        at=np.array([tweet.created_at.timestamp() for tweet in tweets]),
        related=[tweet.related_id for tweet in tweets],
        retweet=[tweet.kind == "retweet" for tweet in tweets],
        pairs=[word_pairs(record.text) for record in records],
        slight=[has_few_words(record.text, spoken_words(record.text)) for record in records],
        walls=[hashtag_wall(record.tweet.text) for record in records],
        spelled=[spellings(record.text) for record in records],
    )
