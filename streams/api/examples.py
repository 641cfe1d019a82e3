"""One example of every body, for OpenAPI: small, invented, and checked against its schema by a test."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from models.digest.between_weeks import Between, StoryChange
from models.events import Digest, DigestTopic, Item, Link, Manifest, Person, Sentence, Statistics, TopicEvent
from models.live.state import ShownLink, ShownPost, ViewEvent
from models.live.story_text import StoryLine
from models.live.trends import WindowStats
from streams.api import schemas
from streams.views.board import TopicSummary

ID: Final = "t-1a2b3c4d5e6f7081"
LABEL: Final = "Speech recognition without labels"
WHEN: Final = datetime(2021, 3, 18, 14, 30, tzinfo=UTC)
MONDAY: Final = datetime(2021, 3, 15, tzinfo=UTC)
_STATS = WindowStats(
    posts=12,
    originals=9,
    people=7,
    before=3,
    trend=5.3,
    usual=0.5,
    level="hot",
    section="rising",
    badge="hot",
    reason="7 people in 24 h, 0.5 usual",
)
TOPIC = TopicSummary(
    id=ID,
    label=LABEL,
    keywords=["speech", "unsupervised", "wav2vec"],
    status="hot",
    score=5.3,
    first_at=WHEN,
    last_at=WHEN,
    people=7,
    posts=12,
    windows={"24h": _STATS},
    spark=[0, 0, 1, 4, 7],
    line=StoryLine(
        post_id="1372521546330143059",
        author="ada_example",
        author_name="Ada Example",
        text="Speech recognition without a single label",
        url="https://papers.example/speech",
    ),
)
POST = ShownPost(
    id="1372521546330143059",
    author_id="41",
    author="ada_example",
    author_name="Ada Example",
    created_at=WHEN,
    text="Speech recognition without a single label: https://papers.example/speech",
    kind="original",
    links=[{"url": "https://papers.example/speech", "title": LABEL, "site": "Papers"}],
    lang="en",
    likes=41,
    retweets=6,
    similarity=0.82,
)
_SENTENCE = Sentence(text=f"Ada Example shared “{LABEL}”.", posts=[POST.id])
_PERSON = Person(author_id="41", handle="ada_example", name="Ada Example", posts=1, influence=0.8)
DIGEST = Digest(
    week="2021-W11",
    start=MONDAY,
    end=MONDAY + timedelta(days=7),
    timezone="UTC",
    headline=Sentence(text=f"Trending this week: {LABEL}.", posts=[POST.id]),
    overview=[Sentence(text=f"{LABEL}: 7 people, 12 posts", posts=[POST.id])],
    topics=[
        DigestTopic(
            id="d-4fc37b4049ec",
            label=LABEL,
            status="new",
            keywords=TOPIC.keywords,
            summary=Sentence(text="7 people talked about it.", posts=[POST.id]),
            items=[
                Item(
                    people=[_PERSON],
                    action="shared",
                    sentence=_SENTENCE,
                    link=Link(url="https://papers.example/speech", title=LABEL),
                )
            ],
            people=[_PERSON],
            posts=12,
            originals=9,
            series=[0, 0, 1, 11, 0, 0, 0],
            score=3.1,
            score_parts={"people": 3.1},
            post_ids=[POST.id],
        )
    ],
    faded=[],
    statistics=Statistics(
        posts=702,
        originals=480,
        retweets=190,
        near_duplicates=32,
        people=83,
        deleted=0,
        topics_found=41,
        topics_published=1,
        outlier_share=0.3,
    ),
    identities=[],
    manifest=Manifest(
        slice_hash="9f2c…",
        records=702,
        encoder="all-MiniLM-L6-v2",
        settings_hash="51d0…",
        versions={"toptopics": "1"},
        previous_hash="77aa…",
    ),
)
EXAMPLES: dict[str, Struct] = {
    "TopicPage": schemas.TopicPage(
        window="24h",
        sort="trend",
        newest=WHEN,
        version=41,
        posts=2_480,
        people=139,
        since=MONDAY - timedelta(days=14),
        total=1,
        items=[
            schemas.RankedTopic(rank=1, section="rising", reason=_STATS.reason, spark=[0] * 21 + [1, 4, 7], topic=TOPIC)
        ],
    ),
    "TopicDetail": schemas.TopicDetail(
        topic=TOPIC,
        id=ID,
        label=LABEL,
        aliases=["d-4fc37b4049ec"],
        people=[schemas.TopicPerson(author_id="41", handle="ada_example", name="Ada Example", posts=1)],
        links=[ShownLink(url="https://papers.example/speech", posts=9, title=LABEL, site="Papers", kind="paper")],
        posts=[POST],
        posts_total=12,
        series=schemas.HourlySeries(start=WHEN.replace(minute=0), posts=[4, 7, 1]),
        lineage=[TopicEvent(topic_id=ID, kind="born", at=WHEN, label=LABEL, reason="4 posts (3 distinct) by 3 people")],
        digest=schemas.TopicInDigest(
            week=DIGEST.week,
            section=DIGEST.topics[0].id,
            label=LABEL,
            text="7 people talked about it.",
            posts=[POST.id],
        ),
        related=[schemas.RelatedTopic(id="t-ffe01c22ab41d003", label="Multilingual speech", similarity=0.31)],
    ),
    "PostPage": schemas.PostPage(total=12, items=[POST]),
    "PostDetail": schemas.PostDetail(post=POST, topic_id=ID, label=LABEL),
    "CitedPosts": schemas.CitedPosts(week=DIGEST.week, section="d-4fc37b4049ec", ids=[POST.id], items=[POST]),
    "SeriesSet": schemas.SeriesSet(starts=[WHEN], items=[schemas.TopicSeries(id=ID, label=LABEL, posts=[7])]),
    "DigestPage": schemas.DigestPage(
        total=1,
        items=[
            schemas.DigestEntry(
                week=DIGEST.week,
                start=DIGEST.start,
                end=DIGEST.end,
                headline=DIGEST.headline.text,
                topics=[LABEL],
                posts=702,
                people=83,
                revision=1,
            )
        ],
    ),
    "DigestDetail": schemas.DigestDetail(
        digest=DIGEST, headers={"revision": "1", "made_at": "2021-03-23T00:01:12+00:00"}
    ),
    "WeekChanges": schemas.WeekChanges(
        week=DIGEST.week,
        before="2021-W10",
        changes=Between(
            new=[],
            grown=[StoryChange(id="d-4fc37b4049ec", label=LABEL, people=7, posts=12, people_before=3, posts_before=4)],
            shrunk=[],
            steady=[],
            gone=[],
        ),
    ),
    "EditedDetail": schemas.EditedDetail(digest=DIGEST, model="a-model", proposed=9, accepted=7),
    "EventPage": schemas.EventPage(
        items=[ViewEvent(id="1616077800000-0", kind="born", topic_id=ID, at=WHEN, data={"label": LABEL})]
    ),
    "Readiness": schemas.Readiness(
        ready=True,
        checks={"redis": "ok", "kafka": "ok", "stages": "ok", "lag": "ok"},
        lag={"embed": 0, "assign": 0, "view": 0},
        stages={"embed": True, "assign": True, "view": True},
    ),
}
