"""The worker: one process a stage, started again when it crashes, stopped together.

A process each, so that a crash or a blocked event loop is one stage's own, and two cores are used. A stage that gives
up (exit code 3) stops the worker: restarting it would only fill `dead-letters`.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from streams.runtime.stage_process import GIVE_UP
from streams.system.logs import get_logger

STOP_SECONDS = 25.0  # with what follows still within thirty seconds; SIGKILL after it loses nothing
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
NOT_DRAINED = 1  # exit code: nothing is lost, but whoever supervises us should know
HEALTHY_SECONDS = 60.0  # a stage that ran so long starts its back-off anew
log = get_logger(__name__)


class Worker:
    """Supervises stage processes until a signal, or until one gives up."""

    def __init__(
        self,
        stages: Sequence[str],
        environment: Mapping[str, str],
        log_file: IO[bytes] | None = None,
        module: str = "streams.runtime.stage_process",
    ) -> None:
        """log_file: where the stages' log lines go; None: to this process's standard error. module: what runs one."""
        self._stages = stages
        self._module = module
        self._log_file = log_file
        self._environment = os.environ | dict(environment)
        self._stopping = asyncio.Event()
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.exit_code = 0

    async def run(self) -> int:
        """Until SIGTERM or SIGINT; returns the exit code.

        0 after an orderly stop, 1 when a stage had to be killed because it did not drain in time, 3 when one gave up.
        """
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, self._stopping.set)
        await self.supervise()
        return self.exit_code

    async def supervise(self) -> None:
        """Start all stages and keep them running until `stop`."""
        await asyncio.gather(*(self._keep_running(name) for name in self._stages))

    def stop(self) -> None:
        """Ask all stages to drain and end."""
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
                # a terminal's Ctrl-C must reach the worker alone, which then stops the stages in order
                start_new_session=True,
            )
            self._processes[name] = process
            code = await self._wait(process)
            if self._stopping.is_set():
                return
            if code == GIVE_UP:
                log.error("stage gave up; the worker stops", failed=name)
                self.exit_code = GIVE_UP
                self._stopping.set()
                return
            failures = 0 if loop.time() - started > HEALTHY_SECONDS else failures
            delay = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            log.error("stage ended; starting it again", failed=name, exit_code=code, in_seconds=delay)
            await self._sleep(delay)

    async def _wait(self, process: asyncio.subprocess.Process) -> int:
        """The exit code; on `stop` the process gets SIGTERM, and SIGKILL when it has not drained in time."""
        ended = asyncio.ensure_future(process.wait())
        stopping = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ended.done():
            process.terminate()
            done, _ = await asyncio.wait({ended}, timeout=STOP_SECONDS)
            if not done:
                log.error("stage did not stop in time; killed", pid=process.pid, seconds=STOP_SECONDS)
                process.kill()
                self.exit_code = self.exit_code or NOT_DRAINED
        return await ended

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def environment_for(kafka: str, redis: str, **extra: str) -> dict[str, str]:
    """What stage processes are told of services that were started for them."""
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka, "REDIS_URL": redis, **extra}
