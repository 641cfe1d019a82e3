"""Which process a file means: a pid may belong to somebody else by now, so a mark of its start goes with it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from streams.system.files import replace_file

_LINUX_STAT = Path("/proc/self/stat")


@dataclass(frozen=True)
class ProcessId:
    """A process for good: its pid, and what tells it from a later one with the same pid."""

    pid: int
    mark: str

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The process that has this pid now. Raises psutil.NoSuchProcess."""
        return cls(pid, _start_mark(pid))

    def process(self) -> psutil.Process | None:
        """The running process, or None when it has ended (a zombie has)."""
        try:
            process = psutil.Process(self.pid)
            if _start_mark(self.pid) != self.mark or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when it has ended."""
        process = self.process()
        if process is not None:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                return


def _start_mark(pid: int) -> str:
    """Raises psutil.NoSuchProcess. Linux' own ticks since boot: psutil's time moves when the clock is set."""
    if _LINUX_STAT.exists():
        try:
            after_name = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        except (FileNotFoundError, ProcessLookupError):
            raise psutil.NoSuchProcess(pid) from None
        return after_name.split()[19]
    return f"{psutil.Process(pid).create_time():.1f}"


@dataclass(frozen=True)
class Record:
    """What a running service leaves in its folder: where it answers and who runs it."""

    address: str
    version: str
    server: ProcessId
    guardian: ProcessId
    owner: ProcessId | None
    """The starter whose end ends it; None when it stays until it is told to stop."""

    def is_running(self) -> bool:
        """Whether the server is there, guarded, and its owner is, so that it will also be there in a moment."""
        if self.server.process() is None or self.guardian.process() is None:
            return False
        return self.owner is None or self.owner.process() is not None

    def has_ended(self) -> bool:
        """Whether neither the server nor its guardian is left."""
        return self.server.process() is None and self.guardian.process() is None


def write_record(path: Path, record: Record) -> None:
    """Replace the file in one step: a reader sees the old record or the new one."""
    replace_file(path, json.dumps(asdict(record)).encode(), durable=False)


def read_record(path: Path) -> Record | None:
    """The record at `path`; None when there is none or it makes no sense (then nobody can be running by it)."""
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
