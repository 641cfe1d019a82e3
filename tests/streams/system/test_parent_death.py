"""A stage or a refit whose parent is killed ends, at whatever moment of its start that happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]
NOWHERE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0", "TOPTOPICS_ENCODER": "hash"}
# starts what the arguments say as its child, says the child's pid and waits; {parent} stands for its own pid
PARENT = """
import os, subprocess, sys, time
command = [os.fspath(part).replace("{parent}", str(os.getpid())) for part in sys.argv[1:]]
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""
# as a stage does, with a start that takes as long as the test wants
SLOW_CHILD = """
import sys, time
from pathlib import Path
from streams.system.parent_death import die_with_parent
while not Path(sys.argv[1]).exists():
    time.sleep(0.01)
die_with_parent(int(sys.argv[2]))
time.sleep(600)
"""


def _start(*command: str) -> tuple["subprocess.Popen[str]", psutil.Process]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *command],
        cwd=ROOT,
        env=os.environ | NOWHERE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, psutil.Process(int(parent.stdout.readline()))


def _kill(parent: "subprocess.Popen[str]") -> None:
    parent.kill()
    parent.wait()
    assert parent.stdout is not None
    parent.stdout.close()


def _until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 120
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "streams.runtime.stage_process", "view", "{parent}"],
        ["-m", "streams.runtime.stage_process", "assign", "{parent}"],
        ["-m", "streams.refit.server", "{parent}"],
    ],
)
def test_a_child_whose_parent_dies_while_it_imports_does_not_stay(command: list[str]) -> None:
    """It asked too late who its parent is, and stayed for ever as the active writer."""
    parent, child = _start(sys.executable, *command)
    child.send_signal(signal.SIGSTOP)  # it has hardly begun: its imports take a second
    _kill(parent)
    child.send_signal(signal.SIGCONT)
    assert _until(lambda: _has_ended(child))


def test_a_child_that_starts_after_its_parents_death_ends(tmp_path: Path) -> None:
    """Whatever took so long."""
    go = tmp_path / "go"
    parent, child = _start(sys.executable, "-c", SLOW_CHILD, str(go), "{parent}")
    _kill(parent)
    go.touch()
    assert _until(lambda: _has_ended(child))


def test_a_child_that_the_kernel_does_not_end_notices_by_itself(tmp_path: Path) -> None:
    """As on every system but Linux."""
    code = SLOW_CHILD.replace("die_with_parent(int", "sys.platform = 'other'\ndie_with_parent(int")
    (tmp_path / "go").touch()
    parent, child = _start(sys.executable, "-c", code, str(tmp_path / "go"), "{parent}")
    assert _until(lambda: child.num_threads() > 1), "it watches"
    _kill(parent)
    assert _until(lambda: _has_ended(child))
