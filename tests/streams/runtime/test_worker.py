"""The worker supervises stage processes: it restarts crashed ones, stops all together, and gives up with an error."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from streams.runtime import worker as worker_module
from streams.runtime.worker import Worker

# stands in for `python -m streams.runtime.stage_process NAME PARENT`: the name says what it does
SCRIPT = """
import os, signal, sys, time
name, folder = sys.argv[1], os.environ["FOLDER"]
if name == "hangs":  # before it leaves its process id: from then on it may be told to stop
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(os.path.join(folder, name), "a") as log:
    log.write(f"{os.getpid()}\\n")
if name == "crashes":
    sys.exit(1)
if name == "gives-up":
    sys.exit(3)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the process ids of the replaced stages."""
    script = tmp_path / "stand_in.py"
    script.write_text(SCRIPT)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nshift 2\nexec "{sys.executable}" "{script}" "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(worker_module, "BACK_OFF_SECONDS", (0.05,))
    monkeypatch.setattr(
        worker_module, "STOP_SECONDS", 120.0
    )  # even on a slow machine all except the one below stop in time
    return tmp_path


def _starts(folder: Path, name: str) -> list[int]:
    path = folder / name
    return [int(line) for line in path.read_text().split()] if path.exists() else []


async def _until(check: object) -> None:
    end = time.monotonic() + 120
    while not check():  # type: ignore[operator]
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.02)


async def test_a_crashed_stage_is_started_again_and_the_others_go_on(folder: Path) -> None:
    """Unacknowledged records are delivered again."""
    supervisor = Worker(["crashes", "steady"], {"FOLDER": str(folder)})
    running = asyncio.create_task(supervisor.supervise())
    await _until(lambda: len(_starts(folder, "crashes")) >= 3 and _starts(folder, "steady"))
    assert len(_starts(folder, "steady")) == 1
    supervisor.stop()
    await running
    assert supervisor.exit_code == 0
    assert not any(psutil.pid_exists(pid) for pid in _starts(folder, "steady"))


async def test_a_killed_stage_is_started_again(folder: Path) -> None:
    """As after the kernel's out-of-memory killer."""
    supervisor = Worker(["steady"], {"FOLDER": str(folder)})
    running = asyncio.create_task(supervisor.supervise())
    await _until(lambda: len(_starts(folder, "steady")) == 1)
    os.kill(_starts(folder, "steady")[0], signal.SIGKILL)
    await _until(lambda: len(_starts(folder, "steady")) == 2)
    supervisor.stop()
    await running


async def test_a_stage_that_gives_up_stops_the_worker(folder: Path) -> None:
    """Over the dead-letter budget, a restart would only make more dead letters."""
    supervisor = Worker(["gives-up", "steady"], {"FOLDER": str(folder)})
    await asyncio.wait_for(supervisor.supervise(), 240)
    assert supervisor.exit_code == 3
    assert len(_starts(folder, "gives-up")) == 1
    assert not any(psutil.pid_exists(pid) for pid in _starts(folder, "steady"))


async def test_a_stage_that_does_not_stop_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopping takes limited time, and the exit code shows that it was not orderly."""
    monkeypatch.setattr(worker_module, "STOP_SECONDS", 1.0)
    supervisor = Worker(["hangs"], {"FOLDER": str(folder)})
    running = asyncio.create_task(supervisor.supervise())
    await _until(lambda: _starts(folder, "hangs"))
    supervisor.stop()
    await asyncio.wait_for(running, 120)
    assert not psutil.pid_exists(_starts(folder, "hangs")[0])
    assert supervisor.exit_code == 1
