"""Processes of this installation that have lost the process that started them.

Such a process ends itself (`streams.system.parent_death`), unless it is frozen. Until then it may be the active writer
with old code and old settings. So `status` and `doctor` name it, and `down` ends it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from streams.settings import COMMUNITIES_FOLDER, Settings

# module -> what it runs
CHILDREN = {"streams.runtime.stage_process": "stage", "streams.refit.server": "refit", "streams.cli.part": "command"}
DATA_DIR = "TOPTOPICS_DATA_DIR"


@dataclass(frozen=True)
class Orphan:
    """A child process whose parent is not the process that started it."""

    name: str  # of the stage, or "refit"
    pid: int
    since: float  # when it was started, seconds since 1970
    parent: int  # the pid that started it


def orphans(data_dir: Path) -> list[Orphan]:
    """The orphans that use this data folder."""
    wanted = data_dir.expanduser().resolve()
    return [found for process in psutil.process_iter() for found in _orphan(process, wanted)]


def end_orphans(found: list[Orphan]) -> None:
    """SIGKILL, which is safe for every stage; returns when they have ended or five seconds have passed."""
    processes = []
    for orphan in found:
        try:
            process = psutil.Process(orphan.pid)
            if process.create_time() == orphan.since:
                process.kill()
                processes.append(process)
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=5)


def _orphan(process: psutil.Process, data_dir: Path) -> Iterator[Orphan]:
    try:
        command = process.cmdline()
        if len(command) < 4 or command[1] != "-m" or command[2] not in CHILDREN or not command[-1].isdecimal():
            return
        parent = int(command[-1])
        if process.ppid() == parent or process.status() == psutil.STATUS_ZOMBIE:
            return
        own = Path(process.environ().get(DATA_DIR) or Settings.model_fields["data_dir"].default)
        own = Path(process.cwd(), own.expanduser()).resolve()
        if own == data_dir or own.parent == data_dir / COMMUNITIES_FOLDER:
            name = command[3] if CHILDREN[command[2]] != "refit" else CHILDREN[command[2]]
            yield Orphan(name, process.pid, process.create_time(), parent)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return  # it has ended, or belongs to another user
