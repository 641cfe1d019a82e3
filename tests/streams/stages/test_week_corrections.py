"""Stage week-close: a late post makes a correction, which continues from what a replay has published."""

from dataclasses import replace
from datetime import timedelta

from models.events import Digest
from models.events.wire import content_hash as digest_hash
from models.events.wire import decode, encode
from models.week.week import Week
from streams.kafka.topics import EMBEDDED
from tests.support.made_lessons import lesson
from tests.support.made_posts import record
from tests.support.week_close_world import World, made_digest


async def test_a_late_post_makes_a_correction_also_over_a_restart() -> None:
    """`supersedes` names the value that it replaces."""
    world = World()
    world.append(0, 5)
    world.append(1, 8 * 24 + 1)
    await world.stage().tick(active=True)
    world.append(2, 6)
    world.says = "second"
    after_restart = world.stage()
    await after_restart.tick(active=True)
    assert len(world.published()) == 1, "not before it is quiet"
    world.now += timedelta(seconds=61)
    await after_restart.tick(active=True)
    first, second = world.published()
    assert (second.revision, second.supersedes) == (2, first.hash)
    assert decode(encode(second.digest), Digest).headline.text == "second"


async def test_a_correction_that_changes_nothing_bothers_nobody() -> None:
    """A late copy of a known post."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5)])
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)
    assert world.refits.count("2021-W18") == 2
    assert [entry.digest.week for entry in world.published()] == ["2021-W18", "2021-W19"]


async def test_a_correction_counts_on_from_what_a_replay_has_published() -> None:
    """`toptopics replay --publish` writes to the same topic while the stage runs."""
    world = World()
    stage, first = await world.closed_week()
    digest = made_digest(Week.parse("2021-W18"), "replayed")
    replayed = replace(first, digest=digest, revision=2, supersedes=first.hash)
    await world.replayed(replayed)
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.supersedes) == (3, replayed.hash)


async def test_a_late_post_keeps_the_settings_that_somebody_chose_for_the_week() -> None:
    """`replay --set … --publish` is a decision; a late post is not. Other weeks keep the defaults."""
    world = World()
    stage, first = await world.closed_week()
    chosen = replace(first, revision=2, supersedes=first.hash, settings="max_entries=5 min_topic_posts=6")
    await world.replayed(chosen)
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.settings) == (3, chosen.settings)
    assert {"max_entries": "5", "min_topic_posts": "6"} in world.chosen
    assert world.chosen[world.refits.index("2021-W19")] == {}


async def test_settings_that_are_chosen_while_a_correction_is_made_count_too() -> None:
    """Otherwise the correction would restore, a minute later, the settings that the replay has just replaced."""
    world = World()
    stage, first = await world.closed_week()
    digest = made_digest(Week.parse("2021-W18"), "replayed")
    world.meanwhile = replace(first, digest=digest, revision=2, supersedes=first.hash, settings="max_entries=5")
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.supersedes, last.settings) == (3, digest_hash(digest), "max_entries=5")


async def test_a_setting_that_is_no_more_does_not_stop_the_corrections() -> None:
    """After an upgrade, or written by hand: the other settings are kept."""
    world = World()
    stage, first = await world.closed_week()
    await world.replayed(replace(first, revision=2, settings="no_such=1 max_entries=x seed=3"))
    world.says = "corrected"
    last = await world.late_post(stage)
    assert (last.revision, last.settings) == (3, "seed=3")
    assert {"seed": "3"} in world.chosen


async def test_a_correction_that_changes_nothing_teaches_nothing() -> None:
    """WeekTopics on the log are no post that keeps a week open."""
    world = World()
    world.teaches = encode(lesson([], 64))
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    await stage.tick(active=True)
    await stage.follow([record(world.teaches, len(world.log)), world.append(0, 5)])
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)
    assert world.refits.count("2021-W18") == 2
    assert len(world.send.on(EMBEDDED.name)) == len(world.published())
