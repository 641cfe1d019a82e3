"""Results of the refit of a week: themes and stories, as inputs of the digest.

A theme is one of BERTopic's topics. A story is a unit (`refit.units`), or several joined units (`ranking.joining`).
There is a type for each state of knowledge: `FoundStory`; `RankedStory` from `ranking.selection`; and, with what they
continue (`Continuity`, from `ranking.continuity`), `Theme` and `Story`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.events import Status


@dataclass(frozen=True, eq=False)
class Refit:
    """BERTopic's result for a week of `n` posts."""

    themes: list["FoundStory"]  # largest first
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
class FoundStory:
    """Posts of a week about one thing."""

    members: npt.NDArray[np.int64]  # places in the WeekPosts of all its bearers, ascending
    distinct: npt.NDArray[np.int64]  # the members that are separate evidence
    words: list[tuple[str, float]]  # word or phrase and weight, most specific first
    centroid: npt.NDArray[np.float32]  # float32 (dimensions,), unit length, mean of the distinct posts
    repeated: npt.NDArray[np.int64] | None = None  # the distinct post that each member repeats, if known

    def bearers(self) -> dict[int, list[int]]:
        """Return distinct post -> its bearers among the members: itself, then its retweets and near-duplicates."""
        found = {int(index): [int(index)] for index in self.distinct}
        if self.repeated is not None:
            for index, original in zip(self.members.tolist(), self.repeated.tolist(), strict=True):
                if index != original:
                    found[original].append(index)
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class RankedStory(FoundStory):
    """A story with its rank among those of the week."""

    score: float
    score_parts: dict[str, float]  # feature -> its part of the score
    sensitive: bool
    people: int  # number of bearers; the accounts of a publisher count once


@dataclass(frozen=True, eq=False, kw_only=True)
class Continuity:
    """What a story or a theme continues."""

    id: str
    status: Status = "new"
    previous_id: str | None = None  # identity of last week that it continues
    confidence: float = 0.0  # 0 to 1, that it continues `previous_id`
    previous_posts: int = 0  # number of posts of that identity


@dataclass(frozen=True, eq=False, kw_only=True)
class Theme(Continuity, FoundStory):
    """A theme with its id."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Story(Continuity, RankedStory):
    """A ranked story with its id."""

    theme: str | None  # id of the theme of most of its posts
