"""Results of the refit of a week: themes and stories, as inputs of the digest.

Both are a `Story`: some posts with their words, plus the fields of ranking and matching. A theme is one of BERTopic's
topics. A story is a unit (`refit.units`), or several joined units (`ranking.joining`).
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.events import Status


@dataclass(frozen=True, eq=False)
class Refit:
    """BERTopic's result for a week of `n` posts."""

    themes: list["Story"]  # largest first
    topic_of: npt.NDArray[np.int64]  # int64 (n,), index of each post's theme, -1 for outliers
    # int64 (n,), index of the post that each one repeats, its own for a distinct post
    duplicate_of: npt.NDArray[np.int64]
    rescued: int = 0  # outliers assigned to their nearest theme
    rescued_similarity: float = 0.0  # their mean cosine to its centroid

    def theme_of(self, posts: npt.NDArray[np.int64]) -> int | None:
        """Return the index of the theme of more than half of `posts`, or None."""
        topics, counts = np.unique(self.topic_of[posts], return_counts=True)
        most = int(counts.argmax())
        return int(topics[most]) if topics[most] >= 0 and 2 * counts[most] > len(posts) else None


@dataclass(frozen=True, eq=False)
class Story:
    """Posts of a week about one thing. Ranking and matching fill the fields from `id` on."""

    members: npt.NDArray[np.int64]  # places in the WeekPosts of all its bearers, ascending
    distinct: npt.NDArray[np.int64]  # the members that are separate evidence
    words: list[tuple[str, float]]  # word or phrase and weight, most specific first
    centroid: npt.NDArray[np.float32]  # float32 (dimensions,), unit length, mean of the distinct posts
    id: str = ""
    status: Status = "new"
    previous_id: str | None = None  # identity of last week that it continues
    confidence: float = 0.0  # 0 to 1, that it continues `previous_id`
    previous_posts: int = 0  # number of posts of that identity
    score: float = 0.0
    score_parts: dict[str, float] = field(default_factory=dict)
    sensitive: bool = False
    repeated: npt.NDArray[np.int64] | None = None  # the distinct post that each member repeats, if known
    people: int = 0  # number of bearers; the accounts of a publisher count once
    theme: str | None = None  # id of the theme of a story

    def bearers(self) -> dict[int, list[int]]:
        """Return distinct post -> its bearers among the members: itself, then its retweets and near-duplicates."""
        found = {int(index): [int(index)] for index in self.distinct}
        if self.repeated is not None:
            for index, original in zip(self.members.tolist(), self.repeated.tolist(), strict=True):
                if index != original:
                    found[original].append(index)
        return found
