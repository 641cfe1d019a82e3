"""The places at which a stage of the chaos run can fail are places that its code reaches."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from models.week.week import Week
from streams.refit.client import RefitError, RefitProcess
from streams.runtime import pipeline
from streams.settings import load_settings
from tests.integration.faults import stage_process
from tests.integration.faults.stage_process import FIRED, Places, arm_libraries, patch


def test_a_name_that_is_gone_is_refused() -> None:
    """Otherwise a kind of fault would never happen, and nobody would see it."""
    with pytest.raises(AttributeError, match="run_refit"):
        patch(pipeline, "run_refit", print)


async def test_the_place_in_a_refit_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The week-close stage starts its refits through this method."""

    async def ask(self: RefitProcess, *_: object) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"error": "there is no log here"}

    monkeypatch.setattr(RefitProcess, "_ask", ask)
    monkeypatch.setattr(stage_process, "REFIT_SECONDS", 0.0)
    arm_libraries(Places(tmp_path, "week-close"), tmp_path, monkeypatch.setattr)
    (tmp_path / "week-close.refit").write_text("forget")
    with pytest.raises(RefitError, match="no log here"):
        await RefitProcess(load_settings()).refit(Week(2021, 18, "UTC"))
    await asyncio.sleep(0)
    assert "week-close refit forget" in (tmp_path / FIRED).read_text()
