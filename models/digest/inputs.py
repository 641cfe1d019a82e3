"""One closed week -> its digest: refit, match, rank, select, write. Pure: equal inputs give equal bytes (law 2).

In: the canonical week (`WeekPosts`), the digest of the week before, the curated influencers, the settings, the library
versions, and what is known of link targets beyond the posts' own payload. Out: a `Digest` of at most 8 sections,
readable in three minutes (`max_words`), fewer or none in a poor week; every sentence cites posts of the week.

No clock, no set order, no `hash()`: lists are sorted with ids as the last key, floats are rounded before they decide.
Titles of link targets fetched from the network change over time. Without `resources` a digest uses only what the posts
carry, and a replay gives the same bytes; with them, the manifest's `resources_hash` names them as one of the inputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.events import Digest, Influencer, Link
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.wording.usage import Usage

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Inputs:
    """What a digest is made of besides the topics that were found."""

    week: WeekPosts
    previous: Digest | None
    influencers: Sequence[Influencer]
    config: DigestConfig
    versions: Mapping[str, str]
    resources: Mapping[str, Link]
    influence: Mapping[str, float]  # by author id, 0 to 1

    @cached_property
    def usage(self) -> Usage:
        """Which words the posts of the week use."""
        return Usage(self.week.posts)

    @cached_property
    def last_labels(self) -> frozenset[str]:
        """Last week's titles, case folded: none of them is a headline again."""
        return frozenset(topic.label.casefold() for topic in (self.previous.topics if self.previous else ()))
