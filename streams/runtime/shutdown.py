"""Ends a stage in time when it cannot stop by itself.

When a stage stops, Faust waits for confirmations, commits and the group's answer to its leaving. An unreachable broker
answers none of them, a member that was frozen has to rejoin its group first, and a batch may hang. Ending the process
loses nothing: Kafka delivers the unacknowledged records again after the next start. A slow broker is waited for as long
as a supervisor waits for the worker.
"""

import threading
import time
from collections.abc import Callable

from streams.system.logs import get_logger
from streams.system.tcp import connects

AWAY_SECONDS = 5.0  # a restarting broker is rarely back sooner, and afterwards there is still time to drain
MOST_SECONDS = 20.0  # the worker kills a stage after 25 s; Docker and systemd kill the worker after 30 or 90 s
LOOK_SECONDS = 0.5
AGAIN = "ended without draining; unacknowledged records will be delivered again"
log = get_logger(__name__)


def end_in_time(addresses: str, stopping: Callable[[], bool], end: Callable[[], object]) -> threading.Thread:
    """Watch the shutdown from a thread of its own, because the event loop may hang.

    Args:
        addresses: The brokers, host:port[,…].
        stopping: Whether the stage has to stop.
        end: Ends the process. Called when the stage has to stop and no address accepted a connection for AWAY_SECONDS,
            at the latest MOST_SECONDS after the stop.

    Returns:
        The watching thread, already running.
    """

    def watch() -> None:
        told = reached = time.monotonic()
        while True:
            time.sleep(LOOK_SECONDS)
            if not stopping():
                told = reached = time.monotonic()
            elif connects(addresses):
                reached = time.monotonic()
            if time.monotonic() - reached > AWAY_SECONDS:
                log.warning(f"broker is unreachable: {AGAIN}")
                break
            if time.monotonic() - told > MOST_SECONDS:
                log.warning(f"stage did not drain in time: {AGAIN}", seconds=MOST_SECONDS)
                break
        end()

    thread = threading.Thread(target=watch, name="drain", daemon=True)
    thread.start()
    return thread
