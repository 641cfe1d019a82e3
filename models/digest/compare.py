"""Compares two digests of one week: topics gained, lost, renamed, moved and rewritten.

Topics with the same id are the same topic. Two topics with different ids are the same if they share at least half of
the posts of the smaller one; the comparison reports the changed id. The pairing is one to one, most shared posts first;
ties are broken by id.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from models.events import Brief, Digest, DigestTopic
from models.text.plain import one_line

SHARED = 0.5
Pair = tuple[int, int]  # places of one topic in the old and in the new digest, from 0


@dataclass(frozen=True)
class Comparison:
    """The changes; all lists are in the order of the digests."""

    week: str
    old_topics: int  # number of topics
    new_topics: int
    gained: list[DigestTopic] = field(default_factory=list)
    lost: list[DigestTopic] = field(default_factory=list)
    renamed: list[tuple[DigestTopic, DigestTopic]] = field(default_factory=list)
    moved: list[tuple[DigestTopic, int, int]] = field(default_factory=list)  # topic, old and new place from 1
    new_ids: list[tuple[DigestTopic, DigestTopic]] = field(default_factory=list)
    rewritten: list[tuple[DigestTopic, list[str]]] = field(default_factory=list)  # in both, with another text
    briefs: tuple[list[Brief], list[Brief]] = ([], [])  # "In brief": new or rewritten lines; removed lines
    headline: tuple[str, str] | None = None
    numbers: dict[str, tuple[object, object]] = field(default_factory=dict)  # name -> old and new value
    unpublished: dict[str, int] = field(default_factory=dict)  # gained or lost topic that the other found -> posts

    @property
    def is_empty(self) -> bool:
        """Whether a reader sees no difference."""
        return not any(
            (
                self.gained,
                self.lost,
                self.renamed,
                self.moved,
                self.new_ids,
                self.rewritten,
                *self.briefs,
                self.headline,
                self.numbers,
            )
        )


def compare(old: Digest, new: Digest) -> Comparison:
    """Return what a reader of `old` finds changed in `new`."""
    pairs = _pairs(old.topics, new.topics)
    kept_old, kept_new = {place for place, _ in pairs}, {place for _, place in pairs}
    both = [(old.topics[before], new.topics[after]) for before, after in pairs]
    gained = [topic for place, topic in enumerate(new.topics) if place not in kept_new]
    lost = [topic for place, topic in enumerate(old.topics) if place not in kept_old]
    return Comparison(
        week=new.week,
        old_topics=len(old.topics),
        new_topics=len(new.topics),
        gained=gained,
        lost=lost,
        renamed=[(before, after) for before, after in both if before.label != after.label],
        moved=_moved(new.topics, pairs),
        new_ids=[(before, after) for before, after in both if before.id != after.id],
        rewritten=[(after, parts) for before, after in both if (parts := _changed_parts(before, after))],
        briefs=(_other_briefs(new, old), _other_briefs(old, new)),
        headline=(old.headline.text, new.headline.text) if old.headline.text != new.headline.text else None,
        numbers=_numbers(old, new),
        unpublished=_found(old, gained) | _found(new, lost),
    )


def comparison_text(found: Comparison) -> str:
    """Return the comparison as lines of plain text, ending with a line feed."""
    lines = [f"{found.week}: {found.old_topics} topics published, {found.new_topics} rebuilt"]
    if found.is_empty:
        return f"{lines[0]}; nothing that a reader sees has changed\n"
    lines += [f"+ gained   {_name(topic)}{_beside(found, topic, 'was')}" for topic in found.gained]
    lines += [f"- lost     {_name(topic)}{_beside(found, topic, 'is')}" for topic in found.lost]
    lines += [f"~ renamed  {_quoted(before.label)} -> {_quoted(after.label)}" for before, after in found.renamed]
    lines += [f"^ moved    {_quoted(topic.label)}: place {old} -> {new}" for topic, old, new in found.moved]
    lines += [f"# new id   {_quoted(after.label)}: {before.id} -> {after.id}" for before, after in found.new_ids]
    lines += [f"* changed  {_quoted(topic.label)}: {'; '.join(parts)}" for topic, parts in found.rewritten]
    lines += [f"+ in brief {_quoted(brief.sentence.text)}" for brief in found.briefs[0]]
    lines += [f"- in brief {_quoted(brief.sentence.text)}" for brief in found.briefs[1]]
    if found.headline is not None:
        lines += [f"- headline {_quoted(found.headline[0])}", f"+ headline {_quoted(found.headline[1])}"]
    lines += [f"  {name}: {old} -> {new}" for name, (old, new) in found.numbers.items()]
    return "\n".join(lines) + "\n"


def changes_line(found: Comparison) -> str:
    """Return the changes in one line without names ("1 topic added, 2 lines in brief removed"); may be empty."""
    counts = (
        (len(found.gained), "topic", "added"),
        (len(found.lost), "topic", "removed"),
        (len(found.renamed), "topic", "renamed"),
        (len(found.moved), "topic", "moved"),
        (len(found.rewritten), "topic", "changed"),
        (len(found.briefs[0]), "line", "in brief added"),
        (len(found.briefs[1]), "line", "in brief removed"),
    )
    told = [f"{count} {noun if count == 1 else f'{noun}s'} {verb}" for count, noun, verb in counts if count]
    return ", ".join([*told, *(["another headline"] if found.headline is not None else [])])


def comparison_data(found: Comparison) -> dict[str, object]:
    """Return the comparison as plain data, for JSON."""
    return {
        "week": found.week,
        "gained": [{**_data(topic), "old_posts": found.unpublished.get(topic.id)} for topic in found.gained],
        "lost": [{**_data(topic), "new_posts": found.unpublished.get(topic.id)} for topic in found.lost],
        "renamed": [{"id": new.id, "old": old.label, "new": new.label} for old, new in found.renamed],
        "moved": [{**_data(topic), "old": old, "new": new} for topic, old, new in found.moved],
        "new_ids": [{"old": old.id, "new": new.id, "label": new.label} for old, new in found.new_ids],
        "changed": [{**_data(topic), "what": parts} for topic, parts in found.rewritten],
        "briefs": {
            name: [{"id": brief.id, "text": brief.sentence.text} for brief in briefs]
            for name, briefs in zip(("gained", "lost"), found.briefs, strict=True)
        },
        "headline": None if found.headline is None else {"old": found.headline[0], "new": found.headline[1]},
        "numbers": {name: {"old": old, "new": new} for name, (old, new) in found.numbers.items()},
    }


def _pairs(old: Sequence[DigestTopic], new: Sequence[DigestTopic]) -> list[Pair]:
    places = {topic.id: place for place, topic in enumerate(new)}
    pairs = [(place, places[topic.id]) for place, topic in enumerate(old) if topic.id in places]
    used_old, used_new = {place for place, _ in pairs}, {place for _, place in pairs}
    candidates: list[tuple[float, str, str, Pair]] = []
    for before, first in enumerate(old):
        for after, second in enumerate(new):
            if before in used_old or after in used_new:
                continue
            shared = len(set(first.post_ids) & set(second.post_ids))
            if shared and shared >= SHARED * min(len(first.post_ids), len(second.post_ids)):
                candidates.append((-shared, first.id, second.id, (before, after)))
    for _, _, _, (before, after) in sorted(candidates):
        if before not in used_old and after not in used_new:
            pairs.append((before, after))
            used_old.add(before)
            used_new.add(after)
    return sorted(pairs, key=lambda pair: pair[1])


def _moved(topics: Sequence[DigestTopic], pairs: Sequence[Pair]) -> list[tuple[DigestTopic, int, int]]:
    """Return the smallest set of topics whose removal puts the remaining ones into the old order.

    A topic that rises to the top is in the set, and the topics that move down by it are not. The set is the complement
    of the longest increasing subsequence of old places, found by patience sorting.
    """
    by_new = sorted(pairs, key=lambda pair: pair[1])
    tails: list[int] = []  # the smallest old place that ends an increasing run of each length
    lengths: list[int] = []
    for before, _ in by_new:
        length = bisect_left(tails, before)
        tails[length : length + 1] = [before]
        lengths.append(length)
    stays: set[int] = set()
    wanted = len(tails) - 1
    for place in range(len(by_new) - 1, -1, -1):
        if lengths[place] == wanted:
            stays.add(place)
            wanted -= 1
    return [
        (topics[after], before + 1, after + 1) for place, (before, after) in enumerate(by_new) if place not in stays
    ]


def _changed_parts(before: DigestTopic, after: DigestTopic) -> list[str]:
    parts: list[str] = []
    if before.posts != after.posts:
        parts.append(f"{before.posts} -> {after.posts} posts")
    if before.status != after.status:
        parts.append(f"{before.status} -> {after.status}")
    if before.summary.text != after.summary.text:
        parts.append("another summary")
    if [item.sentence.text for item in before.items] != [item.sentence.text for item in after.items]:
        parts.append(f"items: {len(before.items)} -> {len(after.items)}, other sentences")
    return parts


def _other_briefs(digest: Digest, other: Digest) -> list[Brief]:
    """Return the briefs of `digest` without an equal one in `other`."""
    same = {(brief.id, brief.sentence.text) for brief in other.briefs}
    return [brief for brief in digest.briefs if (brief.id, brief.sentence.text) not in same]


def _numbers(old: Digest, new: Digest) -> dict[str, tuple[object, object]]:
    names = ("posts", "originals", "people", "deleted", "topics_found", "outlier_share")
    pairs = {name.replace("_", " "): (getattr(old.statistics, name), getattr(new.statistics, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _name(topic: DigestTopic) -> str:
    return f"{_quoted(topic.label)} ({topic.posts} posts, {topic.id})"


def _found(other: Digest, topics: Sequence[DigestTopic]) -> dict[str, int]:
    wanted = {topic.id for topic in topics}
    return {one.id: one.posts for one in other.identities if one.id in wanted and not one.quiet_weeks}


def _beside(found: Comparison, topic: DigestTopic, verb: str) -> str:
    posts = found.unpublished.get(topic.id)
    return "" if posts is None else f"; it {verb} found with {posts} posts, and not published"


def _quoted(text: str) -> str:
    return f"“{one_line(text, 120)}”"


def _data(topic: DigestTopic) -> dict[str, object]:
    return {"id": topic.id, "label": topic.label, "posts": topic.posts}
