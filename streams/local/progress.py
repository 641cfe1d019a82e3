"""Progress of local services: one line for each long step, and a bar for a download on a terminal."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

ReportStep = Callable[[str], None]  # receives one line about the present step, without a line end


def silent(_line: str) -> None:
    """A `ReportStep` that ignores all lines."""


def to_stderr(line: str) -> None:
    """A `ReportStep` that prints to standard error; standard output is for the command's result."""
    print(line, file=sys.stderr, flush=True)


class DownloadProgress:
    """Counts the bytes of a download over all threads: a bar on a terminal, else a line for every tenth."""

    def __init__(self, title: str, total: int, progress: ReportStep) -> None:
        self._title = title
        self._total = total
        self._progress = progress
        self._done = 0
        self._lock = threading.Lock()
        self._show: Callable[[], None] = lambda: None

    def advance(self, count: int) -> None:
        """Add `count` received bytes."""
        with self._lock:
            self._done += count
            self._show()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the progress for the duration of the block."""
        console = Console(stderr=True)
        megabytes = self._total / 1e6
        if not console.is_terminal or self._progress is silent:
            self._progress(f"{self._title}: downloading {megabytes:.0f} MB")
            self._show = self._line_every_tenth()
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Bar(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(self._title, total=self._total)
            self._show = lambda: bar.update(task, completed=self._done)
            yield

    def _line_every_tenth(self) -> Callable[[], None]:
        told = 0

        def show() -> None:
            nonlocal told
            tenths = min(10, 10 * self._done // max(1, self._total))
            if tenths > told:
                told = tenths
                self._progress(f"{self._title}: {tenths}0 % of {self._total / 1e6:.0f} MB")

        return show
