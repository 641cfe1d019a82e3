"""Online topics: assigns each arriving post (a vector and words) to a topic, or starts a new one.

Method: single-pass leader clustering on the fused similarity of two kinds of evidence: the cosine of the sentence
vectors, and the idf-weighted cosine of the words (`online.lexicon`). A post joins the most similar topic above a
threshold; otherwise it starts a candidate, which the next post is compared with. Centroids are updated at the end of a
*block*: after a number of posts or a span of event time. So every decision depends on the stream only: batches of 1 and
of 256 give the same placements, events and bytes of state.

Retweets follow their original (or the first retweet if the original was not seen) as support: they count people, but do
not change the centroid.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from models.events import TopicEvent
from models.events.week_topics import WeekTopics
from models.online.alias_matching import check_width, match_identities
from models.online.burst import MAX_RECENT_AUTHORS, record_author
from models.online.centering import unit_rows
from models.online.labels import OnlineTopic, state_of
from models.online.lexicon import Floats
from models.online.lifecycle import close_block, note_arrival
from models.online.refit_feedback import learn_week
from models.online.regroup import regroup
from models.online.snapshot import dump
from models.online.topic_model import Placement, PostBatch
from models.online.topic_space import TopicSpace
from models.online.window import WindowPost, buckets_of, pairs_of, token_buckets
from models.text.slight import WALL


class OnlineTopics:
    """A topic model (`models.online.topic_model.TopicModel`) over a `TopicSpace`; one writer, not thread-safe."""

    def __init__(self, space: TopicSpace) -> None:
        self.space = space  # empty, or restored from a snapshot

    def __len__(self) -> int:
        return len(self.space)

    @property
    def dimensions(self) -> int:
        """Number of dimensions of a vector."""
        return self.space.dimensions

    @property
    def encoder(self) -> str:
        """Name of the encoder of these vectors."""
        return self.space.encoder

    def current_id(self, topic_id: str) -> str:
        """See `TopicSpace.current_id`."""
        return self.space.current_id(topic_id)

    def learn_many(self, batch: PostBatch) -> tuple[list[Placement], list[TopicEvent]]:
        """Place every post in order, and return the placements and the topic events.

        Raises:
            ValueError: The vectors have another width or contain non-finite numbers; nothing was learned.
        """
        if len(batch) == 0:
            return [], []
        if batch.vectors.shape != (len(batch), self.dimensions):
            raise ValueError(f"vectors of shape {batch.vectors.shape} instead of {(len(batch), self.dimensions)}")
        vectors = unit_rows(batch.vectors)
        space = self.space
        placements: list[Placement] = []
        events: list[TopicEvent] = []
        if space.started == float("-inf"):
            space.started = float(batch.at[0])
        start = 0
        while start < len(batch):
            if space.block.over(float(batch.at[start]), space.config):
                events += close_block(space)
            stop = self._look_after(batch.at, start, space.block.reach(batch.at, start, len(self), space.config))
            self._place(batch, vectors, start, stop, placements, events)
            if space.block.full():
                events += close_block(space)
            if float(batch.at[stop - 1]) >= space.window.next_look:
                events += regroup(space)
            start = stop
        return placements, events

    def predict_many(self, vectors: npt.NDArray[np.float32], words: Sequence[Sequence[str]]) -> list[str | None]:
        """Return the topic that each post would join now, or None for a new one. Changes nothing."""
        space = self.space
        fused = space.likeness(space.background.directions(unit_rows(vectors)), space.lexicon.rows(words))
        best = fused.argmax(axis=1)
        return [
            space.records[slot].id if fused[i, slot] >= space.config.join and slot in space.records else None
            for i, slot in enumerate(best.tolist())
        ]

    def centroids(self) -> tuple[list[str], Floats]:
        """Return ids and unit centroids, float32 (topics, dimensions), of the living topics, by id."""
        by_id, sums = self.space.by_id, self.space.table.sums
        ids = sorted(by_id)
        rows = sums[[by_id[i] for i in ids]] if ids else np.zeros((0, self.dimensions), np.float32)
        return ids, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9).astype(np.float32)

    def topics(self) -> list[OnlineTopic]:
        """Return every living topic, with candidates, largest first."""
        states = [state_of(record, self.space.lexicon) for record in self.space.records.values()]
        return sorted(states, key=lambda state: (-state.posts, state.id))

    def learn_week(self, week: WeekTopics) -> list[TopicEvent]:
        """Learn the results of a week's refit: splits, then alias events (live topic -> topic of the digest).

        Raises:
            PoisonError: The centroids have another width; nothing was learned.
        """
        check_width(week, self.dimensions)
        space = self.space
        events = learn_week(space, week)
        slots = sorted(slot for slot, record in space.records.items() if record.phase != "candidate")
        records, rows = [space.records[slot] for slot in slots], space.table.sums[slots]
        return events + match_identities(records, rows, space.topic_now, space.lexicon, week)

    def to_bytes(self) -> bytes:
        """Return the whole state: safetensors with JSON metadata, versioned. No pickle."""
        return dump(self.space)

    def _look_after(self, at: npt.NDArray[np.float64], start: int, stop: int) -> int:
        """Return the end (exclusive) of the posts up to the first one after which stories are searched."""
        late = np.flatnonzero(at[start:stop] >= self.space.window.next_look)
        return start + int(late[0]) + 1 if len(late) else stop

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
        space = self.space
        rows = vectors[start:stop]
        directions = space.background.directions(rows)
        words = space.lexicon.rows(batch.words[start:stop])
        fused = space.likeness(directions, words)
        best = fused.argmax(axis=1)
        score = fused[np.arange(stop - start), best]
        others: Floats | None = None
        pulling: list[int] = []
        for i, (post_id, author, said, at, related, retweet) in enumerate(_posts(batch, start, stop)):
            seen = _seen(batch, start + i, at)
            slight = seen.slight or seen.wall >= WALL
            space.now = at if at > space.now else space.now
            record_author(space.recent_authors, author, at, MAX_RECENT_AUTHORS)
            space.window.add(seen, rows[i])
            home = self._slot_of(related) if related is not None and (retweet or slight) else None
            if home is not None:
                slot, similarity = home, 1.0
            elif slight:
                placements.append(Placement("", 0.0, candidate=False, support=True))
                continue
            elif (similarity := score.item(i)) >= space.config.join:
                slot = best.item(i)
                pulling.append(i)
                space.block.slots.append(slot)
                space.block.at.append(at)
            else:
                slot, similarity = space.found(post_id, at).slot, 0.0
                space.table.found(slot, rows[i], directions[i : i + 1], words.row(i), at)
                others = space.among(directions, words) if others is None else others
                _notice(slot, others[i + 1 :, i], best[i + 1 :], score[i + 1 :])
            record = space.records[slot]
            record.add(post_id, author, said, at, home is not None)
            note_arrival(space, record, author, at, events)
            self._remember(post_id, related, record.id)
            placements.append(
                Placement(
                    record.id,
                    similarity,
                    candidate=record.phase == "candidate",
                    support=home is not None,
                    usual=record.past.usual(),
                    spread=record.past.variance,
                )
            )
        if pulling:
            space.block.rows.append(rows[pulling])
        space.block.posts += stop - start
        space.lexicon.count(words)
        space.background.learn(rows)

    def _slot_of(self, post_id: str) -> int | None:
        """Return the slot of the topic that a post was assigned to, if it is remembered and alive."""
        return self.space.by_id.get(self.space.topic_now(post_id) or "")

    def _remember(self, post_id: str, related: str | None, topic: str) -> None:
        """Remember a post's topic, also for the post that it refers to if that was not seen."""
        known = self.space.topic_of
        known[post_id] = topic
        if related is not None and related not in known:
            known[related] = topic
        while len(known) > self.space.config.max_remembered_posts:
            known.popitem(last=False)


def _seen(batch: PostBatch, place: int, at: float) -> WindowPost:
    """Return a post for the window of stories."""
    names, plain = batch.spelled[place] if batch.spelled else ((), ())
    return WindowPost(
        batch.ids[place],
        batch.authors[place],
        at,
        token_buckets(batch.words[place]),
        pairs_of(batch.pairs[place]) if batch.pairs else [],
        buckets_of(names),
        buckets_of(plain),
        list(batch.words[place]),
        batch.related[place],
        batch.retweet[place],
        bool(batch.slight) and batch.slight[place],
        batch.walls[place] if batch.walls else 0.0,
    )


def _posts(
    batch: PostBatch, start: int, stop: int
) -> Iterator[tuple[str, str, Sequence[str], float, str | None, bool]]:
    """Yield id, author, words and time of each post, its reference, and whether it repeats that."""
    piece = slice(start, stop)
    times = batch.at[piece].tolist()
    return zip(
        batch.ids[piece],
        batch.authors[piece],
        batch.words[piece],
        times,
        batch.related[piece],
        batch.retweet[piece],
        strict=True,
    )


def _notice(slot: int, column: Floats, best: npt.NDArray[np.int64], score: Floats) -> None:
    """Make a new topic visible to the next posts; a tie goes to the lower slot, as with `argmax`."""
    better = (column > score) | ((column == score) & (slot < best))
    best[better] = slot
    score[better] = column[better]
