"""Runs a measurement in its own process, ends it at a limit of time or memory, and keeps its output so far."""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

GIB = 2**30
POLL = 0.2  # seconds


@dataclass(frozen=True)
class Limits:
    """minutes by the clock; gib of resident memory."""

    minutes: float
    gib: float


@dataclass(frozen=True)
class Bounded:
    """lines: what the process printed. stopped: why it was ended, "" when it ended by itself."""

    lines: list[str]
    stopped: str


def run_bounded(command: Sequence[str], limits: Limits) -> Bounded:
    """Run `command` within `limits`; raises subprocess.CalledProcessError when it fails by itself."""
    started, stopped = time.monotonic(), ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        watched = psutil.Process(child.pid)
        while child.poll() is None and not stopped:
            time.sleep(POLL)
            stopped = _too_much(watched, time.monotonic() - started, limits)
        if stopped:
            child.kill()
        said = child.stdout.read() if child.stdout is not None else ""
        code = child.wait()
    if code and not stopped:
        raise subprocess.CalledProcessError(code, command, said)
    return Bounded(said.splitlines(), stopped)


def peak_mib() -> float:
    """Largest resident memory of this process so far. Linux' own counter starts with the parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def _too_much(process: psutil.Process, seconds: float, limits: Limits) -> str:
    if seconds > limits.minutes * 60:
        return f"stopped after {limits.minutes:g} minutes"
    try:
        used = process.memory_info().rss
    except psutil.Error:  # it has just ended
        return ""
    return f"stopped at {limits.gib:g} GiB" if used > limits.gib * GIB else ""
