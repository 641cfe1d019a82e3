"""Online topics: a post arrives as a vector and words, and at once belongs to the right topic or starts one.

Method: single-pass leader clustering over two kinds of evidence, fused: the cosine of the sentence vectors and the
idf-weighted cosine of the words (`online_evidence`). A post joins the most similar topic above a threshold, else it
founds a candidate, which is compared with from the very next post on. Centroids move at the end of a *block*: after
a number of posts or a span of event time, counted along the stream. All that a decision depends on is therefore
fixed by the stream: cut into batches of 1 or of 256 it gives the same placements, events and bytes of state.
Retweets follow their original and copies their first, as support: they count people, but do not pull on the centroid.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from models.events import TopicEvent, TopicIdentity
from models.online_background import Background, Deviation, fuse
from models.online_block import Block
from models.online_config import OnlineConfig
from models.online_evidence import Floats, Lexicon, quantise, word_rows
from models.online_life import close_block, note_arrival
from models.online_match import match_identities
from models.online_record import TopicRecord, topic_id
from models.online_table import TopicTable
from models.online_view import TopicState, state_of
from models.topic_model import Placement, PostBatch
from models.trend import Voices


class OnlineTopics:
    """A topic model (`models.topic_model.TopicModel`); one writer, not thread-safe."""

    def __init__(self, dimensions: int, encoder: str = "", config: OnlineConfig | None = None) -> None:
        if dimensions < 1:
            raise ValueError("dimensions must be at least 1")
        self.dimensions, self.encoder = dimensions, encoder
        self.config = config or OnlineConfig()
        self.table = TopicTable(dimensions, self.config.buckets)
        self.lexicon = Lexicon(self.config.buckets)
        self.background = Background(dimensions, self.config.background)
        self.records: dict[int, TopicRecord] = {}  # by slot
        self.by_id: dict[str, int] = {}
        self.aliases: dict[str, str] = {}
        self.topic_of: dict[str, str] = {}  # post -> topic at the time
        self.voices = Voices()  # who speaks anywhere in the stream
        self.now = self.started = float("-inf")  # newest event time, and that of the first post
        self.faded = 0.0  # event time when silence was last looked at
        self.day: int | None = None  # the last one that topics' pasts include
        self.block = Block()

    def __len__(self) -> int:
        return len(self.records)

    def learn_many(self, batch: PostBatch) -> tuple[list[Placement], list[TopicEvent]]:
        """Place every post, in order, and say what happened to the topics meanwhile.

        Raises ValueError for vectors of another width or with numbers that are not finite; nothing is learned then.
        """
        if len(batch) == 0:
            return [], []
        if batch.vectors.shape != (len(batch), self.dimensions):
            raise ValueError(f"vectors of shape {batch.vectors.shape} instead of {(len(batch), self.dimensions)}")
        vectors = quantise(batch.vectors)
        placements: list[Placement] = []
        events: list[TopicEvent] = []
        start = 0
        while start < len(batch):
            if self.block.over(float(batch.at[start]), self.config):
                events += close_block(self)
            stop = self.block.reach(batch.at, start, self.config)
            self._place(batch, vectors, start, stop, placements, events)
            if self.block.full(self.config):
                events += close_block(self)
            start = stop
        return placements, events

    def predict_many(self, vectors: npt.NDArray[np.float32], words: Sequence[Sequence[str]]) -> list[str | None]:
        """The topic that each post would join now, None where it would start one. Changes nothing."""
        rows = quantise(vectors)
        fused = self._fused(rows, self.lexicon.matrix(words), self.background.deviation(rows))
        best = fused.argmax(axis=1)
        return [
            self.records[slot].id if fused[i, slot] >= self.config.join and slot in self.records else None
            for i, slot in enumerate(best.tolist())
        ]

    def current_id(self, topic_id: str) -> str:
        """The id under which a topic lives on after merges; itself when it was never merged or is unknown."""
        while topic_id in self.aliases:
            topic_id = self.aliases[topic_id]
        return topic_id

    def centroids(self) -> tuple[list[str], Floats]:
        """Ids and unit centroids, float32 (topics, dimensions), of the topics alive, by id."""
        ids = sorted(self.by_id)
        rows = self.table.centroids[[self.by_id[i] for i in ids]] if ids else np.zeros((0, self.dimensions), np.float32)
        return ids, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)

    def topics(self) -> list[TopicState]:
        """Every topic alive, candidates included, the largest first."""
        states = [state_of(record, self.lexicon) for record in self.records.values()]
        return sorted(states, key=lambda state: (-state.posts, state.id))

    def match_digest(self, identities: Sequence[TopicIdentity], week: str, at: datetime) -> list[TopicEvent]:
        """Alias events: which live topics are which of a digest's, one-to-one and optimal."""
        slots = sorted(slot for slot, record in self.records.items() if record.phase != "candidate")
        records, rows = [self.records[slot] for slot in slots], self.table.centroids[slots]
        return match_identities(records, rows, self._topic_now, self.lexicon, identities, week, at)

    def to_bytes(self) -> bytes:
        """The whole state: safetensors with JSON metadata, versioned. No pickle."""
        from models.online_state import dump  # it needs this class to restore it

        return dump(self)

    def _fused(self, vectors: Floats, words: csr_matrix, deviation: Deviation) -> Floats:
        """Fused similarity to every slot, float32 (n, capacity): exact integer products, the rest elementwise."""
        table = self.table
        cosine = self.background.cosine(vectors @ table.centroids.T, deviation, table.deviation)
        fused = fuse(cosine, words @ table.words, self.config.lexical_weight)
        fused += table.prior
        return fused

    def _among(self, vectors: Floats, words: csr_matrix, deviation: Deviation) -> Floats:
        """Fused similarity of the posts with each other, in the same arithmetic as with the topics."""
        cosine = self.background.cosine(vectors @ vectors.T, deviation, deviation)
        return fuse(cosine, (words @ words.T).toarray(), self.config.lexical_weight)

    def _place(
        self,
        batch: PostBatch,
        vectors: Floats,
        start: int,
        stop: int,
        placements: list[Placement],
        events: list[TopicEvent],
    ) -> None:
        """Place the posts `start` … `stop`, all of one block."""
        rows = vectors[start:stop]
        words = self.lexicon.matrix(batch.words[start:stop])
        deviation = self.background.deviation(rows)
        fused = self._fused(rows, words, deviation)
        among = self._among(rows, words, deviation)
        best = fused.argmax(axis=1)
        score = fused[np.arange(stop - start), best]
        lexical = word_rows(words)
        for i in range(stop - start):
            k = start + i
            at = float(batch.at[k])
            if self.started == float("-inf"):
                self.started = at
            self.now = max(self.now, at)
            self.voices.hear(batch.authors[k], at)
            original = self._original(batch.related[k]) if batch.retweet[k] else None
            if original is not None:
                slot, similarity, support = original, 1.0, True
            elif score[i] >= self.config.join:
                slot, similarity, support = int(best[i]), float(score[i]), False
            else:
                slot, similarity, support = self._found(batch.ids[k], at), 0.0, False
                self.table.found(slot, rows[i], lexical[i], at, deviation.offset[i], deviation.inverse[i])
                _notice(slot, among[i + 1 :, i], best[i + 1 :], score[i + 1 :])
            record = self.records[slot]
            if not support:
                self.block.add(slot, rows[i], at, new=similarity == 0.0)
            record.add(batch.ids[k], batch.authors[k], batch.words[k], at, support)
            events += note_arrival(self, record, batch.authors[k], at)
            self._remember(batch.ids[k], record.id)
            related = batch.related[k]
            if batch.retweet[k] and related is not None and related not in self.topic_of:
                self._remember(related, record.id)
            placements.append(Placement(record.id, similarity, record.phase == "candidate", support))
        self.block.posts += stop - start
        self.lexicon.count(words)
        self.background.learn(rows)

    def _found(self, post_id: str, at: float) -> int:
        slot = self.table.allocate()
        name = topic_id(post_id)
        while name in self.by_id or name in self.aliases:  # the same post id again: ids stay unique
            name = topic_id(name)
        self.records[slot] = TopicRecord(id=name, slot=slot, founded=at, last=at)
        self.by_id[name] = slot
        return slot

    def _original(self, post_id: str | None) -> int | None:
        """The slot of the topic that a post went to, if it is remembered and alive."""
        return self.by_id.get(self._topic_now(post_id) or "") if post_id is not None else None

    def _topic_now(self, post_id: str) -> str | None:
        return self.current_id(self.topic_of[post_id]) if post_id in self.topic_of else None

    def _remember(self, post_id: str, topic: str) -> None:
        self.topic_of[post_id] = topic
        if len(self.topic_of) > self.config.max_remembered_posts:
            del self.topic_of[next(iter(self.topic_of))]


def _notice(slot: int, column: Floats, best: npt.NDArray[np.int64], score: Floats) -> None:
    """Let the posts that follow see the topic just founded; a tie goes to the lower slot, as with `argmax`."""
    better = (column > score) | ((column == score) & (slot < best))
    best[better] = slot
    score[better] = column[better]
