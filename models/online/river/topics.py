"""river's stream clusterers behind the port of the online topics: DBSTREAM and DenStream on vectors, TextClust on
words.

They learn one post at a time and are far slower than `online_topics`; they serve as a comparison. A topic is one of
river's cluster numbers; its id comes from the first post with that number. Retweets follow their original, as support.
river does not report merges, so there are only born and alias events.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import orjson
from safetensors import SafetensorError
from safetensors.numpy import load, save

from models.events import TopicEvent
from models.events.week_topics import WeekTopics
from models.online.alias_matching import check_width, match_identities
from models.online.config import OnlineConfig
from models.online.labels import OnlineTopic, describe, state_of, tally
from models.online.lexicon import Lexicon
from models.online.metadata import StateError, check_version
from models.online.record import TopicRecord, live_topic_id
from models.online.topic_model import Placement, PostBatch

VERSION = 1
RiverKind = Literal["dbstream", "textclust", "denstream"]
Floats = npt.NDArray[np.float32]


class RiverTopics:
    """Implements `models.online.topic_model.TopicModel` with a clusterer of river. One writer; not thread-safe."""

    def __init__(self, kind: RiverKind, dimensions: int, encoder: str = "", config: OnlineConfig | None = None) -> None:
        self.kind, self.dimensions, self.encoder = kind, dimensions, encoder
        self.config = config or OnlineConfig()
        self.clusterer = _clusterer(kind)
        self.lexicon = Lexicon(self.config.buckets)
        self.records: dict[int, TopicRecord] = {}  # by river's number
        self.sums: dict[int, npt.NDArray[np.float64]] = {}
        self.by_id: dict[str, int] = {}
        self.topic_of: OrderedDict[str, str] = OrderedDict()
        self.now = float("-inf")

    def learn_many(self, batch: PostBatch) -> tuple[list[Placement], list[TopicEvent]]:
        """Place every post, in order.

        Raises:
            ValueError: The vectors have another width.
        """
        if len(batch) and batch.vectors.shape != (len(batch), self.dimensions):
            raise ValueError(f"vectors of shape {batch.vectors.shape} instead of {(len(batch), self.dimensions)}")
        events: list[TopicEvent] = []
        return [self._learn(batch, i, events) for i in range(len(batch))], events

    def current_id(self, topic_id: str) -> str:
        """Return the id itself: river does not report merges."""
        return topic_id

    def centroids(self) -> tuple[list[str], Floats]:
        """Ids and unit centroids, float32 (topics, dimensions), by id."""
        ids = sorted(self.by_id)
        rows = np.array([self.sums[self.by_id[name]] for name in ids], np.float64).reshape(-1, self.dimensions)
        return ids, (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    def topics(self) -> list[OnlineTopic]:
        """Every live topic, candidates included, the largest first."""
        states = [state_of(record, self.lexicon) for record in self.records.values()]
        return sorted(states, key=lambda state: (-state.posts, state.id))

    def learn_week(self, week: WeekTopics) -> list[TopicEvent]:
        """Create alias events only: river's clusters cannot be split."""
        check_width(week, self.dimensions)
        numbers = sorted(number for number, record in self.records.items() if record.phase != "candidate")
        rows = np.array([self.sums[number] for number in numbers], np.float64).reshape(-1, self.dimensions)
        records = [self.records[number] for number in numbers]
        return match_identities(records, rows.astype(np.float32), self.topic_of.get, self.lexicon, week)

    def to_bytes(self) -> bytes:
        """The whole state: safetensors with JSON metadata, versioned. No pickle."""
        from models.online.river.state import to_plain

        state = {
            "clusterer": to_plain(self.clusterer),
            "records": [msgspec.to_builtins(record) for record in self.records.values()],
            "topic_of": list(self.topic_of.items()),
            "now": self.now if self.topic_of else None,
            "seen": self.lexicon.posts,
        }
        tensors: dict[str, Any] = {
            "state": np.frombuffer(orjson.dumps(state), np.uint8),
            "sums": np.array([self.sums[number] for number in self.records], np.float64).reshape(-1, self.dimensions),
            "document_counts": self.lexicon.counts,
        }
        metadata = {"kind": self.kind, "version": VERSION, "encoder": self.encoder, "dimensions": self.dimensions}
        return save(tensors, metadata={"online": orjson.dumps(metadata).decode()})

    def _learn(self, batch: PostBatch, i: int, events: list[TopicEvent]) -> Placement:
        post_id, related, at = batch.ids[i], batch.related[i], float(batch.at[i])
        self.now = max(self.now, at)
        self.lexicon.count(self.lexicon.rows([batch.words[i]]))
        self.lexicon.refresh()
        known = self.by_id.get(self.topic_of.get(related or "", "")) if batch.retweet[i] else None
        support = known is not None
        number = known if known is not None else self._cluster(batch.vectors[i], batch.words[i], at)
        record = self.records.get(number)
        similarity = 1.0 if support else 0.0
        if record is None:
            record = self.records[number] = TopicRecord(id=self._name(post_id), slot=number, founded=at, last=at)
            self.by_id[record.id] = number
            self.sums[number] = np.zeros(self.dimensions, np.float64)
        elif not support:
            similarity = _cosine(self.sums[number], batch.vectors[i])
        if not support:
            self.sums[number] += batch.vectors[i]
        record.add(post_id, batch.authors[i], batch.words[i], at, support)
        self._born(record, at, events)
        for name in [post_id, related] if batch.retweet[i] and related is not None else [post_id]:
            self.topic_of.setdefault(name, record.id)
        self._forget()
        return Placement(record.id, similarity, record.phase == "candidate", support)

    def _cluster(self, vector: Floats, words: Sequence[str], at: float) -> int:
        if self.kind == "textclust":
            x: dict[Any, float] = dict.fromkeys(words or ("",), 1)
            self.clusterer.learn_one(x, t=at / 60.0)
        else:
            x = dict(enumerate(vector.tolist()))
            self.clusterer.learn_one(x)
        return int(self.clusterer.predict_one(x))

    def _name(self, post_id: str) -> str:
        name = live_topic_id(post_id)
        while name in self.by_id:
            name = live_topic_id(name)
        return name

    def _born(self, record: TopicRecord, at: float, events: list[TopicEvent]) -> None:
        enough = record.originals >= self.config.born_posts and len(record.people) >= self.config.born_people
        if record.phase == "candidate" and enough:
            record.phase = "active"
            events.append(describe(record, self.lexicon, "born", datetime.fromtimestamp(at, UTC), tally(record)))

    def _forget(self) -> None:
        while len(self.topic_of) > self.config.max_remembered_posts:
            self.topic_of.popitem(last=False)
        if len(self.records) > self.config.max_topics:
            number = min(self.records, key=lambda key: (self.records[key].last, key))
            del self.by_id[self.records.pop(number).id], self.sums[number]


def load_river(data: bytes, metadata: dict[str, Any]) -> RiverTopics:
    """The inverse of `to_bytes`.

    Raises:
        StateError: The state has another version or is damaged.
    """
    from models.online.river.state import from_plain

    check_version(metadata, VERSION)
    try:
        tensors = load(data)
        state = orjson.loads(tensors["state"].tobytes())
        model = RiverTopics(metadata["kind"], metadata["dimensions"], metadata["encoder"])
        model.clusterer = from_plain(state["clusterer"])
        for record, row in zip(msgspec.convert(state["records"], list[TopicRecord]), tensors["sums"], strict=True):
            model.records[record.slot], model.by_id[record.id] = record, record.slot
            model.sums[record.slot] = row.copy()
        model.topic_of = OrderedDict(state["topic_of"])
        model.now = float("-inf") if state["now"] is None else state["now"]
        model.lexicon.counts, model.lexicon.posts = tensors["document_counts"], state["seen"]
        model.lexicon.refresh()
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"the state is damaged: {error}") from error
    return model


def _clusterer(kind: RiverKind) -> Any:
    from river import cluster

    textclust: Any = cluster.TextClust  # river has no annotation for it
    if kind == "dbstream":
        return cluster.DBSTREAM(clustering_threshold=1.0, fading_factor=0.001, cleanup_interval=200)
    if kind == "denstream":
        return cluster.DenStream(epsilon=0.9, mu=2, beta=0.75, decaying_factor=0.01, n_samples_init=100)
    if kind == "textclust":
        return textclust(radius=0.5, fading_factor=0.0001, tgap=1440, real_time_fading=True)
    raise ValueError(f"river has no clusterer {kind!r} here")


def _cosine(total: npt.NDArray[np.float64], vector: Floats) -> float:
    norm = float(np.linalg.norm(total)) * float(np.linalg.norm(vector))
    return float(total @ vector) / norm if norm else 0.0
