"""One stage in one process: `python -m streams.runtime.stage_process embed PARENT`. The worker starts these.

Exit codes:
* 0: stopped by a signal, after draining (or without it when draining is impossible, `streams.runtime.shutdown`).
* 1: crashed; a restart helps.
* 3: over the dead-letter budget, wrongly configured, or on the Redis of another installation; a restart does not help.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
from typing import NoReturn

from models.encoding.encoder import EncoderError
from models.online.assigner import NewerSnapshotError
from streams.kafka.log import SettingError
from streams.redis_store.view_positions import OtherLogError
from streams.runtime.faust_app import BuildStage, create_app, run_app
from streams.runtime.pipeline import STAGES
from streams.runtime.shutdown import end_in_time
from streams.settings import Settings, load_settings
from streams.stages.dead_letters import DeadLetterBudgetError
from streams.system.logs import get_logger, set_up_logging
from streams.system.malloc_trim import give_back_memory
from streams.system.metrics import Metrics, serve_metrics
from streams.system.parent_death import die_with_parent

STOPPED = 0
CRASHED = 1
GIVE_UP = 3
STALLED_SECONDS = 120.0  # far longer than the slowest batch, and short enough for users


def run_stage(settings: Settings, name: str, build: BuildStage | None = None) -> int:
    """Run one stage until SIGTERM, SIGINT or a crash.

    Args:
        settings: The settings of the process.
        name: The stage's name; selects its metrics port.
        build: Builds the stage; by default the stage of that name.

    Returns:
        The exit code.
    """
    log = get_logger(__name__)
    try:
        (settings.data_dir / "faust").mkdir(parents=True, exist_ok=True)
    except OSError as unwritable:
        log.error("data folder cannot be written; set TOPTOPICS_DATA_DIR to a writable one", error=str(unwritable))
        return GIVE_UP
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    metrics = Metrics()
    try:
        app = create_app(settings, name, build or STAGES[name], metrics)
    except (EncoderError, SettingError, NewerSnapshotError) as wrong:
        log.error("stage cannot start; see `toptopics doctor`", error=str(wrong))
        loop.close()
        return GIVE_UP
    if settings.metrics_port:
        port = settings.metrics_port + list(STAGES).index(name)
        serve_metrics(metrics, port, settings.metrics_host)
        log.info("metrics served", host=settings.metrics_host, port=port)
    app.task(_watch_loop)
    app.task(give_back_memory)
    log.info("stage starts", kafka=settings.kafka_bootstrap_servers)
    addresses = str(settings.kafka_bootstrap_servers)
    code = run_app(
        app,
        loop,
        lambda stopping: end_in_time(addresses, stopping, lambda: end_process(_ended(app.crash_reason))),
    )
    return _ended(app.crash_reason) or code


def _ended(error: BaseException | None) -> int:
    """Log how a stage ended and return its exit code."""
    log = get_logger(__name__)
    if error is None:
        log.info("stage stopped")
        return STOPPED
    log.error("stage crashed", error=f"{type(error).__name__}: {error}", exc_info=error)
    return GIVE_UP if isinstance(error, (DeadLetterBudgetError, OtherLogError)) else CRASHED


def end_process(code: int) -> NoReturn:
    """Exit without waiting for threads: a thread that hangs in an encoder would keep a crashed process alive."""
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)


async def _watch_loop() -> None:
    """End the process when the event loop is blocked, and log the stack of every thread: a blocked loop cannot even
    crash.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(STALLED_SECONDS, exit=True)
            await asyncio.sleep(STALLED_SECONDS / 20)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _tell_thread(failed: threading.ExceptHookArgs) -> None:
    """Log an uncaught exception of a thread as a log line instead of a bare traceback."""
    get_logger(__name__).error("thread failed", thread=failed.thread and failed.thread.name, exc_info=failed.exc_value)


def main() -> None:
    """Entry point; the arguments are the stage's name and the pid of the process that starts it."""
    name, parent = sys.argv[1], int(sys.argv[2])
    die_with_parent(parent)
    threading.excepthook = _tell_thread
    settings = load_settings()
    set_up_logging(settings, stage=name)
    end_process(run_stage(settings, name))


if __name__ == "__main__":
    main()
