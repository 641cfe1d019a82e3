"""What views show of a live topic: a readable label, its telling words, its counts."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.events import TopicEvent, TopicEventKind
from models.online.lexicon import Lexicon
from models.online.record import Phase, TopicRecord
from models.text.live_words import BESIDE, SAID, SILENT, bare

KEYWORDS = 8
LABEL_WORDS = 3
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
    """The most telling words: frequent here, rare in the stream; then those of a single post, names of sites last.

    A handle is among them, as "@name", only where half of the distinct posts say it.
    """
    handles = {SAID + bare(word): count for word, count in record.words.items() if word.startswith(SAID)}
    counts = _subjects(record) or handles
    weights = lexicon.weights_of(list(counts))
    ranked = sorted(
        (_is_site(word), count == 1, -math.sqrt(count) * weight, word)
        for (word, count), weight in zip(counts.items(), weights, strict=True)
    )
    return [word for *_, word in ranked[:KEYWORDS]]


def _subjects(record: TopicRecord) -> dict[str, int]:
    """Word -> distinct posts: what may name the topic; a handle of somebody whom half of them speak of is one."""
    found: dict[str, int] = {}
    for word, count in record.words.items():
        if not word.startswith((BESIDE, SILENT)):
            name = bare(word) if bare(word) in record.words else word
            found[name] = found.get(name, 0) + count
    return {word: count for word, count in found.items() if not word.startswith(SAID) or 2 * count >= record.originals}


def label_of(keywords: Sequence[str]) -> str:
    """The most telling words; the name of a site tells where, not what, and stands in only when there is no other."""
    words = [word for word in keywords if not _is_site(word)]
    return ", ".join((words or keywords)[:LABEL_WORDS])


def _is_site(word: str) -> bool:
    return "." in word and _SITE.fullmatch(word) is not None


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
        usual=round(record.past.usual(), 6),
        spread=round(record.past.variance, 9),
        other_ids=list(others),
        example_ids=list(record.examples),
        week=week,
    )
