"""What the refit finds in a week: themes and stories, on their way into the digest.

Both are a `Story`: some posts, what is told of them, and what ranking and matching add. A theme is one of BERTopic's
topics; a story is a unit (`refit.units`), or several that were joined (`ranking.joining`).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.events import Status


@dataclass(frozen=True, eq=False)
class Refit:
    """What BERTopic made of a week of `n` posts."""

    themes: list["Story"]  # the largest first
    topic_of: npt.NDArray[np.int64]  # int64 (n,), the place of each post's theme, -1 for outliers
    duplicate_of: npt.NDArray[np.int64]  # int64 (n,), the post that each one repeats, itself for a distinct one
    rescued: int = 0  # outliers given to their nearest theme
    rescued_similarity: float = 0.0  # their mean cosine to its centroid

    def theme_of(self, posts: npt.NDArray[np.int64]) -> int | None:
        """The place of the theme that more than half of `posts` belong to, None without one."""
        topics, counts = np.unique(self.topic_of[posts], return_counts=True)
        most = int(counts.argmax())
        return int(topics[most]) if topics[most] >= 0 and 2 * counts[most] > len(posts) else None


@dataclass(frozen=True, eq=False)
class Story:
    """Some posts of a week that are about one thing. Fields from `id` on are filled by the ranking and the matching."""

    members: npt.NDArray[np.int64]  # places in the WeekPosts of all who bear it, ascending
    distinct: npt.NDArray[np.int64]  # those that are separate evidence
    words: list[tuple[str, float]]  # word or phrase and weight, the most telling first
    centroid: npt.NDArray[np.float32]  # float32 (dimensions,), unit length, of the distinct posts
    id: str = ""
    status: Status = "new"
    previous_id: str | None = None
    confidence: float = 0.0  # that it continues what `previous_id` names
    previous_posts: int = 0
    score: float = 0.0
    score_parts: dict[str, float] = field(default_factory=dict)
    sensitive: bool = False
    repeated: npt.NDArray[np.int64] | None = None  # of every member the distinct post that it repeats, when known
    people: int = 0  # who bear it; the accounts of a publisher count once
    theme: str | None = None  # id of the theme that a story belongs to

    def bearers(self) -> dict[int, list[int]]:
        """Distinct post -> the members that say it: itself, then its retweets and near-duplicates."""
        found = {int(index): [int(index)] for index in self.distinct}
        if self.repeated is not None:
            for index, original in zip(self.members.tolist(), self.repeated.tolist(), strict=True):
                if index != original:
                    found[original].append(index)
        return found
