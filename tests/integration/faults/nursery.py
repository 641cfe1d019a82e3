"""Workers that start at once: forked from a process that has imported and compiled everything.

A run starts dozens of workers, and each would need some 16 s of processor time for Python, Faust and numba. The nursery
is `python -m tests.integration.faults.worker`. It reads one JSON request a line (name, stages, environment, log) and
forks. Then it writes `NAME.pid` and later `NAME.code` into its folder.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired

from streams.settings import Settings
from tests.integration.pipeline import WorkerProcess

START_SECONDS = 300.0  # imports on a busy machine
POLL_SECONDS = 0.05


class Nursery:
    """The process, and the folder in which it tells about its children. It starts with the first worker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def bear(self, name: str, stages: Sequence[str], environment: dict[str, str], log: Path) -> int:
        """Start a worker and return its pid.

        Args:
            name: Names its files; unique.
            stages: Names of the stages.
            environment: Variables added to those of the nursery.
            log: Receives its log lines.
        """
        if self._process is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.faults.worker", str(self.folder)],
                env=os.environ | environment,
                stdin=subprocess.PIPE,
            )
        request = {"name": name, "stages": list(stages), "environment": environment, "log": str(log)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        told, end = self.folder / f"{name}.pid", time.monotonic() + START_SECONDS
        while not told.exists():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError("the nursery does not answer")
            time.sleep(POLL_SECONDS)
        return int(told.read_text())

    def close(self) -> None:
        """End the process. Its children continue."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(timeout=30)
            self._process = None


class ForkedWorker:
    """The part of `subprocess.Popen` that a `WorkerProcess` uses."""

    def __init__(self, pid: int, code: Path) -> None:
        self.pid = pid
        self._code = code

    def poll(self) -> int | None:
        """The exit code, negative after a signal; None while it runs."""
        return int(self._code.read_text()) if self._code.exists() else None

    def send_signal(self, sign: signal.Signals) -> None:
        """Send a signal."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, sign)

    def wait(self, timeout: float) -> int:
        """The exit code.

        Raises:
            TimeoutExpired: It has not ended in time.
        """
        end = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutExpired("worker", timeout)
            time.sleep(POLL_SECONDS)
        return code


class FaultyWorker(WorkerProcess):
    """A worker whose stages can be told to fail."""

    def __init__(
        self, settings: Settings, log: Path, stages: Sequence[str], nursery: Nursery, **environment: str
    ) -> None:
        super().__init__(settings, log, ",".join(stages), **environment)
        self._stages = stages
        self._nursery = nursery
        self._starts = 0

    def start(self) -> None:
        """Start it. Its log lines are appended to the log file."""
        self._starts += 1
        name = f"{self._log.stem}-{self._starts}"  # the files of an earlier start tell of another process
        pid = self._nursery.bear(name, self._stages, self.environment, self._log)
        self.process = ForkedWorker(pid, self._nursery.folder / f"{name}.code")
