"""The workers of an installation: one for its own stages, one for those of each community, and one embed for all.

The list of communities is read again every `LOOK_SECONDS`. The stages of a new one start, those of a removed one stop,
and those of a changed one start again. So does `embed`, with the topics of all communities. As after any restart,
nothing is lost. A community whose stage gave up stays stopped, and the others go on.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import IO, Any, Literal

from aiokafka.errors import KafkaError

from models.events import Community
from streams.kafka.communities import settings_of
from streams.kafka.log import EMBED
from streams.runtime.worker import Worker
from streams.settings import Settings
from streams.system.logs import get_logger

LOOK_SECONDS = 5.0
READ_SECONDS = 15.0
log = get_logger(__name__)
_Work = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]  # stages, and variables of their environment


class Fleet:
    """Supervises the workers until a signal, or until a stage of the installation itself gives up."""

    def __init__(
        self,
        stages: Sequence[str],
        settings: Settings,
        environment: Mapping[str, str],
        communities: Callable[[], Awaitable[Sequence[Community]]],
        log_file: IO[bytes] | None = None,
    ) -> None:
        """Args:
        stages: Names of the stages to run.
        settings: Of the installation.
        environment: Variables added to this process's environment.
        communities: Reads the list.
        log_file: Receives the stages' log lines; None for this process's standard error.
        """
        self._stages = tuple(stages)
        self._settings = settings
        self._environment = dict(environment)
        self._read = communities
        self._log_file = log_file
        self._stopping = asyncio.Event()
        self._known: Sequence[Community] = ()
        self._workers: dict[str, tuple[_Work, Worker, asyncio.Task[None]]] = {}
        self.exit_code = 0

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT. Returns the exit code, as `Worker.run` does."""
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._stopping.set)
        await self.supervise()
        return self.exit_code

    def stop(self) -> None:
        """Ask all stages to drain and stop."""
        self._stopping.set()

    async def supervise(self) -> None:
        """Start all stages and keep them running until `stop`."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                await self._read_again(stopping)
                if self._stopping.is_set():
                    return
                await self._adapt()
                tasks = [task for _, _, task in self._workers.values() if not task.done()]
                await asyncio.wait({stopping, *tasks}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                self._notice_the_ended()
        finally:
            stopping.cancel()
            await self._end(list(self._workers))

    async def _read_again(self, stopping: "asyncio.Task[Literal[True]]") -> None:
        reading = asyncio.ensure_future(asyncio.wait_for(self._read(), READ_SECONDS))
        either: set[asyncio.Future[Any]] = {reading, stopping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            reading.cancel()
            return
        try:
            self._known = reading.result()
        except (KafkaError, OSError, LookupError, TimeoutError) as error:
            log.warning("list of communities is unreadable; keeping the last one", error=str(error))

    async def _adapt(self) -> None:
        wanted = self._wanted()
        await self._end([key for key, (work, _, _) in self._workers.items() if wanted.get(key) != work])
        for key, work in wanted.items():
            if key not in self._workers:
                stages, variables = work
                worker = Worker(stages, dict(variables), self._log_file)
                self._workers[key] = (work, worker, asyncio.create_task(worker.supervise()))

    def _wanted(self) -> dict[str, _Work]:
        """What must run now: key "" for the installation itself, "embed" for all, else a community's name."""
        names = ",".join(community.name for community in self._known)
        alone = tuple(stage for stage in self._stages if stage != EMBED)
        work = {"": (alone, self._environment)}
        if EMBED in self._stages:
            work[f"{EMBED}:"] = ((EMBED,), {**self._environment, "TOPTOPICS_COMMUNITIES": names})
        for community in self._known:
            work[community.name] = (alone, {**self._environment, **variables_for(self._settings, community)})
        return {key: (stages, tuple(sorted(given.items()))) for key, (stages, given) in work.items() if stages}

    def _notice_the_ended(self) -> None:
        for key, (_, worker, task) in self._workers.items():
            if not task.done():
                continue
            task.result()
            self.exit_code = self.exit_code or worker.exit_code
            if key == "" or key.startswith(EMBED):
                self._stopping.set()
            elif worker.exit_code:
                log.error("the stages of a community stay stopped; the others go on", community=key)
                worker.exit_code = 0  # said once

    async def _end(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._workers[key][1].stop()
        for key in keys:
            _, worker, task = self._workers.pop(key)
            await task
            self.exit_code = self.exit_code or worker.exit_code


def variables_for(settings: Settings, community: Community) -> dict[str, str]:
    """The variables of a process that works for a community.

    Args:
        settings: Of the installation.
        community: The community.
    """
    own = settings_of(settings, community)
    return {
        "TOPTOPICS_COMMUNITY": own.community,
        "TOPTOPICS_PREFIX": own.prefix,
        "TOPTOPICS_DATA_DIR": os.fspath(own.data_dir),
        "TOPTOPICS_TIMEZONE": own.timezone,
        "TOPTOPICS_LATENESS_HOURS": str(own.lateness_hours),
        "TOPTOPICS_METRICS_PORT": str(own.metrics_port),
    }
