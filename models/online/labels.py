"""The public description of a live topic: a label, its keywords, its counts."""

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
class OnlineTopic:
    """A live topic as views see it."""

    id: str
    label: str
    keywords: list[str]
    phase: Phase
    posts: int  # with support
    originals: int  # without support
    people: int
    score: float
    founded: float  # seconds since 1970
    last: float  # seconds since 1970
    example_ids: list[str]


def state_of(record: TopicRecord, lexicon: Lexicon) -> OnlineTopic:
    """Describe the record for views."""
    return OnlineTopic(
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
    """The keywords: frequent in the topic, rare in the stream. Words of a single post come next, names of sites last.

    A handle is included, as "@name", only if half of the distinct posts mention it.
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
    """Count the words that may name the topic by distinct posts. A handle may if half of the posts mention it."""
    found: dict[str, int] = {}
    for word, count in record.words.items():
        if not word.startswith((BESIDE, SILENT)):
            name = bare(word) if bare(word) in record.words else word
            found[name] = found.get(name, 0) + count
    return {word: count for word, count in found.items() if not word.startswith(SAID) or 2 * count >= record.originals}


def label_of(keywords: Sequence[str]) -> str:
    """The first keywords. The name of a site says where, not what, so it is used only when there is no other word."""
    words = [word for word in keywords if not _is_site(word)]
    return ", ".join((words or keywords)[:LABEL_WORDS])


def _is_site(word: str) -> bool:
    return "." in word and _SITE.fullmatch(word) is not None


def tally(record: TopicRecord) -> str:
    """For example "10 posts (3 distinct) by 8 people". People who only repeat are counted, so repeats are named as
    well.
    """
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
    """Create an event of this topic.

    Args:
        record: The topic.
        lexicon: Weights of words, for the label.
        kind: Kind of the event.
        at: Time of the event.
        reason: The reason in words.
        others: Ids of other topics, as in `TopicEvent.other_ids`.
        week: For an alias, the digest's week.
    """
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
