"""What a digest is computed from, besides the topics that the refit finds."""

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
