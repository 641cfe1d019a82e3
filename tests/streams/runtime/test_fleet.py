"""The fleet follows the list of communities: it starts, stops and restarts stages, and embed knows all of them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from models.events import Community
from streams.runtime import fleet as fleet_module
from streams.runtime.fleet import Fleet
from streams.settings import load_settings
from streams.stages.table import STAGE_NAMES


class FakeWorker:
    """Says what runs, and ends when it is told to, or with a code."""

    running: ClassVar[list["FakeWorker"]] = []
    gives_up: str = ""  # the community whose stages end with code 3

    def __init__(self, stages: Sequence[str], environment: Mapping[str, str], _log_file: object) -> None:
        self.stages, self.environment = tuple(stages), environment
        self.exit_code = 0
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def supervise(self) -> None:
        self.running.append(self)
        if self.environment.get("TOPTOPICS_COMMUNITY", "none") == self.gives_up:
            self.exit_code = 3
        else:
            await self._stopping.wait()
        self.running.remove(self)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Community]:
    monkeypatch.setattr(fleet_module, "Worker", FakeWorker)
    monkeypatch.setattr(fleet_module, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(FakeWorker, "running", [])
    monkeypatch.setattr(FakeWorker, "gives_up", "")
    return []


def _what_runs() -> dict[str, tuple[str, ...]]:
    """community, or "+" and those that embed serves -> stages."""
    found = {}
    for worker in FakeWorker.running:
        served = worker.environment.get("TOPTOPICS_COMMUNITIES")
        name = worker.environment.get("TOPTOPICS_COMMUNITY", "") if served is None else f"+{served}"
        found[name] = worker.stages
    return found


async def _until(wanted: dict[str, tuple[str, ...]]) -> None:
    async with asyncio.timeout(60):
        while _what_runs() != wanted:
            await asyncio.sleep(0.01)


OWN = STAGE_NAMES[1:]


def _fleet(folder: Path, listed: list[Community]) -> Fleet:
    async def read() -> list[Community]:
        return list(listed)

    return Fleet(STAGE_NAMES, load_settings(prefix="t-", data_dir=folder), {"A": "b"}, read)


async def test_stages_follow_the_list(listed: list[Community], tmp_path: Path) -> None:
    """Of a changed community only its own stages and embed are started again."""
    fleet = _fleet(tmp_path, listed)
    running = asyncio.create_task(fleet.supervise())
    await _until({"": OWN, "+": ("embed",)})
    (before,) = [worker for worker in FakeWorker.running if worker.stages == OWN]
    listed.append(Community(name="ml", number=1, timezone="Asia/Tokyo"))
    await _until({"": OWN, "+ml": ("embed",), "ml": OWN})
    (ml,) = [worker for worker in FakeWorker.running if worker.environment.get("TOPTOPICS_COMMUNITY") == "ml"]
    assert ml.environment["TOPTOPICS_PREFIX"] == "t-ml."
    assert ml.environment["TOPTOPICS_TIMEZONE"] == "Asia/Tokyo"
    assert ml.environment["A"] == "b"
    listed[:] = [Community(name="bio", number=2)]
    await _until({"": OWN, "+bio": ("embed",), "bio": OWN})
    assert before in FakeWorker.running, "the installation's own stages ran on"
    fleet.stop()
    await running
    assert (FakeWorker.running, fleet.exit_code) == ([], 0)


async def test_a_community_that_gives_up_leaves_the_others_running(listed: list[Community], tmp_path: Path) -> None:
    """The exit code tells it in the end."""
    listed += [Community(name="ml", number=1), Community(name="bio", number=2)]
    FakeWorker.gives_up = "ml"
    fleet = _fleet(tmp_path, listed)
    running = asyncio.create_task(fleet.supervise())
    await _until({"": OWN, "+ml,bio": ("embed",), "bio": OWN})
    fleet.stop()
    await running
    assert fleet.exit_code == 3


async def test_the_installation_that_gives_up_ends_all(listed: list[Community], tmp_path: Path) -> None:
    """As the worker did before there were communities."""
    listed.append(Community(name="ml", number=1))
    FakeWorker.gives_up = "none"
    fleet = _fleet(tmp_path, listed)
    await asyncio.wait_for(fleet.supervise(), 60)
    assert (FakeWorker.running, fleet.exit_code) == ([], 3)


async def test_a_list_that_cannot_be_read_changes_nothing(listed: list[Community], tmp_path: Path) -> None:
    """A broker that is away takes no stage away."""
    fails = asyncio.Event()

    async def read() -> list[Community]:
        if fails.is_set():
            raise OSError("away")
        return [Community(name="ml", number=1)]

    fleet = Fleet(STAGE_NAMES, load_settings(data_dir=tmp_path), {}, read)
    running = asyncio.create_task(fleet.supervise())
    await _until({"": OWN, "+ml": ("embed",), "ml": OWN})
    before = list(FakeWorker.running)
    fails.set()
    await asyncio.sleep(0.1)
    assert FakeWorker.running == before
    fleet.stop()
    await running
