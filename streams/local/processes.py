"""Identifies processes across restarts: a pid may be reused, so the time of the start is stored with it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from streams.system.files import replace_file

_LINUX_STAT = Path("/proc/self/stat")


@dataclass(frozen=True)
class ProcessId:
    """A process, identified for good."""

    pid: int  # when it started; differs for a later process with the same pid
    mark: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The present process of this pid.

        Raises:
            psutil.NoSuchProcess: There is no such process.
        """
        return cls(pid, _start_mark(pid))

    def process(self) -> psutil.Process | None:
        """The running process; None when it has ended or is a zombie."""
        try:
            process = psutil.Process(self.pid)
            if _start_mark(self.pid) != self.mark or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process

    def signal(self, number: int) -> None:
        """Send a signal. Nothing happens when the process has ended."""
        process = self.process()
        if process is not None:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                return


def _start_mark(pid: int) -> str:
    """The start of a process. On Linux it is in ticks since boot, because psutil's time moves with the clock.

    Raises:
        psutil.NoSuchProcess: There is no such process.
    """
    if _LINUX_STAT.exists():
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        except (FileNotFoundError, ProcessLookupError):
            raise psutil.NoSuchProcess(pid) from None
        return after_name.split()[19]
    return f"{psutil.Process(pid).create_time():.1f}"


@dataclass(frozen=True)
class Record:
    """The file that a running service leaves in its folder."""

    address: str
    version: str
    server: ProcessId
    guardian: ProcessId
    owner: ProcessId | None  # the service stops when this process ends; None: it runs until `stop`

    def is_running(self) -> bool:
        """Whether server, guardian and owner run, so that the service will stay up."""
        if self.server.process() is None or self.guardian.process() is None:
            return False
        return self.owner is None or self.owner.process() is not None

    def has_ended(self) -> bool:
        """Whether server and guardian have both ended."""
        return self.server.process() is None and self.guardian.process() is None


def write_record(path: Path, record: Record) -> None:
    """Replace the file in one step: a reader sees the old or the new record."""
    replace_file(path, json.dumps(asdict(record)).encode(), durable=False)


def read_record(path: Path) -> Record | None:
    """The record at `path`; None for a missing or unreadable one, whose service cannot be running."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        owner = content["owner"]
        return Record(
            address=content["address"],
            version=content["version"],
            server=ProcessId(**content["server"]),
            guardian=ProcessId(**content["guardian"]),
            owner=None if owner is None else ProcessId(**owner),
        )
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
