"""The result of a week's refit for the live topics, sent on `tweets.embedded` between the posts.

It is on that log as well as on `digests`, because the live topics are a function of that log: every worker, restart and
replay applies it at the same place.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from models.events import SCHEMA, Count, Event, Name, TopicIdentity

Share = Annotated[float, Meta(ge=0, le=1)]


class WeekTopic(TopicIdentity, frozen=True, kw_only=True):
    """A topic found by the refit, with the data that a live topic keeps of its posts.

    `id`, `label`, `words`, `centroid`: as in the digest. `post_ids`: its distinct posts, the oldest first, at most 200.
    `repeat_ids`: their retweets and near-duplicates, and originals outside the week, at most 200. `tightness`: length
    of the mean of the distinct posts' unit vectors.
    """

    originals: Count  # distinct posts
    tightness: Share
    word_counts: dict[str, Count]  # word (of models.text.words) -> distinct posts with it; the 40 most frequent
    authors: dict[str, Count]  # author id -> posts, repeats included; the first 200 people
    repeat_ids: list[str]
    first: datetime
    last: datetime


class WeekTopics(Event, frozen=True, kw_only=True, tag="week", tag_field="type"):
    """The topics of a closed week. Live topics apply them at this place in the log. Keyed by the week.

    Applying the same value again changes nothing. Another value for the same week is a correction.
    """

    week: str
    at: datetime  # the week's end
    encoder: Name
    dimensions: Annotated[int, Meta(ge=1, le=8192)]
    topics: list[WeekTopic]
    schema: int = SCHEMA
