"""The contract of the live view, run over Redis and over the fake.

The state must be a function of the set of what was applied: order between partitions, cuts into batches and
redeliveries must not show. What was recounted from scratch (the fake does nothing else) must be equal.
"""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.events import Assignment, TopicEvent
from streams.local.redis_server import RedisServer
from streams.memory_views import MemoryViews
from streams.redis_views import RedisViews, create_views
from streams.views.limits import ViewLimits
from tests.view_examples import DAY, NOW, assignment, deletion, digest, event

Views = RedisViews | MemoryViews


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Redis of this module's own."""
    server = RedisServer(tmp_path_factory.mktemp("views"))
    server.start()
    yield server.address
    server.stop()


@asynccontextmanager
async def opened(kind: str, url: str, limits: ViewLimits | None = None) -> AsyncIterator[Views]:
    """An empty store."""
    if kind == "memory":
        yield MemoryViews(limits)
        return
    views = create_views(url, f"t{uuid4().hex[:8]}-", limits)
    try:
        yield views
        await views.wipe()
    finally:
        await views.aclose()


@pytest.fixture(params=["memory", "redis"])
async def views(request: pytest.FixtureRequest, redis: str) -> AsyncIterator[Views]:
    """Every implementation."""
    async with opened(request.param, redis) as store:
        yield store


async def dump(views: Views) -> dict[str, Any]:
    """All that a reader can learn, without stream ids and versions."""
    changes = await views.changes(None)
    topics: dict[str, Any] = {}
    for name, state in changes.topics.items():
        posts, total = await views.posts(name, 1_000)
        topics[name] = {
            "state": msgspec.to_builtins(state),
            "posts": (msgspec.to_builtins(posts), total),
            "links": msgspec.to_builtins(await views.links(name, 50)),
            "history": msgspec.to_builtins(await views.history(name)),
            "aliases": await views.aliases(name),
            "names": await views.names(sorted(state.people) if state else []),
        }
    events = sorted((event.kind, event.topic_id, str(event.data)) for event in await views.events(None, 1_000))
    digests = {week: msgspec.to_builtins(await views.digest(week)) for week in await views.weeks()}
    return {"newest": changes.newest, "posts": changes.posts, "topics": topics, "events": events, "digests": digests}


async def test_a_post_counts_once_however_often_and_in_whatever_batches_it_comes(views: Views) -> None:
    """Law 1: redelivery in other cuts, and after other posts, changes nothing."""
    posts = [assignment(str(i), "T1", author=f"a{i % 3}", hours=-i) for i in range(7)]
    await views.apply_assignments(posts)
    before = await dump(views)
    await views.apply_assignments(posts[2:5])
    await views.apply_assignments([posts[0], posts[0], posts[6]])
    assert await dump(views) == before
    state = before["topics"]["T1"]["state"]
    assert sum(count for count, _ in state["series"].values()) == 7
    assert {author: count for author, (count, _) in state["people"].items()} == {"a0": 3, "a1": 2, "a2": 2}


async def test_a_duplicate_and_a_post_without_its_text_change_nothing(views: Views) -> None:
    """Only `assigned` with a tweet is counted."""
    await views.apply_assignments([assignment("1", "T1")])
    before = await dump(views)
    again = Assignment(id="1", origin="0:9", outcome="duplicate", at=NOW)
    empty = Assignment(id="2", origin="0:10", outcome="assigned", at=NOW, topic_id="T1")
    await views.apply_assignments([again, empty])
    assert await dump(views) == before


async def test_merged_posts_follow_before_and_after(views: Views) -> None:
    """A merge moves what is there, and what is still assigned to the old id later."""
    await views.apply_assignments([assignment("1", "T1", author="a"), assignment("2", "T2", author="a", hours=-3)])
    await views.apply_topic_events([event("merged", "T1", other_ids=["T2"])])
    await views.apply_assignments([assignment("3", "T2", author="b", hours=-1)])
    state = await dump(views)
    assert list(state["topics"]) == ["T1"]
    assert state["topics"]["T1"]["state"]["people"].keys() == {"a", "b"}
    assert [post["id"] for post in state["topics"]["T1"]["posts"][0]] == ["1", "3", "2"]
    assert await views.resolve("T2") == "T1"
    assert await views.aliases("T1") == ["T2"]


async def test_a_digests_id_leads_to_the_live_topic_and_may_move_on(views: Views) -> None:
    """Law 3: both ids lead to the same topic everywhere; next week's alias wins."""
    await views.apply_assignments([assignment("1", "T1"), assignment("2", "T2")])
    await views.apply_topic_events([event("alias", "T1", other_ids=["D"], week="2021-W18", hours=-2)])
    assert await views.resolve("D") == "T1"
    await views.apply_topic_events([event("alias", "T2", other_ids=["D"], week="2021-W19", hours=-1)])
    assert await views.resolve("D") == "T2"
    assert await views.resolve("nothing") is None


async def test_a_deletion_takes_everything_of_a_post_out_in_either_order(views: Views, redis: str) -> None:
    """Text, counts, people, links, retweets: as if the post had never been."""
    kept = assignment("1", "T1", author="a", text="wav2vec again", links=["https://a.example/x"])
    post = assignment("2", "T1", author="b", text="secret words", links=["https://b.example/y"])
    copy = assignment("3", "T1", author="c", text="RT @b: secret words", kind="retweet", related_id="2", support=True)
    await views.apply_assignments([kept, post, copy, deletion("2")])
    before = await dump(views)
    assert "secret" not in str(before)
    await views.apply_assignments([copy, post, kept, deletion("2")])
    assert await dump(views) == before
    async with opened("redis" if isinstance(views, RedisViews) else "memory", redis) as other:
        await other.apply_assignments([deletion("2")])
        await other.apply_assignments([copy, post])
        await other.apply_assignments([kept])
        assert await dump(other) == before


async def test_an_edit_replaces_the_version_before(views: Views) -> None:
    """The old text is gone, and one person said one thing."""
    await views.apply_assignments([assignment("1", "T1", text="teh model")])
    await views.apply_assignments([assignment("2", "T1", text="the model", edit_of="1")])
    posts, total = await views.posts("T1", 10)
    assert (total, posts[0].text) == (1, "the model")


async def test_candidates_are_listed_when_the_topic_is_born(views: Views) -> None:
    """With the posts that it had before."""
    await views.apply_assignments([assignment("1", "T1", candidate=True), assignment("2", "T9", candidate=True)])
    assert (await views.changes(None)).topics == {}
    await views.apply_topic_events([event("born", "T1", label="Image cropping")])
    topics = (await views.changes(None)).topics
    assert list(topics) == ["T1"]
    state = topics["T1"]
    assert state is not None
    assert state.info is not None
    assert state.info.label == "Image cropping"


async def test_the_latest_event_names_the_topic_whatever_comes_again(views: Views) -> None:
    """A redelivered old event takes nothing back and is on the stream once."""
    first, second = event("born", "T1", label="Old", hours=-2), event("trending", "T1", label="New", hours=-1)
    await views.apply_assignments([assignment("1", "T1")])
    await views.apply_topic_events([first, second])
    await views.apply_topic_events([first])
    state = (await views.changes(None)).topics["T1"]
    assert state is not None
    assert state.info is not None
    assert state.info.label == "New"
    events = await views.events(None, 100)
    assert [found.kind for found in events] == ["born", "trending"]
    assert [found.kind for found in await views.events(events[0].id, 100)] == ["trending"]
    assert [found.kind for found in await views.events(None, 100, before=events[1].id)] == ["born"]
    assert [found.kind for found in await views.events(None, 1)] == ["trending"]


async def test_a_topic_bears_the_name_that_a_digest_gave_it(views: Views) -> None:
    """Through later events; of two digests the later one's, whichever arrives first; only words are no name."""
    words: dict[str, Any] = {"label": "speech, wav2vec", "keywords": ["speech", "wav2vec"]}
    older = event("alias", "T1", label="Old name", hours=-3, other_ids=["D1"], keywords=["speech"])
    newer = event("alias", "T1", label="Wav2vec-U", hours=-2, other_ids=["D2"], keywords=["speech"])
    await views.apply_assignments([assignment("1", "T1"), assignment("2", "T2")])
    await views.apply_topic_events([event("born", "T1", hours=-4, **words), newer, older])
    await views.apply_topic_events([event("trending", "T1", hours=-1, **words)])
    await views.apply_topic_events([event("alias", "T2", other_ids=["D3"], **words)])
    topics = (await views.changes(None)).topics
    assert [(name, state.named) for name, state in sorted(topics.items()) if state] == [("T1", "Wav2vec-U"), ("T2", "")]


async def test_a_link_that_much_of_a_topic_is_about_gives_it_a_title(views: Views) -> None:
    """Three posts and a third of all; a link of fewer says nothing about the topic."""
    paper, other = "https://papers.example/1", "https://papers.example/2"
    about = [assignment(f"a{i}", "T1", links=[paper] if i < 3 else None) for i in range(8)]
    rarely = [assignment(f"b{i}", "T2", links=[other] if i < 3 else None) for i in range(10)]
    await views.apply_assignments([*about, *rarely, *(assignment(f"c{i}", "T3", links=[other]) for i in range(2))])
    topics = (await views.changes(None)).topics
    titles = [(name, state.linked) for name, state in sorted(topics.items()) if state]
    assert titles == [("T1", f"Title of {paper}"), ("T2", ""), ("T3", "")]
    await views.apply_assignments([deletion("a0")])
    state = (await views.changes(None)).topics["T1"]
    assert state is not None
    assert state.linked == ""


async def test_a_later_revision_of_a_digest_wins_and_each_is_announced_once(views: Views) -> None:
    """Redelivery of the first revision after the correction must not bring it back."""
    first, second = [("revision", b"1"), ("made_at", b"a")], [("revision", b"2"), ("made_at", b"b")]
    await views.put_digest(digest("2021-W18", headline="first"), first)
    await views.put_digest(digest("2021-W18", headline="second"), second)
    await views.put_digest(digest("2021-W18", headline="first"), first)
    stored = await views.digest("2021-W18")
    assert stored is not None
    assert (stored.digest.headline.text, stored.headers["revision"]) == ("second", "2")
    assert stored.digest.identities == []
    assert [found.kind for found in await views.events(None, 10)] == ["digest", "digest"]
    assert await views.weeks() == ["2021-W18"]
    assert await views.digest("2021-W01") is None


@pytest.mark.parametrize("order", ["digest first", "deletion first"])
async def test_a_deletion_reaches_digests(views: Views, order: str) -> None:
    """A quotation of a deleted post disappears from what is stored, and an item that rests on it alone."""
    published = digest("2021-W18", posts=["1", "2"], quotation="secret words")
    steps = [views.put_digest(published, []), views.apply_assignments([deletion("1")])]
    for step in steps if order == "digest first" else reversed(steps):
        await step
    stored = await views.digest("2021-W18")
    assert stored is not None
    assert "secret" not in str(msgspec.to_builtins(stored))
    assert [item.sentence.posts for item in stored.digest.topics[0].items] == [["2"]]


async def test_words_find_topics(views: Views) -> None:
    """Case folded, without stop words."""
    await views.apply_assignments([assignment("1", "T1", text="The PixLoc paper is out"), assignment("2", "T2")])
    assert await views.with_word("pixloc", ["T1", "T2"]) == {"T1": 1}
    assert await views.with_word("the", ["T1", "T2"]) == {}


async def test_a_wiped_view_is_empty_and_is_rebuilt_equal(views: Views) -> None:
    """Redis is a view."""
    posts = [assignment(str(i), f"T{i % 2}", hours=-i) for i in range(6)]
    happened = [event("born", "T0"), event("merged", "T0", other_ids=["T1"])]
    await views.apply_assignments(posts)
    await views.apply_topic_events(happened)
    await views.put_digest(digest("2021-W18"), [("revision", b"1")])
    before = await dump(views)
    await views.wipe()
    assert (await dump(views))["topics"] == {}
    await views.put_digest(digest("2021-W18"), [("revision", b"1")])
    await views.apply_topic_events(happened)
    await views.apply_assignments(posts[::-1])
    assert await dump(views) == before


async def test_what_is_older_than_the_horizon_goes_with_all_that_it_counted_for(redis: str) -> None:
    """Law 4, in event time; late arrivals stay out. Counts are those of a view that never saw the old posts."""
    for kind in ("redis", "memory"):
        async with opened(kind, redis, ViewLimits(retention=2 * DAY, step=3)) as views:
            old = [assignment(f"o{i}", "T1", author="a", hours=-60 - i, links=["https://o.example"]) for i in range(10)]
            new = [assignment(f"n{i}", "T1", author="b", hours=-i) for i in range(3)]
            await views.apply_assignments(old)
            await views.apply_assignments(new)
            await views.apply_assignments(old[:4])
            state = await dump(views)
            assert state["posts"] == 3
            assert list(state["topics"]["T1"]["state"]["people"]) == ["b"]
            assert state["topics"]["T1"]["links"] == []


async def test_redis_does_not_grow_with_the_stream(redis: str) -> None:
    """Law 4: twice the stream, the same number of keys; nothing is left behind by what went out."""
    prefix = f"t{uuid4().hex[:8]}-"
    views = create_views(redis, prefix, ViewLimits(retention=timedelta(hours=5), events=20, applied=20, gone=5))

    async def size(first: int, last: int) -> int:
        for i in range(first, last):
            await views.apply_assignments(
                [assignment(f"p{i}", f"T{i}", author=f"a{i}", hours=i, links=[f"https://{i}.example"])]
            )
            await views.apply_topic_events([event("born", f"T{i}", hours=i)])
            await views.apply_assignments([deletion(f"p{i - 2}", hours=i)])
        total = 0
        async for name in views.database._client.scan_iter(match=f"{prefix}*", count=1000):
            kind = await views.database.call("TYPE", name)
            count = {"hash": "HLEN", "zset": "ZCARD", "set": "SCARD", "stream": "XLEN"}.get(str(kind))
            total += int(await views.database.call(count, name)) if count and not name.endswith(":changed") else 1
        return total

    try:
        assert await size(0, 60) == await size(60, 120)
    finally:
        await views.wipe()
        await views.aclose()


class Delivery(msgspec.Struct):
    """One thing to apply."""

    assignment: Assignment | None = None
    event: TopicEvent | None = None


@st.composite
def deliveries(draw: st.DrawFn) -> list[Delivery]:
    """Posts over four topics, deletions, merges in topic order, all within the horizon."""
    posts = [
        assignment(
            f"p{i}",
            f"T{draw(st.integers(0, 3))}",
            author=f"a{draw(st.integers(0, 2))}",
            hours=-draw(st.integers(0, 30)),
            candidate=draw(st.booleans()),
            support=draw(st.booleans()),
            links=draw(st.lists(st.sampled_from(["https://a.example", "https://b.example"]), max_size=2)),
            text=draw(st.sampled_from(["wav2vec speech", "image cropping bias", "wav2vec cropping"])),
        )
        for i in range(draw(st.integers(1, 12)))
    ]
    gone = [deletion(post.id) for post in posts if draw(st.integers(0, 4)) == 0]
    merges = draw(st.lists(st.sampled_from([("T0", "T1"), ("T0", "T2"), ("T2", "T3")]), unique=True))
    happened = [event("merged", into, other_ids=[other], hours=-i) for i, (into, other) in enumerate(merges)]
    return [*(Delivery(assignment=one) for one in [*posts, *gone]), *(Delivery(event=one) for one in happened)]


async def deliver(views: Views, what: Sequence[Delivery], seed: int) -> None:
    """Assignments in any order with some twice; events in their order (one partition) with earlier ones again."""
    rng = random.Random(seed)
    assignments = [one.assignment for one in what if one.assignment]
    assignments += rng.sample(assignments, len(assignments) // 2)
    rng.shuffle(assignments)
    events = [one.event for one in what if one.event]
    done = 0
    while assignments or done < len(events):
        if assignments and (done == len(events) or rng.random() < 0.7):
            cut = rng.randint(1, 4)
            batch, assignments = assignments[:cut], assignments[cut:]
            await views.apply_assignments(batch)
        else:
            await views.apply_topic_events(events[rng.randint(0, done) : done + 1])
            done += 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(what=deliveries(), seed=st.integers(0, 2**20))
async def test_the_state_is_that_of_a_recount_in_whatever_order(redis: str, what: list[Delivery], seed: int) -> None:
    """The real store, fed in a random order with redeliveries, equals the fake that counts the set anew."""
    async with opened("memory", redis) as expected, opened("redis", redis) as views:
        await deliver(expected, what, 0)
        await deliver(views, what, seed)
        assert await dump(views) == await dump(expected)


async def test_readers_are_told_what_changed(redis: str) -> None:
    """`changes(since)` names the changed topics only, and those that are gone; `tail` wakes up for it."""
    async with opened("redis", redis) as views:
        start = await views.positions()
        await views.apply_assignments([assignment("1", "T1"), assignment("2", "T2")])
        seen = await views.changes(None)
        await views.apply_assignments([assignment("3", "T2"), deletion("1")])
        changes = await views.changes(seen.version)
        assert not changes.full
        assert changes.topics.keys() == {"T1", "T2"}
        assert changes.topics["T1"] is None
        events, pulse = await views.tail(*start, 1_000)
        assert events == []
        assert pulse == (await views.positions())[1]
        assert await views.tail(start[0], pulse or "", 10) == ([], None)
