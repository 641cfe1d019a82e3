"""The real supervisor of stages that can be told to fail, forked on request (`nursery`).

It differs from `toptopics worker` in three ways, because a schedule makes more crashes in a minute than a year does.
The back-off ends at two seconds instead of thirty. The broker forgets a killed member after six seconds instead of
fifteen. A stage is forked from this process, which has imported and compiled everything, and so does not repeat
Python's start, all imports and numba's work; it is still a process of its own.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from models.online.factory import prepare
from streams.runtime import faust_app as app
from streams.runtime import worker
from streams.settings import load_settings
from streams.system.files import replace_file
from streams.system.logs import set_up_logging

IMPORTED = (
    "faust",
    "models.encoding.encoder",
    "streams.redis_store.redis_embed_cache",
    "streams.runtime.view_rebuild",
    "tests.integration.faults.stage_process",
)


class Forked:
    """The part of `asyncio.subprocess.Process` that the supervisor uses."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._collect)

    def _collect(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        _, status = os.waitpid(self.pid, 0)
        self._ended.set_result(os.waitstatus_to_exitcode(status))

    async def wait(self) -> int:
        """The exit code, negative after a signal."""
        return await asyncio.shield(self._ended)

    def terminate(self) -> None:
        """SIGTERM."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)


_execute = asyncio.create_subprocess_exec


def _start_with(start: Any) -> None:
    patched: Callable[..., None] = setattr  # mypy does not accept a fork for a subprocess
    patched(asyncio, "create_subprocess_exec", start)


async def _fork(*command: str, env: Mapping[str, str], **_: Any) -> Forked:
    pid = os.fork()
    if pid == 0:
        _become(command[-2:], env)
    return Forked(pid)


def _become(arguments: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """In the child: shed what belongs to the supervisor's event loop, then be the stage."""
    from tests.integration.faults import stage_process

    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, signal.SIG_DFL)
        asyncio._set_running_loop(None)
        _start_with(_execute)  # a refit is a program of its own
        os.environ.update(environment)
        sys.argv = ["stage_process", *arguments]
        stage_process.main()
    except BaseException:  # noqa: BLE001 (a child must never return into its parent's code)
        traceback.print_exc()
    finally:
        os._exit(1)


def _supervise(request: Mapping[str, Any]) -> NoReturn:
    """In a child: be the supervisor."""
    os.environ.update(request["environment"])
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, sys.stderr.fileno())
    try:
        _start_with(_fork)
        set_up_logging(load_settings(), stage="worker")
        supervisor = worker.Worker(request["stages"], {})
        code = asyncio.run(supervisor.run())
        sys.stderr.flush()
        os._exit(code)
    except BaseException:  # noqa: BLE001 (a child must never return into its parent's code)
        traceback.print_exc()
    finally:
        os._exit(1)


def _hold(request: Mapping[str, Any], folder: Path) -> NoReturn:
    """In a child: start the supervisor, tell its pid, and in the end its exit code."""
    os.setsid()
    pid = os.fork()
    if pid == 0:
        _supervise(request)
    replace_file(folder / f"{request['name']}.pid", str(pid).encode())
    _, status = os.waitpid(pid, 0)
    replace_file(folder / f"{request['name']}.code", str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def main() -> None:
    """Entry point; the only argument is the folder for what becomes of the children."""
    for name in IMPORTED:
        importlib.import_module(name)
    prepare()
    app._OPTIONS |= {"broker_session_timeout": 6, "broker_heartbeat_interval": 1.5}
    worker.BACK_OFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 2.0, 2.0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the holders
    while line := os.fsdecode(sys.stdin.buffer.readline()):
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _hold(json.loads(line), Path(sys.argv[1]))


if __name__ == "__main__":
    main()
