"""Stage week-close: a due week is published once, by the owner, and readers see no repetition after a crash."""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from models.events.wire import encode
from models.week.week import Week
from streams.kafka.digests import week_before
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS, DIGESTS_EDITED, EMBEDDED
from streams.stages.week_close import WeekReport
from tests.support.made_posts import START, FakeSend, embedded, record, tweet
from tests.support.week_close_world import NOW, World


async def test_a_closed_week_is_published_once() -> None:
    """The headers, not the value, say where it was read."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.tick(active=True)
    (entry,) = world.published()
    assert (entry.digest.week, entry.revision, entry.slice_end, entry.made_at) == ("2021-W18", 1, 2, NOW)
    assert b"made_at" not in encode(entry.digest)


async def test_the_stage_reports_what_is_due_and_how_far_event_time_is() -> None:
    """For the metrics: a week that stays due is a digest that is late, whatever holds it back."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    world.lag = [3]
    await stage.tick(active=True)
    held = world.reports[-1]
    assert (held.due, held.newest_made) == (1, None)
    assert held.watermark == START + timedelta(hours=7 * 24 + 1)
    world.lag = []
    await stage.tick(active=True)
    assert (world.reports[-1].due, world.reports[-1].newest_made) == (0, NOW)
    await stage.tick(active=False)
    assert world.reports[-1] == WeekReport(0, None, None)


async def test_lag_of_the_embed_stage_holds_the_week_open() -> None:
    """Its missing posts would be late without any fault of theirs."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    world.lag = [3]
    await stage.tick(active=True)
    assert world.refits == []
    world.lag = []
    await stage.tick(active=True)
    assert world.refits == ["2021-W18"]


async def test_a_standby_publishes_nothing() -> None:
    """Only the owner of the partition publishes. A process that takes over first reads the log."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    owner, standby = world.stage(), world.stage()
    await standby.tick(active=False)
    await owner.tick(active=True)
    assert len(world.published()) == 1
    await standby.tick(active=True)
    assert world.refits == ["2021-W18"]


async def test_after_a_crash_before_publishing_the_week_is_closed_again() -> None:
    """Offsets were committed long ago; the log itself shows which weeks are due."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    await world.stage().tick(active=True)
    assert [entry.digest.week for entry in world.published()] == ["2021-W18"]


async def test_what_arrives_while_a_worker_finds_out_where_things_stand_counts() -> None:
    """It lies behind the end that was read and is acknowledged: a late post or a deletion would be missed."""
    world = World()
    await world.closed_week()
    stage = world.stage()
    read, late = stage._read_log, [(2, 6.0), (3, 6.5)]

    async def slowly(since: datetime | None, offset: int | None) -> AsyncIterator[list[Record]]:
        async for records in read(since, offset):
            yield list(records)
        if late:
            await stage.follow([world.append(*late.pop(0))])

    stage._read_log = slowly
    await stage.tick(active=True)
    assert not late
    world.now, world.says = world.now + timedelta(seconds=61), "second"
    await stage.tick(active=True)
    assert [(entry.revision, entry.slice_end) for entry in world.published()] == [(1, 2), (2, 4)]


async def test_a_correction_withdraws_what_a_model_wrote_about_the_digest_before() -> None:
    """A null value on `digests.edited` comes first; the first digest of a week has nothing to withdraw."""
    world = World()
    await world.closed_week()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(2, 6.0)])
    world.now, world.says = world.now + timedelta(seconds=61), "second"
    await stage.tick(active=True)
    topics = [(sent.topic, sent.value is None) for sent in world.send.sent]
    assert topics == [(DIGESTS.name, False), (DIGESTS_EDITED.name, True), (DIGESTS.name, False)]


async def test_a_log_that_was_made_anew_is_not_waited_for() -> None:
    """The old log's offsets are higher than those of the new log."""
    world = World()
    stage = world.stage()
    await stage.follow([record(embedded(tweet(0), "0:0"), 50)])
    world.append(1, 5)
    world.append(2, 8 * 24 + 1)
    await stage.tick(active=True)
    assert world.refits == ["2021-W18"]


async def test_what_the_refit_teaches_goes_before_the_digest() -> None:
    """A crash between the two repeats both. A digest published first could leave its WeekTopics unsent."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    world.teaches = b"a lesson"
    crashed = world.stage()
    lost = FakeSend(broken=True)

    async def until_the_digest(topic: str, **record: Any) -> Awaitable[object]:
        return await (lost if topic == DIGESTS.name else world.send)(topic, **record)

    crashed._send = until_the_digest
    with pytest.raises(ConnectionError):
        await crashed.tick(active=True)
    assert world.published() == []
    await world.stage().tick(active=True)
    assert [(sent.topic, sent.key) for sent in world.send.sent] == [
        (EMBEDDED.name, b"2021-W18"),
        (EMBEDDED.name, b"2021-W18"),
        (DIGESTS.name, b"2021-W18"),
    ]
    assert world.send.on(EMBEDDED.name) == [b"a lesson"] * 2
    assert {sent.timestamp for sent in world.send.sent} == {Week.parse("2021-W18").end}


def test_a_digest_builds_on_the_newest_one_before_it() -> None:
    """After a silent week all topics would otherwise lose their ids."""
    assert week_before(["2020-W53", "2021-W02", "2021-W18"], Week.parse("2021-W18")) == "2021-W02"
    assert week_before(["2020-W53"], Week.parse("2021-W01")) == "2020-W53"
    assert week_before([], Week.parse("2021-W18")) == "2021-W17"


@pytest.mark.parametrize(("log_start", "told"), [(0, False), (1, False), (2, True)])
async def test_a_first_digest_from_a_log_that_begins_in_its_week_is_told(log_start: int, told: bool) -> None:
    """Retention or a trim took posts of a week before it was closed: nobody saw that its digest lacked them."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, -30), world.append(1, -20), world.append(2, 5), world.append(3, 8 * 24 + 1)])
    world.log_start = log_start
    with capture_logs() as lines:
        await stage.tick(active=True)
    found = [line["week"] for line in lines if "may lack posts" in line["event"]]
    assert ("2021-W18" in found) is told
