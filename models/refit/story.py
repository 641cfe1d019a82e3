"""A topic of one week on its way into the digest: found by the refit, then matched, weighed and written up.

WeekPosts -> refit -> [Story] -> match (ids, status) -> rank (score, excluded) -> write (DigestTopic)
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.events import Status


@dataclass(frozen=True, eq=False)
class Refit:
    """What BERTopic made of a week of `n` posts.

    topic_of: int64 (n,), index into `stories`, -1 for outliers. duplicate_of: int64 (n,), index of the post that
    each one repeats (a retweet's original, the first of near-duplicates), itself for a distinct post.
    rescued: outliers given to their nearest topic, and rescued_similarity their mean cosine to its centroid.
    """

    stories: list["Story"]
    topic_of: npt.NDArray[np.int64]
    duplicate_of: npt.NDArray[np.int64]
    rescued: int = 0
    rescued_similarity: float = 0.0


@dataclass(frozen=True, eq=False)
class Story:
    """One topic. Fields from `id` on are empty until the matching and the ranking have filled them.

    members: int64 indices into the WeekPosts, support included, ascending. distinct: those that are separate
    evidence. words: (word or phrase, weight), the most telling first (class-based TF-IDF against the week and the
    weeks before). centroid: float32 (dimensions,), unit length, of the distinct posts. around: the cluster that the
    topic is the core of (`digest.story_core`). repeated: for every member the distinct post that it repeats, itself for
    one; None when that is not known. event: gathered by a name (`named_events`, `bursting_names`), not by what is said.
    links: URLs that most of its distinct posts pass on. people: authors of its members.
    """

    members: npt.NDArray[np.int64]
    distinct: npt.NDArray[np.int64]
    words: list[tuple[str, float]]
    centroid: npt.NDArray[np.float32]
    id: str = ""
    status: Status = "new"
    previous_id: str | None = None
    confidence: float = 0.0
    previous_posts: int = 0
    score: float = 0.0
    score_parts: dict[str, float] = field(default_factory=dict)
    excluded: str | None = None  # why it stays out of the digest: "hashtag wall", "greeting", "self-promotion", ...
    sensitive: bool = False
    repeated: npt.NDArray[np.int64] | None = None
    around: "Story | None" = None
    event: bool = False
    links: frozenset[str] = frozenset()
    people: int = 0

    def whole(self) -> "Story":
        """The cluster with its stragglers."""
        return self if self.around is None else self.around

    def bearers(self) -> dict[int, list[int]]:
        """Distinct post -> the members that say it: itself, then its retweets and near-duplicates."""
        found = {int(index): [int(index)] for index in self.distinct}
        if self.repeated is not None:
            for index, original in zip(self.members.tolist(), self.repeated.tolist(), strict=True):
                if index != original:
                    found[original].append(index)
        return found
