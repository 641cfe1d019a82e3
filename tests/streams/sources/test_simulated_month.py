"""A month of a feed and of Bluesky: what is on the log afterwards is what was written, and nothing old."""

from datetime import timedelta
from pathlib import Path

import pytest

from models.events import Deletion
from models.week.week import Week
from tests.support.simulated_month import START, a_month, simulated, title


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_month(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every post once, under the newest name; edits where words changed; no week but the month's."""
    with simulated(seed, tmp_path, monkeypatch) as (world, sources):
        await a_month(world, sources, monkeypatch)
    posts = sources.log.tweets()
    firsts = [post for post in posts if post.edit_of is None]
    assert sorted(title(post) for post in firsts) == sorted(world.written)
    assert {title(post): post.created_at for post in firsts} == world.written
    assert {Week.of(post.created_at) for post in posts} == {Week.of(START + timedelta(weeks=week)) for week in range(4)}
    edits = [post for post in posts if post.edit_of is not None]
    assert {title(post) for post in edits} == world.edited
    assert all(post.text.endswith("A correction in words.") for post in edits)
    assert len(edits) == len(world.edited)
    named = [post.author for post in firsts if post.source == "bluesky"]
    assert set(named) == {"ada.test", "ada.example"}
    assert named == sorted(named, reverse=True)
    assert not [post for post in sources.log.posts if isinstance(post, Deletion)]
    assert not sources.log.letters
