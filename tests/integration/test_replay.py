"""Replay on a real broker: past weeks from the log, in isolation."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.events import Deletion, EmbeddedTweet, Influencer
from models.events.wire import content_hash, encode
from models.week.week import Week
from streams.kafka.digests import read_digests
from streams.kafka.influencers import put_influencers
from streams.kafka.log import bounds_of, consumer
from streams.kafka.topics import EMBEDDED, TOPICS
from streams.redis_store.client import open_views
from streams.refit.client import MadeDigest, RefitError
from streams.refit.reembed import read_week_again
from streams.replay.rebuild import Plan, publish, replay
from streams.replay.store import ReplayStore
from streams.settings import Settings
from tests.integration.pipeline import records_of
from tests.integration.replaying import ALL, NOW, publish_all, quick_refit, rebuilt, with_stored_weeks
from tests.support.footprint import changes, footprint
from tests.support.stored_weeks import WEEKS, demo_tweets, embed_all, put_posts
from tests.support.view_examples import digest as example


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> Settings:
    return await with_stored_weeks(kafka_bootstrap, redis_url, fresh_names, tmp_path)


async def ends(settings: Settings) -> dict[str, list[int]]:
    """End offsets of every topic."""
    found = {}
    for topic in TOPICS:
        async with consumer(settings, topic) as client:
            found[topic.name] = [bound.end for bound in (await bounds_of(client)).values()]
    return found


async def test_every_week_is_rebuilt_identically_and_nothing_is_touched(settings: Settings) -> None:
    """Also after late posts and a deletion, because a digest is read up to its original offset."""
    await publish_all(settings)
    known = await embed_all(settings, skip=10**9)
    late = [replace_id(tweet, "late") for tweet in demo_tweets() if Week.of(tweet.created_at) == ALL[0]][:5]
    gone = demo_tweets()[0]
    deletion = Deletion(id=gone.id, author_id=gone.author_id, deleted_at=NOW)
    await put_posts(settings, [*late, deletion])
    await embed_all(settings, skip=known)
    async with open_views(str(settings.redis_url), settings.prefix) as views:
        for week in ALL:
            await views.put_digest(example(str(week)), [])
    before = await footprint(settings)
    assert any(name.startswith("redis") for name in before)
    done = await rebuilt(settings, verify=True)
    assert [one.identical for one in done] == [True, True, True]
    assert all(one.differences() == [] and one.notes == () for one in done)
    assert changes(before, await footprint(settings)) == []


def replace_id(tweet: Any, prefix: str) -> Any:
    return msgspec.structs.replace(tweet, id=f"{prefix}-{tweet.id}")


async def test_a_replay_beside_a_live_stream(settings: Settings) -> None:
    """Posts sent during the replay all arrive, and the replayed weeks are unchanged."""
    await publish_all(settings)
    before = await ends(settings)
    news = [replace_id(tweet, "live") for tweet in demo_tweets()[-400:]]

    async def live() -> None:
        for first in range(0, len(news), 50):
            await put_posts(settings, news[first : first + 50])
            await asyncio.sleep(0)

    done, _ = await asyncio.gather(rebuilt(settings, verify=True), live())
    assert [one.identical for one in done] == [True, True, True]
    after = await ends(settings)
    assert sum(after["tweets"]) - sum(before["tweets"]) == len(news)
    assert {name: end for name, end in after.items() if name != "tweets"} == {
        name: end for name, end in before.items() if name != "tweets"
    }


async def test_posts_embedded_again_give_the_same_bytes(settings: Settings) -> None:
    """`--source tweets` reads the records of the digest, not later ones."""
    await publish_all(settings)
    late = [replace_id(tweet, "late") for tweet in demo_tweets() if Week.of(tweet.created_at) == ALL[1]][:5]
    await put_posts(settings, late)
    done = await rebuilt(settings, ALL[1], source="tweets", verify=True)
    assert [one.identical for one in done] == [True]
    piece = await read_week_again(settings, ALL[1])
    assert {"late-" + tweet.id.removeprefix("late-") for tweet in late} <= {
        record.tweet.id for record in piece.records if isinstance(record, EmbeddedTweet)
    }


async def test_a_chain_builds_on_what_it_rebuilt(settings: Settings) -> None:
    """A setting can be tried on several weeks, each building on the last one."""
    await publish_all(settings)
    first, second, _ = await rebuilt(settings, overrides={"seed": "12"})
    assert second.digest.manifest.previous_hash == content_hash(first.digest)


async def test_a_week_without_posts_is_left_out(settings: Settings) -> None:
    """As in week-close: there is no digest without posts."""
    silent = ALL[-1].next.next
    assert [one.week for one in await rebuilt(settings, ALL[2], silent)] == [ALL[2]]


async def test_publishing_is_a_correction_and_only_of_something_new(settings: Settings) -> None:
    """The next revision with the hash that it supersedes; nothing for the same bytes."""
    await publish_all(settings)
    (same,) = await rebuilt(settings, ALL[0])
    assert await publish(settings, same, lambda: NOW) is None
    (other,) = await rebuilt(settings, ALL[0], overrides={"seed": "12"})
    before = (await read_digests(settings))[WEEKS[0]]
    await publish(settings, other, lambda: NOW + timedelta(days=1))
    after = (await read_digests(settings))[WEEKS[0]]
    assert (after.revision, after.supersedes) == (2, before.hash)
    assert encode(after.digest) == other.made.value
    assert (after.slice_start, after.slice_end) == (before.slice_start, before.slice_end)


async def test_the_live_topics_are_taught_before_a_correction_is_published(settings: Settings) -> None:
    """Under the week's key and at its end, and never for an unpublished digest. The week still verifies."""
    await publish_all(settings)
    lesson = b"what the refit found"
    overrides: dict[str, str]
    for overrides, taught in (({}, []), ({"seed": "12"}, [lesson])):
        (one,) = await rebuilt(settings, ALL[0], overrides=overrides)
        (before,) = (await ends(settings))[EMBEDDED.name]
        await publish(settings, replace(one, made=replace(one.made, taught=lesson)), lambda: NOW)
        added = (await records_of(settings, EMBEDDED))[before:]
        found = [(record.key, record.value, record.time) for record in added]
        assert found == [(WEEKS[0].encode(), value, ALL[0].end) for value in taught]
    (same,) = await rebuilt(settings, ALL[0], overrides=overrides, verify=True)
    assert same.identical


async def test_an_interrupted_chain_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    """Finished weeks are not rebuilt, those with other inputs are, and a finished run leaves no files."""
    built: list[str] = []

    async def refit(*given: Any, **named: Any) -> MadeDigest:
        if len(built) == 2:
            raise RefitError("interrupted")
        built.append(str(given[0]))
        return await quick_refit(settings, *given, **named)

    store = ReplayStore(tmp_path / "replay")
    with pytest.raises(RefitError):
        await replay(settings, Plan(ALL), store=store, refit=refit)
    built.clear()
    done = await replay(settings, Plan(ALL), store=ReplayStore(tmp_path / "replay"), refit=refit)
    assert built == [WEEKS[2]]
    assert [one.resumed for one in done] == [True, True, False]
    built.clear()
    await replay(settings, Plan(ALL[:1], overrides={"seed": "3"}), store=store, refit=refit)
    assert built == [WEEKS[0]]
    again = ReplayStore(tmp_path / "replay")
    await replay(settings, Plan(ALL), store=again, refit=refit)
    again.clear()
    store.clear()
    assert list((tmp_path / "replay").iterdir()) == []


async def test_other_people_make_another_digest_of_an_interrupted_run(settings: Settings, tmp_path: Path) -> None:
    """The inputs of a stored week include the list of influencers."""
    for expected in (False, True, False):
        (one,) = await replay(
            settings, Plan(ALL[:1]), store=ReplayStore(tmp_path / "replay"), refit=partial(quick_refit, settings)
        )
        assert one.resumed is expected
        if expected:
            await put_influencers(settings, [Influencer(id="p1", name="Somebody")], at=NOW)


def test_weeks_of_a_range_of_days() -> None:
    """Every ISO week with a day in the range, also across the turn of a year."""
    from streams.replay.rebuild import weeks_between

    assert [str(week) for week in weeks_between(date(2021, 5, 9), date(2021, 5, 10), "UTC")] == ["2021-W18", "2021-W19"]
    assert [str(week) for week in weeks_between(date(2020, 12, 28), date(2021, 1, 4), "UTC")] == [
        "2020-W53",
        "2021-W01",
    ]
    assert len(weeks_between(date(2021, 1, 1), date(2021, 12, 31), "UTC")) == 53
    with pytest.raises(ValueError, match="before"):
        weeks_between(date(2021, 5, 9), date(2021, 5, 8), "UTC")
