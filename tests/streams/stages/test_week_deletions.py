"""A cited post is deleted: the digest is corrected, wherever it cites the post."""

from datetime import timedelta

from models.events import Deletion
from tests.support.made_posts import START, record
from tests.support.week_close_world import World


async def test_a_deletion_of_any_cited_post_makes_a_correction() -> None:
    """Also a post that is not among the topic's 200 most central ones but is cited by a sentence."""
    world = World()
    world.cites = ["p00000"]
    stage, first = await world.closed_week()
    gone = Deletion(id="p00000", author_id="a", deleted_at=START + timedelta(days=9), origin="1:1")
    tombstone = record(gone, len(world.log))
    world.log.append(tombstone)
    await stage.follow([tombstone])
    world.says, world.cites = "corrected", []
    world.now += timedelta(seconds=61)
    await stage.tick(active=True)
    last = [entry for entry in world.published() if entry.digest.week == "2021-W18"][-1]
    assert (last.revision, last.supersedes, last.digest.headline.text) == (2, first.hash, "corrected")
