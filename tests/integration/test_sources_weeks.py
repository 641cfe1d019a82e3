"""From the sources to the digests: a simulated month that the worker closes; ten archive weeks against live ones."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from models.events import Influencer, Tweet
from models.events.wire import encode
from models.render.shown import shown
from models.week.week import Week
from streams.clock import system_clock
from streams.kafka.digests import PublishedDigest, read_digests, read_revisions
from streams.kafka.influencers import put_influencers
from streams.replay.backfill import last_offsets
from streams.replay.rebuild import Plan, replay
from streams.settings import Settings
from tests.integration.pipeline import WorkerProcess, pipeline_settings, until_accounted, until_digests
from tests.support import bluesky_weeks, simulated_month
from tests.support.source_servers.bluesky_archive import KEY, BlueskyArchive
from tests.support.source_servers.bluesky_network import AppView
from tests.support.source_servers.hosting import hosted
from tests.support.stored_weeks import embed_all, put_posts

pytestmark = pytest.mark.timeout(900)
MONTH = [Week.of(simulated_month.START + timedelta(weeks=number)) for number in range(4)]
TEN = [Week.of(bluesky_weeks.START + timedelta(weeks=number)) for number in range(bluesky_weeks.WEEKS)]


async def test_a_month_becomes_its_digests(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A digest for each of its weeks and for no other; one that is corrected shows something else."""
    with simulated_month.simulated(1, tmp_path, monkeypatch, simulated_month.OTHERS) as (world, sources):
        await simulated_month.a_month(world, sources, monkeypatch)
    posts = sources.log.tweets()
    firsts, edits = ([one for one in posts if (one.edit_of is None) is is_first] for is_first in (True, False))
    assert {simulated_month.title(one): one.created_at for one in firsts} == world.written
    assert {simulated_month.title(one) for one in edits} == world.edited
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        await put_influencers(settings, sources.people("https://ada.example/feed.xml"), at=system_clock())
        worker = WorkerProcess(settings, tmp_path / "worker.log", stages="embed,assign,week-close")
        try:
            await put_posts(settings, firsts)
            worker.start()
            await until_digests(settings, [str(week) for week in MONTH], worker)
            await put_posts(settings, edits)  # each after the end of its week
            found = await until_accounted(settings, worker)
            weeks = await until_seen(settings, worker)
        finally:
            code = worker.stop()
    assert code == 0
    assert found.produced == found.outcomes["assigned"] == len(posts)
    assert sorted(weeks) == [str(week) for week in MONTH]
    assert all(revisions[-1].digest.topics for revisions in weeks.values())
    assert {name: len(revisions) for name, revisions in weeks.items() if len(revisions) > 1} == {str(MONTH[2]): 2}
    first, second = (entry.digest for entry in weeks[str(MONTH[2])])
    assert shown(first) != shown(second)
    assert ["three times as fast" in encode(digest).decode() for digest in (first, second)] == [False, True]
    assert {Week.of(edit.created_at) for edit in edits} == {MONTH[1], MONTH[2]}  # also of a week whose digest stays


async def until_seen(settings: Settings, worker: WorkerProcess) -> dict[str, list[PublishedDigest]]:
    """All revisions of all digests, once each digest includes the last post of its week, shown or not."""
    last = await last_offsets(settings, MONTH)
    for _ in range(480):
        digests = await read_digests(settings)
        if all(digests[name].seen_end > offset for name, offset in last.items()):
            return await read_revisions(settings)
        await asyncio.sleep(0.5)
    raise AssertionError("edits are not seen; the worker's log ends:\n" + worker.log_lines()[-4000:])


async def test_ten_weeks_of_the_archive_are_those_that_ran_live(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """`toptopics backfill bluesky` publishes, byte by byte, the digests of the posts that the live source sends."""
    network = bluesky_weeks.Past()
    bluesky_weeks.ten_weeks(network)
    log = await bluesky_weeks.live(network, tmp_path, bluesky_weeks.POSTS)
    people = [
        Influencer(id=handle, name=handle, handles={"bluesky": handle}) for handle in bluesky_weeks.LISTED.split()
    ]
    async with pipeline_settings(kafka_bootstrap, redis_url, f"{fresh_names}live-", tmp_path / "live") as settings:
        await put_influencers(settings, people, at=system_clock())
        await put_posts(settings, log.posts)
        await embed_all(settings)
        live = await replay(settings, Plan(TEN))
    async with pipeline_settings(kafka_bootstrap, redis_url, f"{fresh_names}past-", tmp_path / "past") as settings:
        await put_influencers(settings, people, at=system_clock())
        with hosted(BlueskyArchive(network)) as archive, hosted(AppView(network)) as view:
            told = await asyncio.to_thread(backfilled, settings, archive, view, tmp_path / "backfill.log")
        past = await read_digests(settings)
    assert [entry["week"] for entry in told] == list(past) == [str(week) for week in TEN]
    assert [encode(entry.digest) for entry in past.values()] == [one.made.value for one in live]
    assert all(one.digest.topics for one in live)
    assert len({tweet.author_id for tweet in log.posts if isinstance(tweet, Tweet)}) == 5
    assert not list((tmp_path / "past" / "backfill").glob("bluesky-*"))  # it holds posts that were deleted since


def backfilled(settings: Settings, archive: int, view: int, log: Path) -> list[dict[str, object]]:
    """The lines that `toptopics backfill bluesky` prints, one for each digest."""
    environment = {
        **WorkerProcess(settings, log).environment,
        "BLUESKY_ARCHIVE_KEY": KEY,
        "TOPTOPICS_BLUESKY_ARCHIVE": f"ws://127.0.0.1:{archive}/xrpc",
        "TOPTOPICS_BLUESKY_APPVIEW": f"http://127.0.0.1:{view}",
    }
    command = [sys.executable, "-m", "streams.cli", "backfill", "bluesky"]
    command += ["--from", str(TEN[0]), "--to", str(TEN[-1]), "--json"]
    with log.open("wb") as errors:
        done = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=errors, timeout=600)
    assert done.returncode == 0, log.read_text()[-4000:]
    return [orjson.loads(line) for line in done.stdout.splitlines()]
