"""The worker: runs each stage in its own process, restarts crashed stages and stops all of them together.

With a process each, a crash or a blocked event loop stops one stage only, and all cores are used. A stage that exits
with code 3 stops the worker: restarting it would only fill `dead-letters`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from streams.runtime.stage_process import GIVE_UP
from streams.system.logs import get_logger

STOP_SECONDS = 25.0  # the whole stop stays within 30 seconds; a SIGKILL afterwards loses nothing
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # not tenacity: a process that ended is no failed call
NOT_DRAINED = 1  # exit code: nothing is lost, but a supervisor should know
HEALTHY_SECONDS = 60.0  # a stage that ran this long starts again with the shortest delay
log = get_logger(__name__)


class Worker:
    """Supervises stage processes until a signal, or until a stage gives up."""

    def __init__(
        self,
        stages: Sequence[str],
        environment: Mapping[str, str],
        log_file: IO[bytes] | None = None,
        module: str = "streams.runtime.stage_process",
    ) -> None:
        """Args:
        stages: Names of the stages to run.
        environment: Variables added to this process's environment.
        log_file: Receives the stages' log lines; None for this process's standard error.
        module: The module that runs one stage.
        """
        self._stages = stages
        self._module = module
        self._log_file = log_file
        self._environment = os.environ | dict(environment)
        self._stopping = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.exit_code = 0

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT.

        Returns:
            0 after an orderly stop, 1 when a stage was killed because it did not drain in time, 3 when a stage gave up.
        """
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._stopping.set)
        await self.supervise()
        return self.exit_code

    async def supervise(self) -> None:
        """Start all stages and keep them running until `stop`."""
        await asyncio.gather(*(self._keep_running(name) for name in self._stages))

    @property
    def running(self) -> list[str]:
        """The names whose processes run."""
        return [name for name, process in self._processes.items() if process.returncode is None]

    def stop(self) -> None:
        """Ask all stages to drain and stop."""
        self._stopping.set()

    async def _keep_running(self, name: str) -> None:
        failures = 0
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            started = loop.time()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                name,
                str(os.getpid()),
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=self._log_file,
                # a terminal's Ctrl-C must reach only the worker, which then stops the stages in order
                start_new_session=True,
            )
            self._processes[name] = process
            code = await self._wait(process)
            if self._stopping.is_set():
                return
            if code == GIVE_UP:
                log.error("stage gave up; stopping the worker", failed=name)
                self.exit_code = GIVE_UP
                self._stopping.set()
                return
            failures = 0 if loop.time() - started > HEALTHY_SECONDS else failures
            delay = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            log.error("stage ended; restarting it", failed=name, exit_code=code, in_seconds=delay)
            await self._sleep(delay)

    async def _wait(self, process: asyncio.subprocess.Process) -> int:
        """Wait for the process and return its exit code. On `stop` it gets SIGTERM, and after STOP_SECONDS SIGKILL."""
        ended = asyncio.ensure_future(process.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            process.terminate()
            done, _ = await asyncio.wait({ended}, timeout=STOP_SECONDS)
            if not done:
                log.error("stage did not stop in time; killing it", pid=process.pid, seconds=STOP_SECONDS)
                process.kill()
                self.exit_code = self.exit_code or NOT_DRAINED
        return await ended

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def environment_for(kafka: str, redis: str, **extra: str) -> dict[str, str]:
    """Environment variables that tell stage processes about services started for them."""
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka, "REDIS_URL": redis, **extra}
