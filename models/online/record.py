"""The data of one live topic outside the table: names, counts, people, words, times."""

import hashlib
from collections.abc import Sequence
from typing import Literal

import msgspec

from models.online.burst import LEVELS, Level, Past

MAX_WORDS = 64
KEPT_WORDS = 40
MAX_PEOPLE = 500
EXAMPLES = 3
MAX_APART = 32
Phase = Literal["candidate", "active", "dormant"]


def live_topic_id(post_id: str) -> str:
    """The id of the live topic that this post founds. Ids of digest topics start with "d-" (`ranking.continuity`)."""
    return "t-" + hashlib.blake2b(post_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class TopicRecord(msgspec.Struct, kw_only=True):
    """Mutable. Only plain JSON types, so that a snapshot is exact."""

    id: str
    slot: int  # row in the `TopicTable`
    founded: float  # event time of the first post
    last: float  # event time of the newest post
    phase: Phase = "candidate"
    posts: int = 0  # with support
    originals: int = 0  # distinct posts, without support
    people: dict[str, int] = {}  # author -> posts, of the first MAX_PEOPLE authors
    words: dict[str, int] = {}  # word -> distinct posts with it
    examples: list[str] = []  # ids of the first distinct posts
    score: float = 0.0  # how unusual it was at the last measurement (`burst.surprise`)
    strength: float = 0.0  # of its story at the last regrouping (`stories`)
    level: Level = ""  # of its trend at the last measurement
    announced: bool = False  # whether an event told of that trend
    only_told: bool = False  # it has the posts of a story and attracts no others
    recent_authors: dict[str, float] = {}  # author -> time of the newest post, of about the last 24 hours
    yesterday: float | None = None  # share (0–1) of the active people at the end of the last day
    past: Past = msgspec.field(default_factory=Past)
    apart: list[str] = []  # topics that it was split from, the newest last: they are never merged with it again
    compare_at: int = 2  # number of originals at which it is next compared with the other topics
    words_update_at: int = 2  # number of originals at which its words in the table are updated next

    def add(self, post_id: str, author: str, words: Sequence[str], at: float, support: bool) -> None:
        """Count one post.

        Args:
            post_id: The post.
            author: Its author's id.
            words: Its distinct words.
            at: Its time in seconds.
            support: Whether it repeats another post.
        """
        self.posts += 1
        self.last = max(self.last, at)
        if author in self.people:
            self.people[author] += 1
        elif len(self.people) < MAX_PEOPLE:
            self.people[author] = 1
        if support:
            return
        self.originals += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(post_id)
        counts = self.words
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        if len(counts) > MAX_WORDS:
            self._prune()

    def take_out(self, post_id: str, author: str, words: Sequence[str], support: bool) -> None:
        """Count a post no more that was counted here."""
        self.posts = max(1, self.posts - 1)
        left = self.people.get(author, 0) - 1
        if left > 0:
            self.people[author] = left
        else:
            self.people.pop(author, None)
        if support:
            return
        self.originals = max(1, self.originals - 1)
        self.examples = [example for example in self.examples if example != post_id]
        for word in words:
            if (count := self.words.get(word, 0)) > 1:
                self.words[word] = count - 1
            else:
                self.words.pop(word, None)

    def absorb(self, other: "TopicRecord") -> None:
        """Add the counts of another record."""
        self.posts += other.posts
        self.originals += other.originals
        self.founded, self.last = min(self.founded, other.founded), max(self.last, other.last)
        for author, posts in other.people.items():
            if author in self.people or len(self.people) < MAX_PEOPLE:
                self.people[author] = self.people.get(author, 0) + posts
        for word, count in other.words.items():
            self.words[word] = self.words.get(word, 0) + count
        if len(self.words) > MAX_WORDS:
            self._prune()
        self.recent_authors = dict(
            sorted({**self.recent_authors, **other.recent_authors}.items(), key=lambda item: (item[1], item[0]))
        )
        self.level = max(self.level, other.level, key=LEVELS.index)
        self.apart = list(dict.fromkeys([*self.apart, *other.apart]))[-MAX_APART:]
        self.examples = (self.examples + other.examples)[:EXAMPLES]

    def _prune(self) -> None:
        kept = sorted(self.words.items(), key=lambda item: (-item[1], item[0]))[:KEPT_WORDS]
        self.words = dict(kept)
