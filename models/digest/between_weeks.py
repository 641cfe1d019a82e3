"""What changed from the digest of one week to that of another: stories that are new, grew, shrank or are gone. Pure.

A story is the same in both when its id is, or when the later digest says that it continues the earlier one. It grew or
shrank by its people; by its posts where the earlier digest did not show it, and only the number of posts is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from models.events import Brief, Digest, Item


class StoryChange(Struct, frozen=True, kw_only=True):
    """One story in both weeks. None: not known."""

    id: str  # in the digest that shows it: the later one, unless the story is gone
    label: str
    people: int | None
    posts: int | None
    people_before: int | None
    posts_before: int | None


class Between(Struct, frozen=True, kw_only=True):
    """The changes; each list has the largest first."""

    new: list[StoryChange]
    grown: list[StoryChange]
    shrunk: list[StoryChange]
    steady: list[StoryChange]
    gone: list[StoryChange]


@dataclass(frozen=True)
class _Entry:
    """A story as a digest shows it: a section, an entry of a list or a brief."""

    id: str
    label: str
    people: int
    posts: int
    previous_id: str | None = None
    previous_posts: int = 0


def between(before: Digest, after: Digest) -> Between:
    """Return what a reader of `before` finds changed in `after`."""
    known = {entry.id: entry for entry in _entries(before)}
    left = {faded.id: faded.posts for faded in after.faded}
    found: dict[str, list[StoryChange]] = {"new": [], "grown": [], "shrunk": [], "steady": []}
    met = set()
    for entry in _entries(after):
        was = known.get(entry.id) or known.get(entry.previous_id or "")
        met.add(was.id if was else "")
        change = StoryChange(
            id=entry.id,
            label=entry.label,
            people=entry.people,
            posts=entry.posts,
            people_before=was.people if was else None,
            posts_before=was.posts if was else entry.previous_posts or None,
        )
        found[_kind(change)].append(change)
    gone = [
        StoryChange(
            id=entry.id,
            label=entry.label,
            people=None,
            posts=left.get(entry.id),
            people_before=entry.people,
            posts_before=entry.posts,
        )
        for entry in known.values()
        if entry.id not in met
    ]
    return Between(gone=_largest_first(gone), **{kind: _largest_first(some) for kind, some in found.items()})


def _kind(change: StoryChange) -> str:
    if change.posts_before is None:
        return "new"
    by_people = change.people_before is not None
    now, was = (change.people, change.people_before) if by_people else (change.posts, change.posts_before)
    difference = (now or 0) - (was or 0)
    return "grown" if difference > 0 else "shrunk" if difference < 0 else "steady"


def _largest_first(changes: Iterable[StoryChange]) -> list[StoryChange]:
    return sorted(changes, key=lambda one: (-max(one.people or 0, one.people_before or 0), one.id))


def _entries(digest: Digest) -> list[_Entry]:
    found = []
    for topic in digest.topics:
        if topic.kind == "story":
            people = topic.people_total or len(topic.people)
            found.append(_Entry(topic.id, topic.label, people, topic.posts, topic.previous_id, topic.previous_posts))
        for item in topic.items:
            if item.id:
                label = (item.link.title if item.link else None) or _said(item)
                posts = len(item.sentence.posts) + item.support
                found.append(_Entry(item.id, label, len(item.people), posts))
    return found + [_entry_of(brief) for brief in digest.briefs if brief.id]


def _entry_of(brief: Brief) -> _Entry:
    people = brief.people_total or len(brief.people)
    return _Entry(brief.id, brief.label or _said(brief), people, brief.posts or len(brief.sentence.posts))


def _said(item: Item) -> str:
    """Its line without who said it."""
    return item.sentence.text.partition(" – ")[0]
