"""What a digest is computed from, besides the topics that the refit finds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.events import Digest, Influencer, Link
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

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
