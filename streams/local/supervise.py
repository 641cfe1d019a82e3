"""Start a server behind its guardian, let go of it, stop it, kill it. The guardian's side is in `guardian`."""

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
_LET_GO: list[subprocess.Popen[bytes]] = []  # guardians that outlive this process on purpose; kept from being reaped


@dataclass
class Guarded:
    """The starter's hold on a server: while the lifeline is open and this process lives, the server may run."""

    process: subprocess.Popen[bytes]
    lifeline: int | None
    server: ProcessId

    def guardian(self) -> ProcessId:
        """The guardian's identity. Raises psutil.NoSuchProcess when it has ended."""
        return ProcessId.of(self.process.pid)

    def has_ended(self) -> bool:
        """Whether the guardian (and with it the server) is gone; collects it when it is."""
        return self.process.poll() is not None

    def release(self) -> None:
        """The server stays when this process ends."""
        if self.lifeline is not None:
            os.write(self.lifeline, b"+")
            _LET_GO.append(self.process)
            self.drop()

    def drop(self) -> None:
        """Close the lifeline; without `release` before it, the guardian now stops the server."""
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None


def spawn(command: Sequence[str | Path], *, folder: Path, log: Path, grace: float) -> Guarded:
    """Run `command` in `folder` behind a guardian, its output appended to `log`.

    Raises OSError when the command cannot be run at all.
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
    if process.stdout is None:  # only for the type checker: PIPE was asked for
        raise OSError("the guardian has no output")
    guarded = Guarded(process, writer, ProcessId(0, ""))
    try:
        with process.stdout as output_line:
            first = output_line.readline()
        if not first.strip():
            raise OSError(f"{command[0]} does not start")
        guarded.server = _identify(int(first))
    except BaseException:  # Ctrl-C included: the guardian sees the end of the lifeline and stops the server
        guarded.drop()
        process.wait()
        raise
    return guarded


def _identify(pid: int) -> ProcessId:
    try:
        return ProcessId.of(pid)
    except psutil.NoSuchProcess:
        return ProcessId(pid, "")  # it ended at once, which the wait for its answer reports with its log


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until `condition` holds; False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def stop_recorded(record: Record, grace: float) -> None:
    """Ask guardian and server to end, then make them; returns when both are gone."""
    record.guardian.signal(signal.SIGTERM)
    if record.guardian.process() is None:  # it was killed where the kernel does not tell the server
        record.server.signal(signal.SIGTERM)
    if not wait_until(record.has_ended, grace + 2.0):
        record.server.signal(signal.SIGKILL)
        record.guardian.signal(signal.SIGKILL)
        wait_until(record.has_ended, 5.0)
    _collect()


def kill_recorded(record: Record) -> None:
    """SIGKILL to the server, as a crash would end it; returns when it and its guardian are gone."""
    record.server.signal(signal.SIGKILL)
    wait_until(record.has_ended, 5.0)
    record.guardian.signal(signal.SIGKILL)
    _collect()


def _collect() -> None:
    """A guardian that was let go of and is stopped by this very process after all is its child still."""
    _LET_GO[:] = [process for process in _LET_GO if process.poll() is None]


def tail(paths: Sequence[Path], lines: int = 15) -> str:
    """The last lines of each of the files that exist and are not empty, under its name."""
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
