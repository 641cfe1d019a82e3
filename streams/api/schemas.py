"""The API's answers, in addition to the view's own types."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from models.digest.between_weeks import Between
from models.events import Digest, TopicEvent
from models.live.state import ShownLink, ShownPost, ViewEvent
from models.live.trends import Section
from streams.views.board import TopicSummary


class RankedTopic(Struct, frozen=True, kw_only=True):
    """A topic and its place. section and reason are those of the page's window."""

    rank: int
    section: Section  # "rising", "also" (talked about), or "" in searches and other orders
    reason: str  # such as "9 people in 24 h, 1.2 usual"
    spark: list[int]  # posts in equal parts of the window
    topic: TopicSummary


class WiderTopics(Struct, frozen=True, kw_only=True):
    """What rises in a longer window, where nothing does in the page's."""

    window: str
    items: list[RankedTopic]


class TopicPage(Struct, frozen=True, kw_only=True):
    """Topics of a window, best first. newest: time of the newest post, which every window ends with.

    quiet_since: when somebody last spoke of a story, where nothing rises; wider: what rises in a longer window then.
    """

    window: str
    sort: str
    newest: Annotated[datetime | None, Meta(description="time of the newest post, with which every window ends")]
    version: Annotated[int, Meta(description="version of the board")]
    posts: Annotated[int, Meta(description="posts in the live view")]
    total: Annotated[int, Meta(description="topics on all pages")]
    items: list[RankedTopic]
    people: Annotated[int, Meta(description="people who wrote the posts in the live view")] = 0
    since: Annotated[datetime | None, Meta(description="when these begin")] = None
    quiet_since: datetime | None = None
    wider: WiderTopics | None = None


class TopicPerson(Struct, frozen=True, kw_only=True):
    """A person who posted on the topic."""

    author_id: str
    handle: str
    name: str
    posts: int


class HourlySeries(Struct, frozen=True, kw_only=True):
    """Posts per hour."""

    start: Annotated[datetime, Meta(description="start of the first hour")]
    posts: Annotated[list[int], Meta(description="one number for each hour")]


class RelatedTopic(Struct, frozen=True, kw_only=True):
    """A related topic."""

    id: str
    label: str
    similarity: Annotated[float, Meta(description="0–1")]


class TopicInDigest(Struct, frozen=True, kw_only=True):
    """What a digest says about the topic."""

    week: str
    section: Annotated[str, Meta(description="id of its section, of its entry in a list, or of its brief")]
    label: str
    text: Annotated[str, Meta(description="the summary of the section, or the line")]
    posts: Annotated[list[str], Meta(description="ids of the posts that the text rests on")]


class TopicDetail(Struct, frozen=True, kw_only=True):
    """Everything about one topic."""

    topic: Annotated[TopicSummary | None, Meta(description="null when no recent post is left")]
    id: str
    label: str
    aliases: Annotated[list[str], Meta(description="other ids of the topic")]
    people: list[TopicPerson]
    links: list[ShownLink]
    posts: list[ShownPost]
    posts_total: Annotated[int, Meta(description="number of all posts; `posts` has the newest")]
    series: HourlySeries | None
    lineage: Annotated[list[TopicEvent], Meta(description="events of the topic and of merged ones, oldest first")]
    related: list[RelatedTopic]
    newest: datetime | None = None  # time of the newest post of all topics
    digest: Annotated[TopicInDigest | None, Meta(description="of the newest digest that tells it")] = None


class PostPage(Struct, frozen=True, kw_only=True):
    """Posts, newest first."""

    total: int
    items: list[ShownPost]


class PostDetail(Struct, frozen=True, kw_only=True):
    """One post, and the topic that it stands in now."""

    post: ShownPost
    topic_id: str
    label: str


class CitedPosts(Struct, frozen=True, kw_only=True):
    """Posts behind a section of a digest. ids: all, those that its sentences rest on first. items: those kept here."""

    week: str
    section: str
    ids: list[str]
    items: list[ShownPost]


class TopicSeries(Struct, frozen=True, kw_only=True):
    """One band of the stream graph."""

    id: str
    label: str
    posts: Annotated[list[int], Meta(description="posts per hour")]


class SeriesSet(Struct, frozen=True, kw_only=True):
    """Posts per hour of several topics."""

    starts: Annotated[list[datetime], Meta(description="starts of the hours")]
    items: list[TopicSeries]


class DigestEntry(Struct, frozen=True, kw_only=True):
    """One entry of the archive."""

    week: str
    start: datetime
    end: datetime
    headline: str
    topics: Annotated[list[str], Meta(description="labels of its topics")]
    posts: int
    people: int
    revision: Annotated[int, Meta(description="1 for the first digest of the week")]
    briefs: Annotated[int, Meta(description="number of its briefs")] = 0
    edited: Annotated[str, Meta(description="language model that edited it; empty without one")] = ""


class DigestPage(Struct, frozen=True, kw_only=True):
    """Digests, newest first."""

    total: int
    items: list[DigestEntry]
    due_at: Annotated[datetime | None, Meta(description="when the digest of the newest post's week can be made")] = None


class WeekChanges(Struct, frozen=True, kw_only=True):
    """A digest against the one before it."""

    week: str
    before: Annotated[str, Meta(description="week of the digest before")]
    changes: Between


class DigestDetail(Struct, frozen=True, kw_only=True):
    """A digest, without the `identities` that only the next week's matching needs."""

    digest: Digest
    headers: Annotated[dict[str, str], Meta(description="facts about its making, as in the record's headers")]


class EditedDetail(Struct, frozen=True, kw_only=True):
    """A digest with the sentences of a language model that the cited posts support."""

    digest: Digest
    model: str
    proposed: Annotated[int, Meta(description="claims of the model")]
    accepted: Annotated[int, Meta(description="claims that stand")]


class EventPage(Struct, frozen=True, kw_only=True):
    """Events, oldest first. after= with the last id gives newer ones, before= with the first id older ones."""

    items: list[ViewEvent]


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether the service can do its work."""

    ready: bool
    checks: Annotated[dict[str, str], Meta(description='name of a check -> "ok" or the problem')]
    lag: Annotated[dict[str, int], Meta(description="stage -> records behind")]
    stages: Annotated[dict[str, bool], Meta(description="stage -> whether it runs")] = {}
