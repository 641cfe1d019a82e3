"""Lowers the priority of work that may wait, such as a refit or a replay, below the live stages.

Linux first shares the processor between sessions (sched_autogroup); `nice` counts only inside a session. A process with
a session of its own, such as the refit, would get as much time as all live stages together, whatever its niceness. So
the session gets the same niceness. See sched(7), "The autogroup feature".
"""

import os
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def lower_priority(steps: int) -> None:
    """Increase the niceness of this process by `steps` (0-19), and set its session to it if the process leads the
    session.
    """
    niceness = os.nice(steps)
    if os.getsid(0) != os.getpid():  # a user's terminal: other programs in it are not ours to slow down
        return
    # other systems have no such file, and the kernel may refuse the change for now; it is optional
    with suppress(OSError):
        AUTOGROUP.write_text(str(niceness), "ascii")
