"""A child process must not outlive the process that started it, also when that is killed with -9.

The parent gives its pid to the child as an argument. A child that asks for the pid itself asks too late: its imports
take seconds, and a parent that was killed meanwhile cannot be told from the process that adopted the child.
"""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 1.0


def die_with_parent(parent: int, sign: int = signal.SIGKILL) -> None:
    """Send `sign` to this process as soon as its parent is not `parent` any more, now or later.

    On Linux the kernel does it at once. A thread does it everywhere, within a second. SIGKILL is safe for every stage:
    law 1 is tested with it.

    Args:
        parent: Pid of the process that started this one, as that process gave it.
        sign: The signal.

    Raises:
        OSError: The kernel refuses.
    """
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, sign) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    _end_when_orphaned(parent, sign)  # it may have ended before the kernel was asked
    threading.Thread(target=_watch, args=(parent, sign), name="parent", daemon=True).start()


def _end_when_orphaned(parent: int, sign: int) -> None:
    if os.getppid() != parent:
        os.kill(os.getpid(), sign)


def _watch(parent: int, sign: int) -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        _end_when_orphaned(parent, sign)
