"""A reader of the live view notices that it was wiped and filled again, however quickly."""

from streams.redis_store.client import open_views
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
