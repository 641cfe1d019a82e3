"""The live view is a function of the set of applied events; tested on Redis and on the fake.

The order between partitions, the division into batches and redeliveries must have no effect, and old data are removed.
The fake counts everything again at each read; the real store must give the same result.
"""

import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.events import Assignment, TopicEvent
from models.live.limits import ViewLimits
from streams.redis_store.client import create_views
from tests.contracts.view_stores import Views, dump, opened
from tests.support.view_examples import DAY, NOW, assignment, deletion, digest, event


async def test_a_post_counts_once_however_often_and_in_whatever_batches_it_comes(views: Views) -> None:
    """Law 1: redelivery in other batches, and after other posts, changes nothing."""
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
    """Law 4, in event time. Late arrivals stay out. The counts equal those of a view without the old posts."""
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
    """Law 4: twice the stream gives the same number of keys; removed posts leave nothing behind."""
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
    """Posts over four topics, deletions, merges in topic order, then moves and stories, all within the horizon."""
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
    happened = [event("merged", into, other_ids=[other], hours=-9 + i) for i, (into, other) in enumerate(merges)]
    ids = [post.id for post in posts]
    for hour in range(draw(st.integers(0, 3))):
        some = draw(st.lists(st.sampled_from(ids), unique=True, max_size=4))
        topic = f"T{draw(st.integers(0, 3))}"
        happened.append(event("merged", topic, step="gathered", moved_ids=some, hours=-4 + hour, usual=hour / 10))
        happened.append(event("merged", topic, step="story", story_ids=some, hours=-4 + hour, spread=hour / 10))
    return [*(Delivery(assignment=one) for one in [*posts, *gone]), *(Delivery(event=one) for one in happened)]


async def deliver(views: Views, what: Sequence[Delivery], seed: int) -> None:
    """Assignments in any order with repetitions; events in order (one partition) with earlier ones repeated."""
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
    """The real store, in random order with redeliveries, equals the fake that counts the set again."""
    async with opened("memory", redis) as expected, opened("redis", redis) as views:
        await deliver(expected, what, 0)
        await deliver(views, what, seed)
        assert await dump(views) == await dump(expected)


async def test_readers_are_told_what_changed(redis: str) -> None:
    """`changes(since)` gives only changed and removed topics; `tail` returns when something changes."""
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
