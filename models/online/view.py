"""What views show of a live topic: a readable label, its telling words, its counts."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.events import TopicEvent, TopicEventKind
from models.online.evidence import Lexicon
from models.online.record import Phase, TopicRecord

KEYWORDS = 8
LABEL_WORDS = 3
COMMON = 0.01  # of the stream's posts: a word that more of them have names nothing
_SITE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")


@dataclass(frozen=True)
class TopicState:
    """A topic alive. `posts` counts support, `originals` does not; `last` and `founded` in seconds since 1970."""

    id: str
    label: str
    keywords: list[str]
    phase: Phase
    posts: int
    originals: int
    people: int
    score: float
    founded: float
    last: float
    example_ids: list[str]


def state_of(record: TopicRecord, lexicon: Lexicon) -> TopicState:
    """The record as views see it."""
    return TopicState(
        id=record.id,
        label=label_of(keywords := keywords_of(record, lexicon)),
        keywords=keywords,
        phase=record.phase,
        posts=record.posts,
        originals=record.originals,
        people=len(record.people),
        score=record.score,
        founded=record.founded,
        last=record.last,
        example_ids=list(record.examples),
    )


def keywords_of(record: TopicRecord, lexicon: Lexicon) -> list[str]:
    """The most telling words: frequent here, rare in the stream; then those of a single post, names of sites last."""
    weights = lexicon.weights_of(list(record.words))
    ranked = sorted(
        (_is_site(word), count == 1, -math.sqrt(count) * weight, word)
        for (word, count), weight in zip(record.words.items(), weights, strict=True)
    )
    return [word for *_, word in ranked[:KEYWORDS]]


def label_of(keywords: Sequence[str]) -> str:
    """The most telling words; the name of a site tells where, not what, and stands in only when there is no other."""
    words = [word for word in keywords if not _is_site(word)]
    return ", ".join((words or keywords)[:LABEL_WORDS])


def _is_site(word: str) -> bool:
    return "." in word and _SITE.fullmatch(word) is not None


def has_name(record: TopicRecord, lexicon: Lexicon) -> bool:
    """Whether half of its distinct posts share a word that hardly any other post of the stream has.

    What people file things under ("machine learning", a wall of hashtags) names no subject; what happens has a name.
    """
    shared = [(word, count) for word, count in record.words.items() if 2 * count >= record.originals]
    return any(lexicon.counted(word) - count <= COMMON * lexicon.posts for word, count in shared)


def tally(record: TopicRecord) -> str:
    """Such as "10 posts (3 distinct) by 8 people": who only repeats is one of the people, so repeats are told, too."""
    distinct = f" ({record.originals} distinct)" if record.originals < record.posts else ""
    return f"{record.posts} posts{distinct} by {len(record.people)} people"


def describe(
    record: TopicRecord,
    lexicon: Lexicon,
    kind: TopicEventKind,
    at: datetime,
    reason: str,
    others: Sequence[str] = (),
    week: str | None = None,
) -> TopicEvent:
    """A step in the life of this topic."""
    return TopicEvent(
        topic_id=record.id,
        kind=kind,
        at=at,
        reason=reason,
        label=label_of(keywords := keywords_of(record, lexicon)),
        keywords=keywords,
        posts=record.posts,
        people=len(record.people),
        score=round(record.score, 4),
        other_ids=list(others),
        example_ids=list(record.examples),
        week=week,
    )
