"""The digest of a week."""

from datetime import datetime
from typing import Literal

from models.events.base import SCHEMA, Event
from models.events.posts import Link

Status = Literal["new", "rising", "continuing", "fading"]
Action = Literal["shared", "wrote", "quoted", "replied", "retweeted"]
IdentityKind = Literal["story", "theme"]
TopicKind = Literal["story", "papers", "code", "courses", "data", "trends"]


class Sentence(Event, frozen=True):
    """A sentence of a digest and the posts that it rests on (never empty for a published one)."""

    text: str
    posts: list[str]


class Person(Event, frozen=True):
    """Someone who took part in a topic; `influence` is 0–1 within the week."""

    author_id: str
    handle: str
    name: str
    posts: int
    influence: float = 0.0


class Item(Event, frozen=True):
    """Who did what with which resource, or said what: one paragraph of a topic.

    `sentence` is the rendered paragraph without its quotation; `quotation` is a verbatim substring of the text
    of `quotation_post` (or of the link's own description, then `quotation_post` names the post that carries it).
    In a themed list and in a brief the sentence is the whole line, its quotation included, and `quotation` is null.
    """

    people: list[Person]
    action: Action
    sentence: Sentence
    link: Link | None = None
    quotation: str | None = None
    quotation_post: str | None = None
    support: int = 0  # retweets and near-duplicates folded into it
    post_urls: list[str] = []  # addresses of its first posts on their platforms, where those are known
    id: str = ""  # id of the story that an entry of a themed list or a brief tells; empty in a section of a story


class Brief(Item, frozen=True):
    """One line of "In brief": a small story, or one post far above its author's usual engagement."""

    label: str = ""  # the story's title
    label_posts: list[str] = []  # posts that hold its words, at most 20
    people_total: int = 0  # `people` names at most 50 of them
    posts: int = 0  # posts of the story, support included
    score: float = 0.0
    sensitive: bool = False


class DigestTopic(Event, frozen=True):
    """One section of the digest: a story, or a themed list (any other `kind`) with one item for each of its entries."""

    id: str
    label: str
    status: Status
    keywords: list[str]
    summary: Sentence
    items: list[Item]
    people: list[Person]
    posts: int  # posts in the topic, support included
    originals: int  # posts that are separate evidence
    series: list[int]  # posts per day, Monday first, in the digest's time zone
    score: float
    score_parts: dict[str, float]
    post_ids: list[str]
    previous_id: str | None = None  # last week's topic that it continues (equal to id unless merged)
    confidence: float = 0.0  # of that match, 0–1
    previous_posts: int = 0
    change: Sentence | None = None  # what is new in a continuing topic
    sensitive: bool = False
    people_total: int = 0  # `people` names at most 50 of them, `post_ids` the 200 most central posts
    kind: TopicKind = "story"
    label_posts: list[str] = []  # posts that hold the label's words, at most 20
    theme: str | None = None  # id of the theme (of `identities`) that a story belongs to


class TopicIdentity(Event, frozen=True):
    """What next week's matching needs of every topic of this week, published or not."""

    id: str
    label: str
    words: list[str]
    centroid: str  # base64 of little-endian float16, unit length
    posts: int
    people: int
    post_ids: list[str]  # at most 200, the most central
    quiet_weeks: int = 0  # weeks since the topic was last found: carried over so that it can come back as itself
    kind: IdentityKind = "story"  # a theme is a topic of BERTopic's, coarser than the stories


class Faded(Event, frozen=True):
    """A topic that was published last week and is gone or small now."""

    id: str
    label: str
    posts: int  # this week's posts of it; with `name`, those that hold it
    previous_posts: int
    name: str = ""  # what this week's posts were searched for


class Statistics(Event, frozen=True):
    """The week in numbers."""

    posts: int
    originals: int
    retweets: int
    near_duplicates: int
    people: int
    deleted: int
    topics_found: int  # stories of the week, told or not
    topics_published: int  # entries of the digest: sections, entries of themed lists, briefs
    outlier_share: float  # of the distinct posts that belong to no theme, 0–1
    excluded: dict[str, int] = {}  # of older digests: topics kept out, by reason
    themes: int = 0  # topics of the refit


class Manifest(Event, frozen=True):
    """The inputs that the digest is a pure function of; `toptopics replay --verify` compares them."""

    slice_hash: str  # sha256 over the canonical, sorted records of the week
    records: int
    encoder: str
    settings_hash: str
    versions: dict[str, str]
    previous_hash: str | None
    influencers_hash: str | None = None
    resources_hash: str | None = None  # titles of link targets that the posts themselves did not carry


class Digest(Event, frozen=True):
    """One week, keyed by `week` ("2021-W18") on `digests`. Its bytes depend on its inputs only."""

    week: str
    start: datetime
    end: datetime  # exclusive
    timezone: str
    headline: Sentence
    overview: list[Sentence]  # one line per topic, in order
    topics: list[DigestTopic]
    faded: list[Faded]
    statistics: Statistics
    identities: list[TopicIdentity]
    manifest: Manifest
    schema: int = SCHEMA
    briefs: list[Brief] = []  # "In brief": one line each, best first
    known_names: dict[str, int] = {}  # of digests without `past_words`: name -> weeks since three people used it
    past_words: dict[str, float] = {}  # word -> people who used it, summed over the weeks till now, older ones faded
    past_people: float = 0.0  # people of these weeks, summed alike
    addresses: dict[str, str] = {}  # post -> its address on its platform: of the posts that forms link to
    repeats: dict[str, str] = {}  # cited retweet -> id of the post that it repeats
