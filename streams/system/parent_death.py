"""Ends a child process together with its parent, even when the parent is killed with -9."""

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def die_with_parent(sign: int = signal.SIGKILL) -> None:
    """Ask the kernel to send `sign` to this process when its parent ends; on other systems than Linux, watch the
    parent.

    SIGKILL is safe for every stage: the fault tests use it.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, sign) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    else:  # pragma: no cover
        threading.Thread(target=_watch, args=(parent, sign), daemon=True).start()
    if os.getppid() != parent:  # the parent ended between the two calls
        os.kill(os.getpid(), sign)


def _watch(parent: int, sign: int) -> None:  # pragma: no cover
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), sign)
