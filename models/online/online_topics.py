"""Online topics: a post arrives as a vector and words, and at once belongs to the right topic or starts one.

Method: single-pass leader clustering over two kinds of evidence, fused: the cosine of the sentence vectors and the
idf-weighted cosine of the words (`online.evidence`). A post joins the most similar topic above a threshold, else it
founds a candidate, which is compared with from the very next post on. Centroids move at the end of a *block*: after
a number of posts or a span of event time, counted along the stream. All that a decision depends on is therefore
fixed by the stream: cut into batches of 1 or of 256 it gives the same placements, events and bytes of state.
Retweets follow their original, or the first retweet of it where the original was not seen, as support: they count
people, but do not pull on the centroid.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from models.events import TopicEvent
from models.events.week_topics import WeekTopics
from models.online.alias_matching import check_width, match_identities
from models.online.block import Block
from models.online.burst import MAX_VOICES, hear
from models.online.centering import Background, Directions, unit_rows
from models.online.config import OnlineConfig
from models.online.int8_product import product
from models.online.labels import TopicState, state_of
from models.online.lexicon import SCALE, Floats, Lexicon, WordRows
from models.online.lifecycle import close_block, note_arrival
from models.online.record import TopicRecord, topic_id
from models.online.refit_feedback import learn_week
from models.online.table import TopicTable
from models.online.topic_model import Placement, PostBatch


class OnlineTopics:
    """A topic model (`models.online.topic_model.TopicModel`); one writer, not thread-safe."""

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
        # these are ordered, since a plain dict that loses its oldest entries is slow to find the next
        self.aliases = OrderedDict[str, str]()
        self.topic_of = OrderedDict[str, str]()  # post -> topic at the time
        self.voices = OrderedDict[str, float]()  # who speaks anywhere in the stream (`trend.hear`)
        self.now = self.started = float("-inf")  # newest event time, and that of the first post
        self.faded = 0.0  # event time when silence was last looked at
        self.day: int | None = None  # the last one that topics' pasts include
        self.refreshed = 0  # posts seen when the background and the words' weights last moved
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
        vectors = unit_rows(batch.vectors)
        placements: list[Placement] = []
        events: list[TopicEvent] = []
        if self.started == float("-inf"):
            self.started = float(batch.at[0])
        start = 0
        while start < len(batch):
            if self.block.over(float(batch.at[start]), self.config):
                events += close_block(self)
            stop = self.block.reach(batch.at, start, len(self), self.config)
            self._place(batch, vectors, start, stop, placements, events)
            if self.block.full():
                events += close_block(self)
            start = stop
        return placements, events

    def predict_many(self, vectors: npt.NDArray[np.float32], words: Sequence[Sequence[str]]) -> list[str | None]:
        """The topic that each post would join now, None where it would start one. Changes nothing."""
        fused = self.likeness(self.background.directions(unit_rows(vectors)), self.lexicon.rows(words))
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
        rows = self.table.sums[[self.by_id[i] for i in ids]] if ids else np.zeros((0, self.dimensions), np.float32)
        return ids, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)

    def topics(self) -> list[TopicState]:
        """Every topic alive, candidates included, the largest first."""
        states = [state_of(record, self.lexicon) for record in self.records.values()]
        return sorted(states, key=lambda state: (-state.posts, state.id))

    def learn_week(self, week: WeekTopics) -> list[TopicEvent]:
        """What the refit of a week teaches: splits, then alias events (which live topic is which of the digest's).

        Raises PoisonError for centroids of another width; nothing is learned then.
        """
        check_width(week, self.dimensions)
        events = learn_week(self, week)
        slots = sorted(slot for slot, record in self.records.items() if record.phase != "candidate")
        records, rows = [self.records[slot] for slot in slots], self.table.sums[slots]
        return events + match_identities(records, rows, self.topic_now, self.lexicon, week)

    def likeness(self, rows: Directions, words: WordRows) -> Floats:
        """Fused similarity (-1 to 1) of posts or topics to every slot, float32 (n, capacity)."""
        table = self.table
        return self._fused(
            product(rows.values, table.centroids), table.inverse, rows, words, table.words.holders(words)
        )

    def to_bytes(self) -> bytes:
        """The whole state: safetensors with JSON metadata, versioned. No pickle."""
        from models.online.snapshot import dump  # it needs this class to restore it

        return dump(self)

    def among(self, rows: Directions, words: WordRows) -> Floats:
        """Fused similarity of posts or topics with each other, in the same arithmetic as with the topics alive."""
        return self._fused(product(rows.values, rows.values), rows.inverse, rows, words, self._inverted(words))

    def _fused(
        self, products: npt.NDArray[np.number], inverse: Floats, rows: Directions, words: WordRows, holders: WordRows
    ) -> Floats:
        """The weighted sum of both cosines, from exact integer products and elementwise arithmetic only."""
        from models.online.word_kernels import fuse

        weight = self.config.lexical_weight
        scale, factor = rows.inverse * np.float32(1.0 - weight), np.float32(weight / SCALE**2)
        return fuse(products, inverse, scale, *words, *holders, factor)

    def _inverted(self, words: WordRows) -> WordRows:
        """By bucket, a row each: the rows (instead of buckets) that hold it."""
        from models.online.word_kernels import invert

        starts, lengths = words.begins[:-1].astype(np.int64), np.diff(words.begins)
        return WordRows(*invert(starts, lengths, words.buckets, words.weights, words.buckets, self.config.buckets))

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
        directions = self.background.directions(rows)
        words = self.lexicon.rows(batch.words[start:stop])
        fused = self.likeness(directions, words)
        best = fused.argmax(axis=1)
        score = fused[np.arange(stop - start), best]
        others: Floats | None = None
        pulling: list[int] = []
        for i, (post_id, author, said, at, source) in enumerate(_posts(batch, start, stop)):
            self.now = at if at > self.now else self.now
            hear(self.voices, author, at, MAX_VOICES)
            home = None if source is None else self._slot_of(source)
            if home is not None:
                slot, similarity = home, 1.0
            elif (similarity := score.item(i)) >= self.config.join:
                slot = best.item(i)
                pulling.append(i)
                self.block.slots.append(slot)
                self.block.at.append(at)
            else:
                slot, similarity = self.found(post_id, at).slot, 0.0
                self.table.found(slot, rows[i], directions[i : i + 1], words.row(i), at)
                others = self.among(directions, words) if others is None else others
                _notice(slot, others[i + 1 :, i], best[i + 1 :], score[i + 1 :])
            record = self.records[slot]
            record.add(post_id, author, said, at, home is not None)
            note_arrival(self, record, author, at, events)
            self._remember(post_id, source, record.id)
            placements.append(Placement(record.id, similarity, record.phase == "candidate", home is not None))
        if pulling:
            self.block.rows.append(rows[pulling])
        self.block.posts += stop - start
        self.lexicon.count(words)
        self.background.learn(rows)

    def found(self, post_id: str, at: float) -> TopicRecord:
        """A topic that this post founds; its row in the table is still empty."""
        slot = self.table.allocate()
        name = topic_id(post_id)
        while name in self.by_id or name in self.aliases:  # the same post id again: ids stay unique
            name = topic_id(name)
        self.records[slot] = TopicRecord(id=name, slot=slot, founded=at, last=at)
        self.by_id[name] = slot
        return self.records[slot]

    def _slot_of(self, post_id: str) -> int | None:
        """The slot of the topic that a post went to, if it is remembered and alive."""
        return self.by_id.get(self.topic_now(post_id) or "")

    def topic_now(self, post_id: str) -> str | None:
        """The id of the topic that a post went to, or that took it over since; None when it is not remembered."""
        return self.current_id(self.topic_of[post_id]) if post_id in self.topic_of else None

    def _remember(self, post_id: str, source: str | None, topic: str) -> None:
        """Where a post went, and what it retweets if that was not seen."""
        known = self.topic_of
        known[post_id] = topic
        if source is not None and source not in known:
            known[source] = topic
        while len(known) > self.config.max_remembered_posts:
            known.popitem(last=False)


def _posts(batch: PostBatch, start: int, stop: int) -> Iterator[tuple[str, str, Sequence[str], float, str | None]]:
    """Id, author, words and time of each, and what it retweets."""
    piece = slice(start, stop)
    repeats = zip(batch.related[piece], batch.retweet[piece], strict=True)
    sources = [related if retweet else None for related, retweet in repeats]
    times = batch.at[piece].tolist()
    return zip(batch.ids[piece], batch.authors[piece], batch.words[piece], times, sources, strict=True)


def _notice(slot: int, column: Floats, best: npt.NDArray[np.int64], score: Floats) -> None:
    """Let the posts that follow see the topic just founded; a tie goes to the lower slot, as with `argmax`."""
    better = (column > score) | ((column == score) & (slot < best))
    best[better] = slot
    score[better] = column[better]
