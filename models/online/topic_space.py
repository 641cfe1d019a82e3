"""The state of the online topics, separate from the steps that change it.

A `TopicSpace` contains every live topic, the words and the mean of the stream, the recently active authors, and the
posts of the present block. Steps take it as an argument: `lifecycle` (end of a block, merges, silence),
`refit_feedback` (results of a refit), `snapshot` (to bytes and back), `online_topics` (posts in, placements out).
"""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from models.online.block import Block
from models.online.burst import Level
from models.online.centering import Background, Directions
from models.online.config import OnlineConfig
from models.online.floors import Noise
from models.online.int8_product import product
from models.online.lexicon import SCALE, Floats, Lexicon, WordRows
from models.online.record import TopicRecord, live_topic_id
from models.online.table import TopicTable
from models.online.window import ToldPost, Window


class TopicSpace:
    """The state that decides where a post is placed. One writer; not thread-safe."""

    def __init__(self, dimensions: int, encoder: str = "", config: OnlineConfig | None = None) -> None:
        """Create an empty space.

        Args:
            dimensions: Length of the vectors.
            encoder: Name of their vector space.
            config: Settings; the defaults if None.

        Raises:
            ValueError: There is less than one dimension.
        """
        if dimensions < 1:
            raise ValueError("dimensions must be at least 1")
        self.dimensions, self.encoder = dimensions, encoder
        self.config = config or OnlineConfig()
        self.table = TopicTable(dimensions, self.config.buckets)  # centroids and words, one row for each slot
        self.lexicon = Lexicon(self.config.buckets)  # how rare each word is in the stream
        self.background = Background(dimensions, self.config.background)  # the stream's mean vector
        self.records: dict[int, TopicRecord] = {}  # slot -> topic
        self.by_id: dict[str, int] = {}  # topic id -> slot
        # ordered, because a plain dict that loses its oldest entries is slow to find the next one
        self.aliases = OrderedDict[str, str]()  # id of a merged topic -> id of the topic that contains it now
        self.topic_of = OrderedDict[str, str]()  # post id -> id of its topic at that time
        self.recent_authors = OrderedDict[str, float]()  # author id -> time of the newest post in the whole stream
        self.now = self.started = float("-inf")  # newest event time, and the event time of the first post
        self.faded = 0.0  # event time of the last search for silent topics
        self.day: int | None = None  # the last day that is counted in the topics' histories
        self.refreshed = 0  # number of posts at the last update of the background and the words' weights
        self.block = Block()
        self.window = Window(dimensions)  # the posts of the last day
        self.stories: dict[str, list[ToldPost]] = {}  # topic id -> the story of the last day
        self.announced: dict[str, Level] = {}  # post id of a story of the last day -> level of its `trending` event
        self.noise = Noise()  # strengths of stories by chance
        self.looked: float | None = None  # event time of the last regrouping

    def __len__(self) -> int:
        return len(self.records)

    def current_id(self, topic_id: str) -> str:
        """The present id of a topic, after merges. The id itself when the topic was never merged or is unknown."""
        while topic_id in self.aliases:
            topic_id = self.aliases[topic_id]
        return topic_id

    def likeness(self, rows: Directions, words: WordRows) -> Floats:
        """Fused similarity (-1 to 1) of posts or topics to every slot.

        Args:
            rows: Directions of n posts or topics.
            words: Their words.

        Returns:
            float32 (n, capacity).
        """
        table = self.table
        return self._fused(
            product(rows.values, table.centroids), table.inverse, rows, words, table.words.holders(words)
        )

    def among(self, rows: Directions, words: WordRows, lexical: float | None = None) -> Floats:
        """Fused similarity of posts or topics with each other, in the same arithmetic as with the topics alive.

        lexical: Share of the words in it, 0 to 1; None for the setting's.
        """
        products = product(rows.values, rows.values)
        return self._fused(products, rows.inverse, rows, words, self._inverted(words), lexical)

    def _fused(
        self,
        products: npt.NDArray[np.number],
        inverse: Floats,
        rows: Directions,
        words: WordRows,
        holders: WordRows,
        lexical: float | None = None,
    ) -> Floats:
        """Add both cosines by their weights. It uses exact integer products and elementwise arithmetic only."""
        from models.online.word_kernels import fuse

        weight = self.config.lexical_weight if lexical is None else lexical
        scale, factor = rows.inverse * np.float32(1.0 - weight), np.float32(weight / SCALE**2)
        return fuse(products, inverse, scale, *words, *holders, factor)

    def _inverted(self, words: WordRows) -> WordRows:
        """For each bucket, the rows that contain it."""
        from models.online.word_kernels import invert

        starts, lengths = words.begins[:-1].astype(np.int64), np.diff(words.begins)
        return WordRows(*invert(starts, lengths, words.buckets, words.weights, words.buckets, self.config.buckets))

    def found(self, post_id: str, at: float) -> TopicRecord:
        """Create the record of a topic that this post founds. Its row in the table is still empty."""
        slot = self.table.allocate()
        name = live_topic_id(post_id)
        while name in self.by_id or name in self.aliases:  # the same post id again: ids stay unique
            name = live_topic_id(name)
        self.records[slot] = TopicRecord(id=name, slot=slot, founded=at, last=at)
        self.by_id[name] = slot
        return self.records[slot]

    def topic_now(self, post_id: str) -> str | None:
        """The present id of the post's topic, after merges. None when the post is not remembered."""
        return self.current_id(self.topic_of[post_id]) if post_id in self.topic_of else None
