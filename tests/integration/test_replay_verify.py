"""What `toptopics replay --verify` says on a real broker: each input that differs, by its name, and no other."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
import structlog
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

import streams.refit.reembed
from models.events import Influencer
from models.events.wire import encode
from models.text import clean
from streams.kafka.digests import read_digests
from streams.kafka.influencers import put_influencers
from streams.kafka.log import connection, producer, topic_name
from streams.kafka.topics import DIGESTS, EMBEDDED
from streams.replay.rebuild import IncompleteLogError, publish
from streams.settings import Settings
from tests.integration.replaying import ALL, NOW, publish_all, rebuilt, with_stored_weeks
from tests.support.stored_weeks import WEEKS


@pytest.fixture
async def settings(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> Settings:
    return await with_stored_weeks(kafka_bootstrap, redis_url, fresh_names, tmp_path)


async def test_posts_that_are_embedded_otherwise_are_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifests say only that the records are others; what became of them is in the log."""
    await publish_all(settings)
    monkeypatch.setattr(streams.refit.reembed, "clean", lambda text, **more: clean(text, **more).replace("a", "e"))
    with structlog.testing.capture_logs() as lines:
        (one,) = await rebuilt(settings, ALL[1], source="tweets", verify=True)
    assert [difference.name for difference in one.differences()] == ["slice"]
    (line,) = [line for line in lines if line["event"] == "posts differ from the stored ones; the digest may differ"]
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
    """It is verified with them, asked for or not; with today's defaults the difference is told by their names."""
    await publish_all(settings)
    (other,) = await rebuilt(settings, ALL[1], overrides={"seed": "12"})
    await publish(settings, other, lambda: NOW)
    for asked in ({"seed": "12"}, {}):
        (same,) = await rebuilt(settings, ALL[1], overrides=asked, verify=True)
        assert (same.identical, same.settings) == (True, "seed=12")
    (plain,) = await rebuilt(settings, ALL[1])
    (difference,) = plain.differences()
    assert difference.name == "settings"
    assert "(seed=12), now" in str(difference)
    assert str(difference).endswith("(the defaults)")


async def test_records_that_the_log_has_lost_are_named(settings: Settings) -> None:
    """The verdict is not "different", and certainly not "identical": nothing can be said of this week."""
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
    assert not one.identical
    assert one.missing == f"the log begins at offset {first + 30:,}, and the week at {first:,}"
    assert "no longer holds this week" in one.notes[0]
    with pytest.raises(IncompleteLogError, match="no longer holds this week"):
        await publish(settings, one, lambda: NOW)


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
    assert "2021-W09: corrected later (revision 2); using the original (revision 1)" in note
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
