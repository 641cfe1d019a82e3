"""Work that may wait, such as a refit or a replay, gives way to the live stages on the same machine.

Linux shares the processor between sessions first (sched_autogroup), and `nice` counts only inside one: a process with a
session of its own, as the refit's is, would get as much as all live stages together, however nice. So its session is
made as nice as it is. See sched(7), "The autogroup feature".
"""

import os
from contextlib import suppress
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")


def lower_priority(steps: int) -> None:
    """Make this process `steps` nicer (0-19), and its session as nice as that where the process leads it."""
    niceness = os.nice(steps)
    if os.getsid(0) != os.getpid():  # somebody's terminal: what else runs in it is not ours to slow down
        return
    # no such file on other systems; or the kernel has no time now for a change that only makes things pleasant
    with suppress(OSError):
        AUTOGROUP.write_text(str(niceness), "ascii")
