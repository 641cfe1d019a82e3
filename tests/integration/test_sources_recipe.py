"""From a list of ten handles to a digest, with `toptopics run` and nothing else in between."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from models.week.week import Week
from streams.clock import system_clock
from streams.stages.table import STAGE_NAMES
from tests.support.source_servers.hosting import hosted
from tests.support.source_servers.x_platform import PEOPLE, XPlatform

STORIES = (
    ("Sparrow speech", "The Sparrow speech recogniser needs no labels at all", "https://example.org/sparrow"),
    ("Heron images", "Heron crops images without a bias towards faces", "https://example.org/heron"),
    ("Lapwing benchmark", "The Lapwing benchmark finds leaks in most test sets", "https://example.org/lapwing"),
)
REMARKS = (
    "My students will love it",
    "Slides of my talk on this follow on Thursday",
    "Compare the appendix with last year's numbers",
    "We tried it on our own recordings overnight",
    "Who else wants to reproduce the second table",
    "A good reason to read the related work again",
    "Small team, large claims, careful experiments",
    "The licence is permissive, which matters here",
    "Training took eleven days on eight cards",
    "Half of my reading group disagrees, loudly",
)
WAYS = (
    "{fact}, says the paper: {link}",
    "Reading {link} today. {fact}. What a result",
    "{name} is out. {fact}. Code and weights: {link}",
    "I did not expect this: {fact} {link}",
)


def write_a_week(platform: XPlatform, week: Week) -> set[str]:
    """Write posts of ten people about three stories into the days of a past week. Returns the ids."""
    ids = set()
    for number, handle in enumerate(PEOPLE):
        for place, (name, fact, link) in enumerate(STORIES):
            way = WAYS[(number + place) % len(WAYS)]
            remark = REMARKS[number] if number % len(STORIES) == place else ""  # nobody repeats another's remark
            text = f"{way.format(name=name, fact=fact, link=link)} {remark}".rstrip()
            post = platform.write(handle, text)
            moment = week.start + timedelta(hours=8 + 12 * place + number)
            post["created_at"] = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
            ids.add(str(post["id"]))
    for handle in list(PEOPLE)[:3]:
        retweet = platform.write(
            handle,
            f"RT @katherine: Orbits are computed by hand here, says {handle}",
            referenced_tweets=[{"type": "retweeted", "id": "1500000000000000001"}],
        )
        retweet["created_at"] = week.start.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        ids.add(str(retweet["id"]))
    return ids


class Shell:
    """Runs `toptopics` commands in one environment."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "streams.cli", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", *arguments], env=self._environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(180)


@pytest.mark.timeout(1200)
def test_ten_handles_become_a_digest(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> None:
    """import, run, digest: the past week is published, with these people's posts; one signal ends all processes."""
    platform = XPlatform()
    week = Week.of(system_clock() - timedelta(days=9))
    ids = write_a_week(platform, week)
    handles = tmp_path / "handles.txt"
    handles.write_text("\n".join(["# people I read", *PEOPLE]) + "\n")
    with hosted(platform) as port:
        shell = Shell(
            {
                "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
                "REDIS_URL": redis_url,
                "TOPTOPICS_PREFIX": fresh_names,
                "TOPTOPICS_DATA_DIR": str(tmp_path / "data"),
                "TOPTOPICS_ENCODER": "hash",
                "TOPTOPICS_WEEK_IDLE_SECONDS": "5",
                "TOPTOPICS_X_URL": f"http://127.0.0.1:{port}",
                "X_BEARER_TOKEN": "token",
            },
            tmp_path / "log",
        )
        imported = shell.run("influencers", "import", str(handles), "--platform", "x")
        assert imported.stdout == "10 people read; 10 on the list\n", imported.stderr
        with shell.running("run", "--port", "0", "--lookback", "14") as everything:
            found = wait_for_digest(shell, str(week), tmp_path / "log")
            status = shell.run("status", "--json")
            children = psutil.Process(everything.pid).children(recursive=True)
    assert everything.returncode == 0
    assert len(children) >= len(STAGE_NAMES) + 3  # a source, the page, push
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    screen = (tmp_path / "log").read_text()
    for line in ("page: runs: http://127.0.0.1:0", "push: runs", "embed: runs", "source x-timelines: connected: "):
        assert f"\n{line}" in screen, screen[-3000:]
    assert "\nnote 1: nobody is listed" not in screen
    assert found["topics"], found["headline"]
    cited = {post for topic in found["topics"] for post in topic["post_ids"]}
    assert cited <= ids
    assert found["statistics"]["people"] == 10
    stages = orjson.loads(status.stdout)["stages"]
    assert [(stage["stage"], stage["running"]) for stage in stages] == [(name, True) for name in STAGE_NAMES]
    (source,) = orjson.loads(status.stdout)["sources"]
    assert (source["source"], source["state"], source["sent"]) == ("x-timelines", "connected", len(ids))
    check_the_list(shell)


def wait_for_digest(shell: Shell, week: str, log: Path) -> dict[str, Any]:
    """Wait for the digest of a week that has all people: a first one may be made in a pause of the source."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        digest = shell.run("digest", week, "--json")
        if digest.returncode == 0:
            value = orjson.loads(digest.stdout)
            assert isinstance(value, dict)
            if value["statistics"]["people"] == len(PEOPLE):
                return value
        time.sleep(3)
    raise AssertionError(f"no digest: {digest.stderr}\n{log.read_text()[-3000:]}")


def check_the_list(shell: Shell) -> None:
    """The list shows scores with their parts; people are added and removed; a wrong name gives exit code 1."""
    rows = orjson.loads(shell.run("influencers", "list", "--scores", "--json").stdout)
    assert {row["id"] for row in rows} == set(PEOPLE)
    assert all({"graph", "reach", "curated"} <= set(row["parts"]) for row in rows)
    added = shell.run("influencers", "add", "Katherine", "--mastodon", "kat@home.test", "--tag", "orbits")
    assert added.stdout == "1 person read; 11 on the list\n", added.stderr
    stolen = shell.run("influencers", "add", "Somebody", "--x", "ADA", "--id", "thief")
    assert stolen.returncode == 1
    assert "already belongs to ada" in stolen.stderr
    gone = shell.run("influencers", "remove", "kat@home.test", "nobody")
    assert (gone.returncode, gone.stdout) == (1, "1 removed\n")
    left = orjson.loads(shell.run("influencers", "list", "--json").stdout)
    assert [row["id"] for row in left] == sorted(PEOPLE)
    (best,) = orjson.loads(shell.run("influencers", "suggest", "--json").stdout)
    assert (best["handle"], best["score"], best["retweet"], len(best["by"])) == ("katherine", 3.0, 3, 3)
    assert all(shown["url"] and "@katherine" in shown["text"] for shown in best["evidence"])


def test_past_weeks_are_past() -> None:
    """The recipe's week is over, lateness included."""
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert Week.of(now - timedelta(days=9)).end + timedelta(days=1) < now
