"""Two communities on one installation, with one worker: each is as if it were alone, and can be removed alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from models.events import Assignment, Community, EmbeddedTweet, Influencer, Tweet
from models.events.wire import decode, decode_log, encode
from models.week.week import Week
from streams.clock import system_clock
from streams.kafka.communities import read_communities, settings_of
from streams.kafka.influencers import put_influencers, read_influencers
from streams.kafka.topics import ASSIGNMENTS, DEAD_LETTERS, DIGESTS, EMBEDDED, TWEETS
from streams.operations.communities import CommunityError, add_community, remove_community
from streams.redis_store.client import open_views
from streams.refit.client import RefitProcess
from streams.settings import Settings
from tests.integration.pipeline import (
    WorkerProcess,
    pipeline_settings,
    produce,
    records_of,
    until_accounted,
    until_digests,
)
from tests.support.footprint import footprint
from tests.support.made_weeks import SUBJECTS, post
from tests.support.stored_weeks import demo_tweets

pytestmark = pytest.mark.timeout(1200)
ZONES = {"ml": "UTC", "bio": "Pacific/Auckland"}
WEEKS = {"ml": "2021-W09", "bio": "2021-W18"}
LISTED = [Influencer(id="gardener", name="Gardener", handles={"x": "gardener"}, weight=3.0)]


def _posts() -> dict[str, list[Tweet]]:
    """Some of the demo's, and a set about other things. Both have one post of somebody whom both follow."""
    other = []
    for number, (subject, text) in enumerate(9 * list(SUBJECTS.items())):
        words = text.split()
        said = f"{words[number % 5]} and {words[0]}: {subject} {' '.join(words[1:4])}"
        other.append(post(number, said, author=f"{subject}{number % 8}", hours=3.0 * number))
    ours = demo_tweets()[:300]
    shared = structs.replace(ours[7], id="shared", author_id="both", author="both")
    return {"ml": [*ours, shared], "bio": [*other, structs.replace(shared, created_at=other[7].created_at)]}


async def _alone(kafka: str, redis: str, names: str, folder: Path, name: str) -> bytes:
    """The digest of an installation that has only these posts, embedded and refitted as a rebuild does it."""
    async with pipeline_settings(kafka, redis, f"{names}{name}-alone-", folder) as settings:
        settings = settings.model_copy(update={"timezone": ZONES[name]})
        if name == "bio":
            await put_influencers(settings, LISTED, at=system_clock())
        await produce(settings, _posts()[name])
        process = RefitProcess(settings)
        try:
            return (await process.refit(Week.parse(WEEKS[name], ZONES[name]), source="tweets")).value
        finally:
            await process.aclose()


async def test_two_communities_are_each_as_alone(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The same digests, byte for byte; nothing of one is in another; removed, nothing of it stays."""
    posts = _posts()
    alone = {name: await _alone(kafka_bootstrap, redis_url, fresh_names, tmp_path / name, name) for name in posts}
    async with pipeline_settings(kafka_bootstrap, redis_url, f"{fresh_names}t-", tmp_path / "all") as settings:
        settings.data_dir.mkdir()
        own = {name: await _added(settings, name) for name in posts}
        await put_influencers(own["bio"], LISTED, at=system_clock())
        for name, values in posts.items():
            await produce(own[name], values)
        await produce(settings, [structs.replace(posts["ml"][0], id="towns-own")])
        worker = WorkerProcess(settings, tmp_path / "worker.log")
        worker.start()
        try:
            for name in posts:
                found = await until_digests(own[name], [WEEKS[name]], worker)
                assert encode(found[WEEKS[name]].digest) == alone[name], name
                audit = await until_accounted(own[name], worker)
                assert (audit.produced, audit.twice) == (len(posts[name]), [])
            await until_accounted(settings, worker)
            await _nothing_of_one_is_in_another(settings, own, posts)
            await _removed(settings, own["ml"], worker)
            late = structs.replace(posts["bio"][-1], id="after", text="wasps nest under the ferry again")
            await produce(own["bio"], [late])
            assert (await until_accounted(own["bio"], worker)).produced == len(posts["bio"]) + 1
        finally:
            code = worker.stop()
        assert code == 0
        assert await read_influencers(own["bio"]) == LISTED


async def _added(settings: Settings, name: str) -> Settings:
    wanted = Community(name=name, number=1, timezone=ZONES[name])
    return settings_of(settings, await add_community(settings, wanted, system_clock))


async def _nothing_of_one_is_in_another(
    settings: Settings, own: dict[str, Settings], posts: dict[str, list[Tweet]]
) -> None:
    ids = {name: {one.id for one in values} for name, values in posts.items()}
    vectors: set[str] = set()
    for name, space in own.items():
        log = [decode_log(one.value) for one in await records_of(space, EMBEDDED)]
        kept = [one for one in log if isinstance(one, EmbeddedTweet)]
        assert {one.tweet.id for one in kept} == ids[name]
        vectors |= {one.vector for one in kept if one.tweet.id == "shared"}
        assert {decode(one.value, Assignment).id for one in await records_of(space, ASSIGNMENTS)} == ids[name]
        assert await records_of(space, DEAD_LETTERS) == []
        async with open_views(str(space.redis_url), space.prefix) as views:
            others = [one for other in ids if other != name for one in ids[other] - ids[name]]
            assert await views.found([*others, "towns-own"]) == {}
            assert not {week for other, week in WEEKS.items() if other != name} & set(await views.weeks())
    assert len(vectors) == 1, "the shared post has one vector"
    assert [one.key for one in await records_of(settings, DIGESTS)] in ([], [b"2021-W09"])
    assert len(await records_of(settings, TWEETS)) == 1


async def _removed(settings: Settings, gone: Settings, worker: WorkerProcess) -> None:
    """While the worker runs."""
    before = {name for name in await footprint(gone) if gone.prefix in name}
    assert before
    command = [sys.executable, "-m", "streams.cli", "communities", "remove", gone.community, "--yes"]
    environment = os.environ | worker.environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stdout) == (0, "removed ml\n"), done.stderr + worker.log_lines()[-3000:]
    left = await footprint(settings)
    topics, groups = left["topics"], left["groups"]
    assert isinstance(topics, list)
    assert isinstance(groups, list)
    assert [name for name in topics if name.startswith(gone.prefix)] == []
    assert [name for name in left if name.startswith("redis") and gone.prefix in name] == []
    assert not gone.data_dir.exists()
    assert [one.name for one in await read_communities(settings)] == ["bio"]
    with pytest.raises(CommunityError, match="no community 'ml'"):
        await remove_community(settings, "ml", system_clock)
