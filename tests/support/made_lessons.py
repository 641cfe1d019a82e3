"""Invented results of refits: topics of a week as the live topics receive them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from models.events.week_topics import WeekTopic, WeekTopics
from models.events.wire import pack_vector

WEEK = "2023-W46"
END = datetime(2023, 11, 20, tzinfo=UTC)


def lesson(topics: Sequence[WeekTopic], dimensions: int, encoder: str = "e") -> WeekTopics:
    """The WeekTopics record of these topics."""
    return WeekTopics(week=WEEK, at=END, encoder=encoder, dimensions=dimensions, topics=list(topics))


def taught(
    name: str,
    posts: Sequence[str],
    vector: npt.NDArray[np.floating],
    words: Sequence[str] = (),
    authors: Mapping[str, int] | None = None,
    last: datetime = END - timedelta(days=3),
) -> WeekTopic:
    """A topic called `name` of distinct posts with the same words and direction."""
    people = dict(authors or {"ada": len(posts)})
    return WeekTopic(
        id=name,
        label=name,
        words=list(words),
        centroid=pack_vector(vector),
        posts=len(posts),
        people=len(people),
        post_ids=list(posts),
        originals=len(posts),
        tightness=1.0,
        word_counts=dict.fromkeys(words, len(posts)),
        authors=people,
        repeat_ids=[],
        first=last - timedelta(days=1),
        last=last,
    )
