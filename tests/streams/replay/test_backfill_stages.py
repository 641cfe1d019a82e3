"""The order in which `toptopics backfill` runs the stages, and a stage that gives up."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import pytest

import streams.kafka.lag
import streams.replay.backfill
import streams.runtime.worker
from streams.cli.backfill import StagesError, _fill
from streams.clock import system_clock
from streams.replay.backfill import Backfill
from streams.settings import Settings, load_settings
from streams.sources.files.ingest import IngestCounts
from streams.stages.table import STAGE_NAMES

NAMES = STAGE_NAMES


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        kafka_bootstrap_servers="127.0.0.1:1", redis_url="redis://127.0.0.1:1/0", data_dir=tmp_path, prefix="x-"
    )


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The events in order; everything that needs a broker is replaced."""
    happened: list[str] = []

    def step(name: str, result: Any) -> Callable[..., Any]:
        async def run(*_: Any) -> Any:
            await asyncio.sleep(0.01)
            happened.append(name)
            return result

        return run

    monkeypatch.setattr(streams.replay.backfill, "ingest_all", step("ingested", (IngestCounts(), [])))
    monkeypatch.setattr(streams.replay.backfill, "wait_for_vectors", step("embedded", None))
    monkeypatch.setattr(streams.replay.backfill, "wait_for_digests", step("published", []))
    return happened


def run_by(monkeypatch: pytest.MonkeyPatch, events: list[str], idle: Sequence[str], gives_up: str = "") -> None:
    """Workers that record their start and end. `idle` are stages that no other worker runs."""

    class Noted:
        exit_code = 0

        def __init__(self, stages: Sequence[str], environment: Mapping[str, str], log_file: IO[bytes]) -> None:
            assert environment["REDIS_URL"].startswith("redis://")
            self.name = "+".join(stages)
            self.stopped = asyncio.Event()

        async def supervise(self) -> None:
            events.append(f"{self.name} starts")
            if gives_up in self.name.split("+"):
                self.exit_code = 3
                return
            await self.stopped.wait()
            events.append(f"{self.name} ends")

        def stop(self) -> None:
            self.stopped.set()

    async def idle_groups(_: Settings, groups: list[str]) -> list[str]:
        return [group for group in groups if group.removeprefix("x-toptopics-") in idle]

    monkeypatch.setattr(streams.runtime.worker, "Worker", Noted)
    monkeypatch.setattr(streams.kafka.lag, "idle_groups", idle_groups)


async def test_weeks_are_closed_when_everything_is_in(
    settings: Settings, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the first of many files would close weeks that later files have posts of."""
    run_by(monkeypatch, events, NAMES)
    assert await _fill(settings, Backfill([], system_clock)) == 0
    assert events == [
        "assign+embed+view starts",
        "ingested",
        "embedded",
        "week-close starts",
        "published",
        "week-close ends",
        "assign+embed+view ends",
    ]


async def test_stages_that_somebody_runs_are_left_alone(
    settings: Settings, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One topic space must not have two writers."""
    run_by(monkeypatch, events, ("view",))
    await _fill(settings, Backfill([], system_clock))
    assert events == ["view starts", "ingested", "embedded", "published", "view ends"]


async def test_a_stage_that_gives_up_ends_the_waiting(
    settings: Settings, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names its log."""
    run_by(monkeypatch, events, NAMES, gives_up="week-close")
    with pytest.raises(StagesError, match=r"backfill-week-close\.log"):
        await _fill(settings, Backfill([], system_clock))
    assert "published" not in events
