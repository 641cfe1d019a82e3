"""Stage week-close when the log no longer holds a week: readers never get less than before."""

from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from msgspec import structs

from models.digest.cited import cited_posts
from models.events import Deletion, Digest
from models.events.wire import encode
from streams.kafka.digests import PublishedDigest
from streams.stages.week_close import WeekCloseStage
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of
from tests.support.made_posts import START, record
from tests.support.week_close_world import World

GOOD = structs.replace(digest_of(PLAIN, [LANTERN, HARBOUR]), week="2021-W18")


async def _good_digest(digest: Digest = GOOD) -> tuple[World, WeekCloseStage]:
    """A world in which a good digest of three posts is published."""
    world = World()
    world.digest = digest
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 6), world.append(2, 7), world.append(3, 8 * 24 + 1)])
    await stage.tick(active=True)
    assert [entry.digest for entry in world.published()] == [digest]
    world.digest = None
    return world, stage


async def _late(world: World, stage: WeekCloseStage, count: int) -> None:
    for number in range(count):
        await stage.follow([world.append(len(world.log), 5 + number / 10)])
    await _quiet(world, stage)


async def _quiet(world: World, stage: WeekCloseStage) -> None:
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)


async def _deleted(world: World, stage: WeekCloseStage, *posts: str) -> None:
    for post in posts:
        gone = Deletion(id=post, author_id="a", deleted_at=START + timedelta(days=9), origin="1:1")
        world.log.append(record(gone, len(world.log)))
        await stage.follow([world.log[-1]])
    await _quiet(world, stage)


def _of_week(world: World) -> list[PublishedDigest]:
    return [entry for entry in world.published() if entry.digest.week == "2021-W18"]


@pytest.mark.parametrize("late", [1, 5])
async def test_a_late_post_does_not_replace_a_digest_whose_posts_are_gone(late: int) -> None:
    """Neither by a quiet week, nor when more posts came late than were lost."""
    world, stage = await _good_digest()
    world.log_start, world.says = 3, "a quiet week"
    with structlog.testing.capture_logs() as lines:
        await _late(world, stage, late)
    first, *later = _of_week(world)
    assert all((entry.digest, entry.revision, entry.made_at) == (GOOD, 1, first.made_at) for entry in later)
    assert world.outcomes[:2] == ["published", "kept"]
    (line,) = [line for line in lines if "no longer" in line["event"]]
    assert (line["week"], line["missing"]) == ("2021-W18", "the log begins at offset 3, and the week at 0")


async def test_a_hole_in_the_log_is_found_by_counting() -> None:
    """A log that was made anew from a part of the posts begins at 0 and is poorer all the same."""
    world, stage = await _good_digest()
    world.log[1:3] = [replace(world.log[3], offset=offset) for offset in (1, 2)]
    await _late(world, stage, 1)
    assert {entry.revision for entry in _of_week(world)} == {1}
    assert "kept" in world.outcomes


async def test_a_digest_of_an_older_version_counts_its_own_posts() -> None:
    """Its record does not say how many posts the slice held: its manifest and its statistics do."""
    statistics = structs.replace(GOOD.statistics, deleted=2)
    world, stage = await _good_digest(
        structs.replace(GOOD, statistics=statistics, manifest=structs.replace(GOOD.manifest, records=8))
    )
    (first,) = _of_week(world)
    await world.replayed(replace(first, held=0, revision=2))
    await _late(world, stage, 1)
    assert _of_week(world)[-1].digest.topics, "9 posts are fewer than 8 and 2 deleted ones"


async def test_a_deleted_post_leaves_the_digest_itself() -> None:
    """Nothing of it is shown any more, and everything else is."""
    world, stage = await _good_digest()
    world.log_start, world.says = 3, "a quiet week"
    gone = GOOD.topics[0].items[0].sentence.posts[0]
    await _deleted(world, stage, gone)
    first, last = _of_week(world)[0], _of_week(world)[-1]
    assert (last.revision, last.supersedes, last.changes) == (2, first.hash, "1 deleted post removed")
    assert gone not in encode(last.digest).decode()
    assert [topic.id for topic in last.digest.topics] == [topic.id for topic in GOOD.topics]
    assert cited_posts(last.digest) == cited_posts(GOOD) - {gone}
    after_restart = world.stage()
    await _quiet(world, after_restart)
    assert _of_week(world)[-1] == last, "the deletion is read only once"


async def test_a_retweet_goes_with_its_original_when_the_log_knows_neither() -> None:
    """The digest itself says which retweet repeats which post."""
    shown = GOOD.topics[0].items[0].sentence.posts[0]
    world, stage = await _good_digest(structs.replace(GOOD, repeats={shown: "elsewhere"}))
    world.log_start = 3
    await _deleted(world, stage, "elsewhere")
    assert _of_week(world)[-1].revision == 2
    assert shown not in encode(_of_week(world)[-1].digest).decode()


async def test_the_deletion_of_an_original_is_noticed_after_a_restart() -> None:
    """The retweet itself is before what a restart reads."""
    shown = GOOD.topics[0].items[0].sentence.posts[0]
    world, _ = await _good_digest(structs.replace(GOOD, repeats={shown: "elsewhere"}))
    world.says = "corrected"
    stage = world.stage()
    await stage.tick(active=True)
    await _deleted(world, stage, "elsewhere")
    assert _of_week(world)[-1].digest.headline.text == "corrected"


async def test_what_arrives_during_a_refit_is_not_forgotten() -> None:
    """It is behind the end of the slice, and was seen before the week counted as closed."""
    world = World()
    stage = world.stage()
    await stage.tick(active=True)
    await stage.follow([world.append(0, 5), world.append(1, 8 * 24 + 1)])
    world.arrives = [(2, 6.0)]
    await stage.tick(active=True)
    world.says = "with the post that came meanwhile"
    await _quiet(world, stage)
    assert [(entry.revision, entry.slice_end) for entry in _of_week(world)] == [(1, 2), (2, 3)]


async def test_a_correction_that_shows_the_same_is_no_new_revision() -> None:
    """The digest is written again with the offset that was read, so that a restart does not refit it again."""
    world, stage = await _good_digest()
    numbers = structs.replace(GOOD.statistics, posts=GOOD.statistics.posts + 1)
    manifest = structs.replace(GOOD.manifest, records=GOOD.manifest.records + 1, slice_hash="a" * 64)
    world.digest = structs.replace(GOOD, statistics=numbers, manifest=manifest)
    await _late(world, stage, 1)
    first, second = _of_week(world)
    assert (second.digest, second.revision, second.slice_end) == (GOOD, 1, first.slice_end)
    assert (second.read_end, world.outcomes[:2]) == (5, ["published", "unchanged"])
    refits = len(world.refits)
    await _quiet(world, world.stage())
    assert world.refits[refits:].count("2021-W18") == 0


async def test_a_deletion_is_a_correction_even_when_the_text_stays() -> None:
    """The post's id and address are still in the digest."""
    world, stage = await _good_digest()
    world.digest = GOOD
    gone = next(iter(cited_posts(GOOD)))
    world.digest = structs.replace(GOOD, manifest=structs.replace(GOOD.manifest, slice_hash="a" * 64))
    await _deleted(world, stage, gone)
    assert _of_week(world)[-1].revision == 2


async def test_a_correction_says_what_it_changed() -> None:
    """For whoever gets it a second time."""
    world, stage = await _good_digest()
    world.digest = structs.replace(GOOD, topics=GOOD.topics[:1], overview=GOOD.overview[:1])
    await _late(world, stage, 1)
    assert (_of_week(world)[-1].revision, _of_week(world)[-1].changes) == (2, "1 topic removed")
