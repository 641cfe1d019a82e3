"""Replay on a real broker: past weeks from the log, in isolation, and each difference explained."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

import streams.replay.tweets_slice
from models.events import Deletion, Digest, EmbeddedTweet, Influencer
from models.refit.week_posts import week_posts
from models.text import clean
from models.week import Week
from models.wire import content_hash, decode, encode
from streams.digest_log import read_digests
from streams.influencer_log import put_influencers
from streams.kafka.log import bounds_of, connection, consumer, producer, topic_name
from streams.redis_views import open_views
from streams.refit_process import MadeDigest, RefitError, config_with, library_versions
from streams.replay.rebuild import Plan, Replayed, publish, replay
from streams.replay.store import ReplayStore
from streams.replay.tweets_slice import read_week_again
from streams.settings import Settings, load_settings
from streams.topics import DIGESTS, EMBEDDED, TOPICS
from streams.week_slice import read_week
from tests.footprint import changes, footprint
from tests.stored_weeks import WEEKS, demo_tweets, embed_all, put_posts, store_weeks
from tests.view_examples import digest as example

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALL = [Week.parse(week) for week in WEEKS]


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(
        kafka_bootstrap_servers=kafka_bootstrap,
        redis_url=redis_url,
        prefix=fresh_names,
        data_dir=tmp_path,
        encoder="hash",
    )
    await store_weeks(made)
    return made


async def quick_refit(
    settings: Settings,
    week: Week,
    *,
    end: int | None,
    overrides: Mapping[str, str],
    source: str,
    previous: Path,
    progress: Any,
) -> MadeDigest:
    """As `RefitProcess.refit`, in this process and without BERTopic: the manifest is real, the topics are not."""
    read = read_week_again if source == "tweets" else read_week
    piece = await read(settings, week, end=end, progress=lambda done, of: progress("reading the week", done / of))
    posts = week_posts(piece.records, week)
    value = previous.read_bytes()
    made = example(str(week), headline=f"{len(posts)} posts, seed {config_with(overrides).seed}")
    manifest = msgspec.structs.replace(
        made.manifest,
        slice_hash=posts.slice_hash,
        records=len(posts),
        encoder=posts.encoder,
        settings_hash=config_with(overrides).digest(),
        versions=library_versions(),
        previous_hash=content_hash(decode(value, Digest)) if value else None,
    )
    return MadeDigest(encode(msgspec.structs.replace(made, manifest=manifest)), piece.start, piece.end, piece.read)


async def rebuilt(settings: Settings, *weeks: Week, **plan: Any) -> list[Replayed]:
    return await replay(settings, Plan(weeks or ALL, **plan), refit=partial(quick_refit, settings))


async def publish_all(settings: Settings) -> None:
    """The first digests of all weeks, each on the one before."""
    for week in ALL:
        (one,) = await rebuilt(settings, week)
        assert await publish(settings, one, lambda: NOW) is not None


async def ends(settings: Settings) -> dict[str, list[int]]:
    """End offsets of every topic."""
    found = {}
    for topic in TOPICS:
        async with consumer(settings, topic) as client:
            found[topic.name] = [bound.end for bound in (await bounds_of(client)).values()]
    return found


async def test_every_week_is_rebuilt_identically_and_nothing_is_touched(settings: Settings) -> None:
    """Also after late posts and a deletion, because a digest is read to where it was read before."""
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
    """Posts that go in meanwhile all arrive, and the replayed weeks are what they were."""
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
    """`--source tweets` reads what the digest was made of, not what came later."""
    await publish_all(settings)
    late = [replace_id(tweet, "late") for tweet in demo_tweets() if Week.of(tweet.created_at) == ALL[1]][:5]
    await put_posts(settings, late)
    done = await rebuilt(settings, ALL[1], source="tweets", verify=True)
    assert [one.identical for one in done] == [True]
    piece = await read_week_again(settings, ALL[1])
    assert {"late-" + tweet.id.removeprefix("late-") for tweet in late} <= {
        record.tweet.id for record in piece.records if isinstance(record, EmbeddedTweet)
    }


async def test_posts_that_are_embedded_otherwise_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifests say only that the records are others; what became of them is in the log."""
    await publish_all(settings)
    monkeypatch.setattr(
        streams.replay.tweets_slice, "clean", lambda text, **more: clean(text, **more).replace("a", "e")
    )
    with structlog.testing.capture_logs() as lines:
        (one,) = await rebuilt(settings, ALL[1], source="tweets", verify=True)
    assert [difference.name for difference in one.differences()] == ["slice"]
    (line,) = [line for line in lines if line["event"] == "posts are not embedded as they were"]
    assert 0 < line["different"] <= line["of"]


async def test_other_settings_are_named_and_the_rest_is_not(settings: Settings) -> None:
    """Exactly the input that differs."""
    await publish_all(settings)
    (one,) = await rebuilt(settings, ALL[1], overrides={"seed": "12"})
    assert not one.identical
    assert [difference.name for difference in one.differences()] == ["settings"]
    with pytest.raises(ValueError, match="min_topic_posts"):
        await rebuilt(settings, ALL[1], overrides={"no_such_setting": "1"})


async def test_a_correction_with_other_settings_says_which(settings: Settings) -> None:
    """It is verified with the same ones, and without them the difference is told by their names."""
    await publish_all(settings)
    (other,) = await rebuilt(settings, ALL[1], overrides={"seed": "12"})
    await publish(settings, other, lambda: NOW)
    (same,) = await rebuilt(settings, ALL[1], overrides={"seed": "12"}, verify=True)
    assert same.identical
    (plain,) = await rebuilt(settings, ALL[1], verify=True)
    (difference,) = plain.differences()
    assert difference.name == "settings"
    assert "(seed=12), now" in str(difference)
    assert str(difference).endswith("(the defaults)")


async def test_records_that_the_log_has_lost_are_named(settings: Settings) -> None:
    """By the offsets, once for the digest and once for people."""
    await publish_all(settings)
    first = (await read_digests(settings))[WEEKS[0]].slice_start
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        partition = TopicPartition(topic_name(settings, EMBEDDED), 0)
        await admin.delete_records({partition: RecordsToDelete(before_offset=first + 30)})
    finally:
        await admin.close()
    (one,) = await rebuilt(settings, ALL[0], verify=True)
    (difference,) = one.differences()
    assert difference.name == "offsets"
    assert difference.rebuilt.startswith(f"{first + 30:,} to ")
    assert "no longer has" in one.notes[0]


async def test_another_end_of_the_slice_is_named(settings: Settings) -> None:
    """The digest says which records it was made of."""
    await publish_all(settings)
    entry = (await read_digests(settings))[WEEKS[2]]
    await put(settings, WEEKS[2], encode(entry.digest), replace(entry, slice_end=entry.slice_end - 40).headers())
    (one,) = await rebuilt(settings, ALL[2], verify=True)
    (difference,) = one.differences()
    assert difference.name == "slice"
    assert "records" in str(difference)


async def put(settings: Settings, week: str, value: bytes | None, headers: Any = ()) -> None:
    async with producer(settings) as client:
        name = topic_name(settings, DIGESTS)
        await client.send_and_wait(name, key=week.encode(), value=value, headers=list(headers))


async def test_a_correction_of_the_week_before_is_seen_through(settings: Settings) -> None:
    """The digest still rests on what it was made from, and that is said; when it is gone, the difference is."""
    await publish_all(settings)
    (corrected,) = await rebuilt(settings, ALL[0], overrides={"seed": "12"})
    entry = await publish(settings, corrected, lambda: NOW)
    assert entry is not None
    (one,) = await rebuilt(settings, ALL[1], verify=True)
    assert one.identical
    (note,) = one.notes
    assert "2021-W09: corrected since (revision 2); taken as it was then (revision 1)" in note
    await put(settings, WEEKS[0], None)  # as compaction does to revision 1
    await put(settings, WEEKS[0], corrected.made.value, entry.headers())
    (one,) = await rebuilt(settings, ALL[1], verify=True)
    assert not one.identical
    assert [difference.name for difference in one.differences()] == ["previous digest"]
    assert "no longer on the log" in one.notes[0]


async def test_a_digest_that_had_none_before_it_is_verified_without(settings: Settings) -> None:
    """A week filled in later does not change what the digests after it were made from."""
    for week in (ALL[1], ALL[0]):
        (made,) = await rebuilt(settings, week)
        await publish(settings, made, lambda: NOW)
    (one,) = await rebuilt(settings, ALL[1], verify=True)
    assert one.identical
    assert "2021-W09" in one.notes[0]


async def test_a_chain_builds_on_what_it_rebuilt(settings: Settings) -> None:
    """Trying a setting on several weeks shows what they would have been."""
    await publish_all(settings)
    first, second, _ = await rebuilt(settings, overrides={"seed": "12"})
    assert second.digest.manifest.previous_hash == content_hash(first.digest)


async def test_a_week_without_posts_is_left_out(settings: Settings) -> None:
    """As week-close leaves it out: nobody gets a digest of nothing."""
    silent = ALL[-1].next.next
    assert [one.week for one in await rebuilt(settings, ALL[2], silent)] == [ALL[2]]


async def test_publishing_is_a_correction_and_only_of_something_new(settings: Settings) -> None:
    """Next revision, what it supersedes, and nothing at all for the same bytes."""
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


async def test_an_interrupted_chain_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    """Finished weeks are not built again, those with other inputs are, and a finished run leaves nothing."""
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
    """What a kept week was made of includes who is listened to."""
    for expected in (False, True, False):
        (one,) = await replay(
            settings, Plan(ALL[:1]), store=ReplayStore(tmp_path / "replay"), refit=partial(quick_refit, settings)
        )
        assert one.resumed is expected
        if expected:
            await put_influencers(settings, [Influencer(id="p1", name="Somebody")], at=NOW)


@pytest.mark.timeout(1200)  # two real refits in fresh processes
def test_the_command_publishes_verifies_and_names_the_difference(settings: Settings) -> None:
    """The real refit in its own process: identical bytes, then another list of influencers, then exit code 1."""

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
            "REDIS_URL": str(settings.redis_url),
            "TOPTOPICS_PREFIX": settings.prefix,
            "TOPTOPICS_DATA_DIR": str(settings.data_dir),
            "TOPTOPICS_ENCODER": "hash",
        }
        call = [sys.executable, "-m", "streams.cli", "replay", *arguments]
        return subprocess.run(call, env=environment, capture_output=True, text=True, timeout=500)

    assert command("2021-W10", "--verify", "--publish").returncode == 2
    published = command("2021-W10", "--publish")
    assert "published as revision 1" in published.stdout, published.stderr
    verified = command("2021-W10", "--verify")
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.startswith("2021-W10: identical")


async def test_a_changed_list_of_influencers_is_named(settings: Settings) -> None:
    """By the command that verifies, with exit code 1 and as JSON."""
    person = Influencer(id="p1", name="Somebody", handles={"x": "somebody"})
    await put_influencers(settings, [person], at=NOW)
    await publish_all(settings)
    (one,) = await rebuilt(settings, ALL[0], verify=True)
    other = msgspec.structs.replace(
        one.digest, manifest=msgspec.structs.replace(one.digest.manifest, influencers_hash="a" * 64)
    )
    different = replace(one, digest=other, made=replace(one.made, value=encode(other)))
    assert [difference.name for difference in different.differences()] == ["influencers"]
    assert orjson.loads(different.made.value)["week"] == WEEKS[0]


def test_weeks_of_a_range_of_days() -> None:
    """Every ISO week with a day in it, over the turn of a year too."""
    from streams.replay.rebuild import weeks_between

    assert [str(week) for week in weeks_between(date(2021, 5, 9), date(2021, 5, 10), "UTC")] == ["2021-W18", "2021-W19"]
    assert [str(week) for week in weeks_between(date(2020, 12, 28), date(2021, 1, 4), "UTC")] == [
        "2020-W53",
        "2021-W01",
    ]
    assert len(weeks_between(date(2021, 1, 1), date(2021, 12, 31), "UTC")) == 53
    with pytest.raises(ValueError, match="before"):
        weeks_between(date(2021, 5, 9), date(2021, 5, 8), "UTC")
