"""A stage that is told to stop and cannot: it ends all the same, and in time.

Faust waits for confirmations, commits and a farewell to the group. With the broker away nobody answers them. A member
that was frozen, and has to join its group again before it may leave it, waits for all others; a batch may hang. Ending
instead loses nothing: what was not acknowledged is delivered again after the next start, as after any crash. A broker
that is there, and only slow, is waited for as long as a supervisor waits for us.
"""

import threading
import time
from collections.abc import Callable

from streams.local.readiness import connects
from streams.system.logs import get_logger

AWAY_SECONDS = 5.0  # a broker that starts again is seldom back sooner, and there is time to drain when it is
MOST_SECONDS = 20.0  # the worker kills after 25, and others (Docker, systemd) after 30 or 90
LOOK_SECONDS = 0.5
AGAIN = "ended without draining; what was under way is delivered again"
log = get_logger(__name__)


def end_in_time(addresses: str, stopping: Callable[[], bool], end: Callable[[], object]) -> threading.Thread:
    """Watch from a thread of its own, since the event loop may be what hangs.

    addresses: host:port[,…]. stopping: whether the stage was told to stop. end: called once none of the addresses has
    accepted a connection for AWAY_SECONDS after that, and after MOST_SECONDS at the latest.
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
                log.warning(f"the broker is away: {AGAIN}")
                break
            if time.monotonic() - told > MOST_SECONDS:
                log.warning(f"the stage does not come to rest: {AGAIN}", seconds=MOST_SECONDS)
                break
        end()

    thread = threading.Thread(target=watch, name="drain", daemon=True)
    thread.start()
    return thread
