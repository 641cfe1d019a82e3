"""Small events for tests of the view and of its users. Written for these tests; no real posts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from models.events import (
    Assignment,
    Digest,
    DigestTopic,
    Item,
    Link,
    Manifest,
    Person,
    Sentence,
    TopicEvent,
    TopicEventKind,
    TopicIdentity,
    Tweet,
)
from models.week.week import Week
from tests.support.made_digest import empty_digest

NOW = datetime(2021, 5, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def assignment(
    post_id: str,
    topic_id: str,
    *,
    author: str = "ada",
    hours: float = 0,
    text: str = "speech models without labels",
    links: list[str] | None = None,
    candidate: bool = False,
    support: bool = False,
    **fields: Any,
) -> Assignment:
    """A post of `author`, `hours` from NOW."""
    at = NOW + timedelta(hours=hours)
    tweet = Tweet(
        id=post_id,
        author_id=author,
        author=f"{author}_handle",
        author_name=author.title(),
        created_at=at,
        text=text,
        links=[Link(url=url, title=f"Title of {url}", site="example.org") for url in links or []],
        **fields,
    )
    return Assignment(
        id=post_id,
        origin=f"0:{post_id}",
        outcome="assigned",
        at=at,
        topic_id=topic_id,
        similarity=0.7,
        candidate=candidate,
        support=support,
        tweet=tweet,
    )


def deletion(post_id: str, hours: float = 1) -> Assignment:
    """A deletion by the author."""
    return Assignment(id=post_id, origin=f"1:{post_id}", outcome="deleted", at=NOW + timedelta(hours=hours))


def event(
    kind: TopicEventKind, topic_id: str, *, hours: float = 0, label: str = "A topic", **fields: Any
) -> TopicEvent:
    """A topic event, `hours` from NOW."""
    return TopicEvent(topic_id=topic_id, kind=kind, at=NOW + timedelta(hours=hours), label=label, **fields)


def digest(
    week: str, *, headline: str = "A quiet week", posts: list[str] | None = None, quotation: str | None = None
) -> Digest:
    """One topic with an item per post; the first item quotes its post."""
    ids = posts or ["1", "2"]
    person = Person(author_id="ada", handle="ada_handle", name="Ada", posts=1, influence=0.5)
    items = [
        Item(
            people=[person],
            action="shared",
            sentence=Sentence(text=f"Ada shared the paper {post}.", posts=[post]),
            link=Link(url="https://example.org/paper", title="The paper"),
            quotation=quotation if i == 0 else None,
            quotation_post=post if i == 0 and quotation else None,
        )
        for i, post in enumerate(ids)
    ]
    topic = DigestTopic(
        id="D1",
        label="Speech without labels",
        status="new",
        keywords=["speech", "labels"],
        summary=Sentence(text="People talked about speech.", posts=ids),
        items=items,
        people=[person],
        posts=len(ids),
        originals=len(ids),
        series=[0, 1, 1, 0, 0, 0, 0],
        score=1.5,
        score_parts={"people": 1.5},
        post_ids=ids,
    )
    empty = empty_digest(Week.parse(week))
    return structs.replace(
        empty,
        headline=Sentence(text=headline, posts=ids),
        overview=[Sentence(text="Speech without labels: 1 person", posts=ids)],
        topics=[topic],
        statistics=structs.replace(
            empty.statistics, posts=2, originals=2, people=1, topics_found=1, topics_published=1
        ),
        identities=[
            TopicIdentity(id="D1", label="x", words=["speech"], centroid="AAA=", posts=2, people=1, post_ids=ids)
        ],
        manifest=_manifest(empty, 2),
    )


def assigned(tweet: Tweet, topic_id: str, *, candidate: bool = False, support: bool = False) -> Assignment:
    """The assignment of any tweet."""
    return Assignment(
        id=tweet.id,
        origin=f"0:{tweet.id}",
        outcome="assigned",
        at=tweet.created_at,
        topic_id=topic_id,
        similarity=0.7,
        candidate=candidate,
        support=support,
        tweet=tweet,
    )


def topic_event(kind: TopicEventKind, topic_id: str, at: datetime, **fields: Any) -> TopicEvent:
    """An event at any time."""
    return TopicEvent(topic_id=topic_id, kind=kind, at=at, **fields)


def demo_digest(week: str, groups: dict[str, list[Tweet]]) -> Digest:
    """The largest groups as sections, with an item for each of the first links."""
    ranked = sorted(groups.items(), key=lambda pair: (-len({t.author_id for t in pair[1]}), pair[0]))[:5]
    topics = []
    for number, (label, tweets) in enumerate(ranked):
        ids = [tweet.id for tweet in tweets]
        people = [
            Person(author_id=a, handle=a, name=n, posts=1, influence=0.5)
            for a, n in sorted({(t.author_id, t.author_name or t.author) for t in tweets})
        ][:50]
        linked = [tweet for tweet in tweets if tweet.links and tweet.links[0].title][:3]
        items = [
            Item(
                people=[Person(author_id=t.author_id, handle=t.author, name=t.author_name or t.author, posts=1)],
                action="shared",
                sentence=Sentence(text=f"{t.author_name} shared “{t.links[0].title}”.", posts=[t.id]),
                link=t.links[0],
                quotation=t.text[:80],
                quotation_post=t.id,
            )
            for t in linked
        ]
        days = [sum(1 for t in tweets if t.created_at.weekday() == day) for day in range(7)]
        topics.append(
            DigestTopic(
                id=f"D{number}{week}",
                label=label,
                status="new",
                keywords=label.lower().split()[:4],
                summary=Sentence(text=f"{len(people)} people talked about {label}.", posts=ids[:5]),
                items=items,
                people=people,
                posts=len(tweets),
                originals=len([t for t in tweets if t.kind == "original"]),
                series=days,
                score=float(len(people)),
                score_parts={"people": float(len(people))},
                post_ids=ids,
                people_total=len(people),
            )
        )
    everyone = {t.author_id for tweets in groups.values() for t in tweets}
    count = sum(len(tweets) for tweets in groups.values())
    empty = empty_digest(Week.parse(week))
    return structs.replace(
        empty,
        headline=Sentence(text=", ".join(label for label, _ in ranked[:3]), posts=topics[0].post_ids[:3]),
        overview=[Sentence(text=f"{t.label}: {len(t.people)} people", posts=t.post_ids[:3]) for t in topics],
        topics=topics,
        statistics=structs.replace(
            empty.statistics, posts=count, originals=count, people=len(everyone), topics_found=len(groups),
            topics_published=len(topics), outlier_share=0.3,
        ),
        manifest=_manifest(empty, count),
    )  # fmt: skip


def _manifest(empty: Digest, records: int) -> Manifest:
    return structs.replace(
        empty.manifest,
        slice_hash="00",
        records=records,
        encoder="hash",
        settings_hash="00",
        versions={"toptopics": "0"},
    )
