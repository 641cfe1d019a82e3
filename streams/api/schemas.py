"""What the API answers with, beside the view's own types."""

from datetime import datetime

from msgspec import Struct

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
    newest: datetime | None
    version: int
    posts: int
    total: int
    items: list[RankedTopic]
    quiet_since: datetime | None = None
    wider: WiderTopics | None = None


class TopicPerson(Struct, frozen=True, kw_only=True):
    """Somebody who posted on the topic."""

    author_id: str
    handle: str
    name: str
    posts: int


class HourlySeries(Struct, frozen=True, kw_only=True):
    """Posts per hour; start is the first hour's first moment."""

    start: datetime
    posts: list[int]


class RelatedTopic(Struct, frozen=True, kw_only=True):
    """Another topic; similarity 0–1."""

    id: str
    label: str
    similarity: float


class TopicDetail(Struct, frozen=True, kw_only=True):
    """All about one topic. lineage: its events, oldest first, with those of topics merged into it."""

    topic: TopicSummary | None
    id: str
    label: str
    aliases: list[str]
    people: list[TopicPerson]
    links: list[ShownLink]
    posts: list[ShownPost]
    posts_total: int
    series: HourlySeries | None
    lineage: list[TopicEvent]
    related: list[RelatedTopic]


class PostPage(Struct, frozen=True, kw_only=True):
    """Posts, newest first."""

    total: int
    items: list[ShownPost]


class TopicSeries(Struct, frozen=True, kw_only=True):
    """One band of the stream graph."""

    id: str
    label: str
    posts: list[int]


class SeriesSet(Struct, frozen=True, kw_only=True):
    """Posts per hour of several topics; starts: the hours' first moments."""

    starts: list[datetime]
    items: list[TopicSeries]


class MapPoint(Struct, frozen=True, kw_only=True):
    """A topic's place on the map, x and y in 0–1; near means related. growing: more posts than in the window before."""

    id: str
    label: str
    x: float
    y: float
    people: int
    posts: int
    trend: float
    growing: bool


class MapTie(Struct, frozen=True, kw_only=True):
    """Two topics of the map that have much in common; similarity 0–1."""

    a: str
    b: str
    similarity: float


class TopicMap(Struct, frozen=True, kw_only=True):
    """The map. related: for each topic the few that are most like it, each pair once."""

    items: list[MapPoint]
    related: list[MapTie]


class DigestEntry(Struct, frozen=True, kw_only=True):
    """A line of the archive."""

    week: str
    start: datetime
    end: datetime
    headline: str
    topics: list[str]
    posts: int
    people: int
    revision: int
    briefs: int = 0


class DigestPage(Struct, frozen=True, kw_only=True):
    """Digests, newest first."""

    total: int
    items: list[DigestEntry]


class DigestDetail(Struct, frozen=True, kw_only=True):
    """A digest (without `identities`, which are next week's matching's), and how it was made."""

    digest: Digest
    headers: dict[str, str]


class EventPage(Struct, frozen=True, kw_only=True):
    """Events, oldest first; ask again with after= the last id for newer ones, before= the first for older ones."""

    items: list[ViewEvent]


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether the service can do its work; checks: name -> "ok" or what is wrong. lag: records behind, by stage."""

    ready: bool
    checks: dict[str, str]
    lag: dict[str, int]
