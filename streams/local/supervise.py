"""Starts a server behind its guardian, releases it, stops it and kills it. `guardian` is the other side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from streams.local import guardian
from streams.local.processes import ProcessId, Record

_POLL_SECONDS = 0.05
# guardians that outlive this process on purpose; kept so that they are not reaped
_LET_GO: list[subprocess.Popen[bytes]] = []


@dataclass
class Guarded:
    """The starter's side of a server: the server may run while the lifeline is open and this process lives."""

    process: subprocess.Popen[bytes]  # the guardian
    lifeline: int | None  # write end of the pipe; None when closed
    server: ProcessId  # the server

    def guardian(self) -> ProcessId:
        """The guardian's identity.

        Raises:
            psutil.NoSuchProcess: The guardian has ended.
        """
        return ProcessId.of(self.process.pid)

    def has_ended(self) -> bool:
        """Whether the guardian, and with it the server, has ended. Reaps the guardian."""
        return self.process.poll() is not None

    def release(self) -> None:
        """Let the server continue when this process ends."""
        if self.lifeline is not None:
            os.write(self.lifeline, b"+")
            _LET_GO.append(self.process)
            self.drop()

    def drop(self) -> None:
        """Close the lifeline. Without `release` before it, the guardian stops the server."""
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None


def spawn(command: Sequence[str | Path], *, folder: Path, log: Path, grace: float) -> Guarded:
    """Run a command behind a guardian.

    Args:
        command: The server's command.
        folder: Its working directory.
        log: File to append its output to.
        grace: Seconds between SIGTERM and SIGKILL.

    Raises:
        OSError: The command cannot be run.
    """
    reader, writer = os.pipe()
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", guardian.__file__),
                    *(str(reader), str(os.getpid()), str(grace), str(log), "--"),
                    *map(str, command),
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                pass_fds=[reader],
                start_new_session=True,
            )
    except BaseException:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    if process.stdout is None:  # for the type checker: PIPE was requested
        raise OSError("the guardian has no output")
    guarded = Guarded(process, writer, ProcessId(0, ""))
    try:
        with process.stdout as output_line:
            first = output_line.readline()
        if not first.strip():
            raise OSError(f"{command[0]} does not start")
        guarded.server = _identify(int(first))
    except BaseException:  # also for Ctrl-C: the guardian sees the closed lifeline and stops the server
        guarded.drop()
        process.wait()
        raise
    return guarded


def _identify(pid: int) -> ProcessId:
    try:
        return ProcessId.of(pid)
    except psutil.NoSuchProcess:
        return ProcessId(pid, "")  # it ended at once; waiting for its answer reports that with the log


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until `condition` is true. False when it was not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def stop_recorded(record: Record, grace: float) -> None:
    """Ask guardian and server to stop, kill them after `grace` seconds, and return when both have ended."""
    record.guardian.signal(signal.SIGTERM)
    # a guardian that was killed on a system where the kernel does not signal the server
    if record.guardian.process() is None:
        record.server.signal(signal.SIGTERM)
    if not wait_until(record.has_ended, grace + 2.0):
        record.server.signal(signal.SIGKILL)
        record.guardian.signal(signal.SIGKILL)
        wait_until(record.has_ended, 5.0)
    _collect()


def kill_recorded(record: Record) -> None:
    """Send SIGKILL to the server, as in a crash, and return when it and its guardian have ended."""
    record.server.signal(signal.SIGKILL)
    wait_until(record.has_ended, 5.0)
    record.guardian.signal(signal.SIGKILL)
    _collect()


def _collect() -> None:
    """Reap released guardians that this process has stopped after all: they are still its children."""
    _LET_GO[:] = [process for process in _LET_GO if process.poll() is None]


def tail(paths: Sequence[Path], lines: int = 15) -> str:
    """The last lines of every existing, non-empty file, under its name."""
    parts = []
    for path in paths:
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - 16_384))
                last = file.read().decode("utf-8", "replace").splitlines()[-lines:]
        except FileNotFoundError:
            continue
        if last:
            parts.append("\n".join([f"Last lines of {path}:", *(f"  {line}" for line in last)]))
    return "\n".join(parts)
