"""A stage that is told to stop while the broker is away: it ends, since nothing can be drained then.

Faust waits for confirmations, commits and a farewell to the group that nobody answers, until its supervisor kills it.
Ending instead loses nothing: what was not acknowledged is delivered again after the next start, as after any crash. A
broker that is there, and only slow, is waited for.
"""

import threading
import time
from collections.abc import Callable

from streams.local.readiness import connects
from streams.logs import get_logger

AWAY_SECONDS = 5.0  # a broker that starts again is seldom back sooner, and there is time to drain when it is
LOOK_SECONDS = 0.5
log = get_logger(__name__)


def end_without_broker(addresses: str, stopping: Callable[[], bool], end: Callable[[], object]) -> threading.Thread:
    """Watch from a thread of its own, since the event loop may be what hangs.

    addresses: host:port[,…]. stopping: whether the stage was told to stop. end: called once none of the addresses has
    accepted a connection for AWAY_SECONDS after that.
    """

    def watch() -> None:
        reached = time.monotonic()
        while time.monotonic() - reached < AWAY_SECONDS:
            time.sleep(LOOK_SECONDS)
            if not stopping() or connects(addresses):
                reached = time.monotonic()
        log.warning("the broker is away: ended without draining; what was under way is delivered again")
        end()

    thread = threading.Thread(target=watch, name="drain", daemon=True)
    thread.start()
    return thread
