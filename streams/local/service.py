"""One local service: started once for a data folder, found by other processes, stopped with its starter, on stable
ports.

A file lock guards the start: of two starters at the same time, one starts the service and the other finds it running.
The process that started it is its owner. When the owner ends, in whatever way, the guardian stops the service.
`start(stay=True)` leaves the service to the guardian alone, until `stop`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from streams.local.errors import LocalServiceError
from streams.local.ports import reserve_ports
from streams.local.processes import ProcessId, Record, read_record, write_record
from streams.local.progress import ReportStep, silent
from streams.local.supervise import Guarded, kill_recorded, spawn, stop_recorded, tail, wait_until
from streams.local.toolchain import Toolchain
from streams.system.files import locked


class LocalService(ABC):
    """The common part of broker and Redis. Several processes may use it at the same time, several threads may not."""

    name: str
    title: str
    port_names: tuple[str, ...]
    grace_seconds: float
    ready_seconds: float

    def __init__(self, data_dir: Path, *, toolchain: Toolchain | None = None, progress: ReportStep = silent) -> None:
        self.folder = data_dir.expanduser().resolve() / self.name
        self.toolchain = Toolchain.from_environment() if toolchain is None else toolchain
        self.progress = progress
        self._guarded: Guarded | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Find or download what the command needs. May take long and reports progress.

        Raises:
            LocalServiceError: It cannot be done; the message names the ways out.
        """

    @abstractmethod
    def command(self, ports: Mapping[str, int]) -> list[str | Path]:
        """Write the configuration and return the command for these ports.

        Raises:
            LocalServiceError: It cannot be done; the message names the ways out.
        """

    @abstractmethod
    def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether the server handles real requests now."""

    def is_loading(self, ports: Mapping[str, int]) -> bool:
        """Whether the server says that it is on its way: it gets more time as long as it does."""
        return False

    @abstractmethod
    def address_of(self, ports: Mapping[str, int]) -> str:
        """The address for clients."""

    @abstractmethod
    def version(self) -> str:
        """Version of the prepared program."""

    @property
    def log(self) -> Path:
        """The server's output."""
        return self.folder / "output.log"

    @property
    def logs(self) -> list[Path]:
        """Every log to show after a failure."""
        return [self.log]

    @property
    def address(self) -> str:
        """The address of the running service.

        Raises:
            LocalServiceError: It is not running.
        """
        record = self.running()
        if record is None:
            raise LocalServiceError(f"{self.title} is not running in {self.folder}.")
        return record.address

    @property
    def _record_path(self) -> Path:
        return self.folder / "running.json"

    def running(self) -> Record | None:
        """The running service of this data folder, started by any process; None when there is none."""
        record = read_record(self._record_path)
        return record if record is not None and record.is_running() else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                stack.enter_context(locked(self.folder / "lock", wait=True))
            except OSError as error:
                why = f"{self.title} cannot keep its data in {self.folder}: {error}"
                raise LocalServiceError(f"{why}. Set TOPTOPICS_DATA_DIR to a folder that can be written.") from error
            yield

    def start(self, *, stay: bool = False) -> bool:
        """Return when the service answers.

        Args:
            stay: Whether it continues when this process ends.

        Returns:
            True when this call started it, False when it was running already.

        Raises:
            LocalServiceError: It does not start. The message has the log's last lines and the ways out.
        """
        with self._locked():
            if self.running() is not None:
                return False
            self._clear_leftovers()
            self.prepare()
            self.progress(f"{self.title} {self.version()}: starting")
            for _attempt in range(2):
                if self._try_start(stay):
                    return True
            if not self._try_start(stay):
                raise self._failure("did not start")
            return True

    def stop(self) -> bool:
        """Stop the service in order, whichever process started it. False when it was not running."""
        if not self.folder.exists():
            return False
        with self._locked():
            return self._end(lambda record: stop_recorded(record, self.grace_seconds))

    def kill(self) -> bool:
        """Kill the service as a crash would (SIGKILL). False when it was not running."""
        with self._locked():
            return self._end(kill_recorded)

    def restart(self, *, stay: bool = False) -> None:
        """Stop, then start on the same ports and data."""
        self.stop()
        self.start(stay=stay)

    def _end(self, end: Callable[[Record], None]) -> bool:
        record = read_record(self._record_path)
        was_running = record is not None and not record.has_ended()
        if record is not None and was_running:
            end(record)
        if self._guarded is not None:
            self._guarded.drop()
            self._guarded.process.wait()
            self._guarded = None
        self._record_path.unlink(missing_ok=True)
        return was_running

    def _clear_leftovers(self) -> None:
        """Wait for a server that is still stopping after its owner was killed."""
        record = read_record(self._record_path)
        if record is not None and not record.has_ended():
            self.progress(f"{self.title}: waiting for the one before to stop")
        self._end(lambda left: stop_recorded(left, self.grace_seconds))

    def _try_start(self, stay: bool) -> bool:
        """Try to start once. False when another process took one of the ports before the server listened."""
        ports = reserve_ports(self.folder / "ports.json", self.port_names)
        for log in self.logs:  # a failure must show the lines of this start
            if log.exists():
                log.replace(log.with_suffix(".previous.log"))
        guarded = None
        try:
            guarded = spawn(self.command(ports), folder=self.folder, log=self.log, grace=self.grace_seconds)
            self._guarded = guarded
            self._remember(guarded, ports, owner=ProcessId.of(psutil.Process().pid))
            ready = self._until_ready(guarded, ports)
            if guarded.has_ended() or not ready:
                raise self._failure("ended at once" if ready else f"gave no answer in {self.ready_seconds:.0f} s")
        except OSError as error:
            self._abandon()
            raise self._failure(f"cannot be run: {error}") from error
        except LocalServiceError:
            self._abandon()
            if "Address already in use" in tail(self.logs, lines=200):
                return False
            raise
        except BaseException:  # Ctrl-C during the start
            self._abandon()
            raise
        if stay:
            self._remember(guarded, ports, owner=None)
            guarded.release()
            self._guarded = None
        return True

    def _until_ready(self, guarded: Guarded, ports: Mapping[str, int]) -> bool:
        """Wait until the server answers or has ended. False when it did neither in time and is not loading."""
        while not wait_until(lambda: guarded.has_ended() or self.answers(ports), self.ready_seconds):
            if not self.is_loading(ports):
                return False
            self.progress(f"{self.title}: loading its data")
        return True

    def _remember(self, guarded: Guarded, ports: Mapping[str, int], owner: ProcessId | None) -> None:
        try:
            watcher = guarded.guardian()
        except psutil.NoSuchProcess:
            raise self._failure("ended at once") from None
        record = Record(self.address_of(ports), self.version(), guarded.server, watcher, owner)
        write_record(self._record_path, record)

    def _abandon(self) -> None:
        self._end(lambda record: stop_recorded(record, self.grace_seconds))

    def _failure(self, what: str) -> LocalServiceError:
        shown = tail(self.logs)
        return LocalServiceError(f"{self.title} {what}." + (f"\n{shown}" if shown else ""))
