"""Inputs of a digest, except the topics of the refit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.events import Digest, Influencer, Link
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.wording.usage import Usage


@dataclass(frozen=True)
class Inputs:
    """Everything that a digest is computed from, except its topics."""

    week: WeekPosts
    previous: Digest | None  # digest of the previous week
    influencers: Sequence[Influencer]
    config: DigestConfig
    versions: Mapping[str, str]  # library -> version
    resources: Mapping[str, Link]  # URL in a post -> its target
    influence: Mapping[str, float]  # author id -> 0 to 1

    @cached_property
    def usage(self) -> Usage:
        """Word counts of the week's posts."""
        return Usage(self.week.posts)

    @cached_property
    def last_labels(self) -> frozenset[str]:
        """Last week's titles, case folded; the headline must not repeat one of them."""
        return frozenset(topic.label.casefold() for topic in (self.previous.topics if self.previous else ()))
