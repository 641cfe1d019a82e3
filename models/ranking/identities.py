"""Identities for next week's matching: all topics of this week, and those that were found in recent weeks.

The size is limited (law 4, and records of 1 MB) to `MAX_TOPICS` and `MAX_CENTROID_BYTES`: published topics first, then
by size. A topic stays for `QUIET_WEEKS` after its last week, so that it gets its id back after a pause.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import msgspec

from models.events import Digest, IdentityKind, TopicIdentity
from models.events.wire import pack_vector
from models.ranking.continuity import comparable
from models.refit.story import FoundStory, Story, Theme
from models.week.posts import WeekPosts

MAX_TOPICS = 250
MAX_CENTROID_BYTES = 300_000  # of all centroids together; vectors of 384 numbers take 1,024 bytes each
QUIET_WEEKS = 4
POST_IDS = 200  # per published topic
FEW_POST_IDS = 12  # per other topic
QUIET_POST_IDS = 3
WORDS = 15


@dataclass(frozen=True)
class Found:
    """A topic of the week."""

    story: Story | Theme
    kind: IdentityKind
    label: str


def identities(
    week: WeekPosts, found: Sequence[Found], published: Set[str], previous: Digest | None
) -> list[TopicIdentity]:
    """Return identities by id: this week's stories and themes, then those of last week that were not found again."""
    ordered = sorted(found, key=lambda one: (one.story.id not in published, -len(one.story.members), one.story.id))
    most = (
        min(MAX_TOPICS, MAX_CENTROID_BYTES // max(1, len(pack_vector(ordered[0].story.centroid))))
        if ordered
        else MAX_TOPICS
    )
    kept = [_identity(week, one, one.story.id in published) for one in ordered[:most]]
    taken = {one.story.id for one in found}
    quiet = [_quieter(known) for known in comparable(previous, week) if known.id not in taken]
    back = sorted(
        (known for known in quiet if known.quiet_weeks <= QUIET_WEEKS),
        key=lambda known: (known.quiet_weeks, -known.posts, known.id),
    )
    return sorted([*kept, *back[: max(0, most - len(kept))]], key=lambda known: known.id)


def most_central(week: WeekPosts, story: FoundStory, limit: int) -> list[int]:
    """Return the indices of at most `limit` members, nearest to the centroid first."""
    closeness = week.vectors[story.members] @ story.centroid
    ranked = sorted(
        zip(story.members.tolist(), closeness.tolist(), strict=True),
        key=lambda entry: (-round(entry[1], 5), week.posts[entry[0]].id),
    )
    return [index for index, _ in ranked[:limit]]


def _identity(week: WeekPosts, found: Found, published: bool) -> TopicIdentity:
    story = found.story
    limit = POST_IDS if published else FEW_POST_IDS
    return TopicIdentity(
        id=story.id,
        label=found.label,
        words=[word for word, _ in story.words[:WORDS]],
        centroid=pack_vector(story.centroid),
        posts=len(story.members),
        people=len({week.posts[int(index)].author_id for index in story.members}),
        post_ids=[week.posts[index].id for index in most_central(week, story, limit)],
        kind=found.kind,
    )


def _quieter(known: TopicIdentity) -> TopicIdentity:
    return msgspec.structs.replace(known, post_ids=known.post_ids[:QUIET_POST_IDS], quiet_weeks=known.quiet_weeks + 1)
