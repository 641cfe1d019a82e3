"""How much of a list of a week's stories a digest carries, how much of it is on the list, and what it tells twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.events import Digest

MUST, GOOD = "must", "good"
FIRST = 10
SECTION = "section"


@dataclass(frozen=True)
class Listed:
    """A story of a list that somebody drew up before seeing a digest."""

    title: str
    posts: frozenset[str]
    tier: str  # "must", "good" or "maybe"
    theme: bool = False  # several stories of one kind: more than one entry on it is no repetition


@dataclass(frozen=True)
class Entry:
    """A section, an entry of a themed list, or a brief."""

    form: str
    posts: frozenset[str]
    id: str = ""


@dataclass(frozen=True)
class Score:
    """What a digest carries of a list. Every field but the counts of the list is a number of stories or entries."""

    must: int
    must_listed: int
    together: int  # musts with two of their posts in one entry that is on them
    good: int  # must and good
    good_listed: int
    on_list: int  # entries on any story of the list
    entries: int
    first_on_list: int  # of the first ten
    first: int
    repeated: int  # pairs of entries on one story
    sections: int


def entries_of(digest: Digest) -> Iterator[Entry]:
    """The entries in the order in which they are read."""
    for topic in digest.topics:
        if topic.kind == "story":
            yield Entry(SECTION, frozenset(topic.post_ids), topic.id)
        else:
            for item in topic.items:
                yield Entry(topic.kind, frozenset(item.sentence.posts), item.id)
    for brief in digest.briefs:
        yield Entry("brief", frozenset(brief.sentence.posts), brief.id)


def score(entries: Sequence[Entry], listed: Sequence[Listed]) -> Score:
    """An entry is on a story when at least half of its posts are the story's; a section finds the story only when it
    holds a third of its posts, or three."""
    on = [[_is_on(entry, story) for story in listed] for entry in entries]
    found = [
        [row[place] and _is_enough(entry, story) for entry, row in zip(entries, on, strict=True)]
        for place, story in enumerate(listed)
    ]
    tiers = {
        tier: [any(hits) for story, hits in zip(listed, found, strict=True) if story.tier == tier]
        for tier in (MUST, GOOD)
    }
    together = sum(
        any(hit and len(entry.posts & story.posts) > 1 for entry, hit in zip(entries, hits, strict=True))
        for story, hits in zip(listed, found, strict=True)
        if story.tier == MUST
    )
    twice = [sum(row[place] for row in on) for place, story in enumerate(listed) if not story.theme]
    hits = [any(row) for row in on]
    return Score(
        must=sum(tiers[MUST]),
        must_listed=len(tiers[MUST]),
        together=together,
        good=sum(tiers[MUST]) + sum(tiers[GOOD]),
        good_listed=len(tiers[MUST]) + len(tiers[GOOD]),
        on_list=sum(hits),
        entries=len(entries),
        first_on_list=sum(hits[:FIRST]),
        first=len(hits[:FIRST]),
        repeated=sum(count * (count - 1) // 2 for count in twice),
        sections=sum(entry.form == SECTION for entry in entries),
    )


def survives(entry: Entry, others: Sequence[Entry], left: frozenset[str]) -> bool:
    """Whether one of `others` tells what is left of an entry: it has half of the posts that are not gone.

    left: the posts that are not gone.
    """
    kept = entry.posts & left
    return any(2 * len(kept & other.posts) >= len(kept) > 0 for other in others)


def _is_on(entry: Entry, story: Listed) -> bool:
    return bool(entry.posts) and 2 * len(entry.posts & story.posts) >= len(entry.posts)


def _is_enough(entry: Entry, story: Listed) -> bool:
    return entry.form != SECTION or len(entry.posts & story.posts) >= min(3, -(-len(story.posts) // 3))
