"""What the live topics learn from a week's refit, as it travels on `tweets.embedded` among the posts.

It stands on the log and not on `digests` alone because the live topics are a function of that log: at its place in
it every worker, restart and replay learns the same at the same moment.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from models.events import SCHEMA, Count, Event, Name, TopicIdentity

Share = Annotated[float, Meta(ge=0, le=1)]


class WeekTopic(TopicIdentity, frozen=True, kw_only=True):
    """A topic that the refit found, with what a live topic keeps of its posts.

    `id`, `label`, `words`, `centroid`: as the digest has them. `post_ids`: its distinct posts, the oldest first, at
    most 200. `repeat_ids`: their retweets and near-duplicates, and originals outside the week, at most 200.
    `tightness`: length of the mean of the distinct posts' unit vectors.
    """

    originals: Count  # distinct posts
    tightness: Share
    word_counts: dict[str, Count]  # models.text.words -> distinct posts that have it, the commonest 40
    authors: dict[str, Count]  # author id -> posts, repeats included, the first 200 people
    repeat_ids: list[str]
    first: datetime
    last: datetime


class WeekTopics(Event, frozen=True, kw_only=True, tag="week", tag_field="type"):
    """The topics of a closed week; at its place in the log the live topics learn from them. Keyed by the week.

    The same value again changes nothing; another one of the same week is a correction.
    """

    week: str
    at: datetime  # the week's end
    encoder: Name
    dimensions: Annotated[int, Meta(ge=1, le=8192)]
    topics: list[WeekTopic]
    schema: int = SCHEMA
