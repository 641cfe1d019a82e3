"""A reader of the live view notices that it was wiped and filled again, however quickly. One log owns a view."""

import asyncio

import pytest

from streams.redis_store.client import open_views
from streams.redis_store.view_positions import OtherLogError, ViewPositions
from streams.views.memory import MemoryViews
from tests.contracts.view_stores import dump
from tests.support.view_examples import assignment


async def test_a_wiped_view_is_not_taken_for_the_one_before(redis_url: str, fresh_names: str) -> None:
    """As many changes after the wipe as before: a counter that restarts at 1 would look unchanged."""
    async with open_views(redis_url, fresh_names) as views:
        await views.apply_assignments([assignment("p1", "T1")])
        known = (await views.changes(None)).version
        await views.wipe()
        await views.apply_assignments([assignment("p2", "T2")])
        changes = await views.changes(known)
    assert changes.full
    assert set(changes.topics) == {"T2"}


async def test_a_second_installation_on_the_same_redis_is_refused(redis_url: str, fresh_names: str) -> None:
    """It would mix its posts into the view of the first one. A wipe on purpose makes the view its own."""

    async def first() -> str:
        return "cluster-1"

    async def second() -> str:
        return "cluster-2"

    async with open_views(redis_url, fresh_names) as views:
        ours = ViewPositions(views.database, fresh_names, first)
        theirs = ViewPositions(views.database, fresh_names, second)
        stored = await ours.position("assignments", 0)
        assert await ours.advance("assignments", 0, before=stored, to=7)
        with pytest.raises(OtherLogError, match=r"cluster-1.*TOPTOPICS_PREFIX.*rebuild-views") as refused:
            await theirs.check()
        assert "cluster-2" in str(refused.value)
        assert (await ours.position("assignments", 0)).offset == 7
        await ViewPositions(views.database, f"{fresh_names}other-", second).check()

        await views.wipe()
        await theirs.check()
        with pytest.raises(OtherLogError, match="cluster-2"):
            await ours.position("assignments", 0)


async def test_no_post_survives_a_wipe_in_some_of_its_keys(redis_url: str, fresh_names: str) -> None:
    """`rebuild-views` runs beside the worker: a post that it wrote during the wipe was then counted for ever, and the
    event that moved it ended the stage with an error of the script.
    """
    posts = [assignment(f"p{number}", f"T{number}") for number in range(300)]
    async with open_views(redis_url, fresh_names) as views, open_views(redis_url, fresh_names) as worker:
        await views.apply_assignments(posts)
        wiping = asyncio.create_task(views.wipe())
        while not wiping.done():
            await worker.apply_assignments(posts)
        await wiping
        await worker.apply_assignments(posts)
        recount = MemoryViews()
        await recount.apply_assignments(posts)
        assert await dump(views) == await dump(recount)
