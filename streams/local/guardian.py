"""A small process between a starter and its server. It stops the server as soon as the starter has ended.

It is run by path with a bare interpreter, so it imports the standard library only:

    python -I -S guardian.py LIFELINE PARENT GRACE LOG -- COMMAND…

* LIFELINE is the read end of a pipe; only the starter has its write end. End of file means that the starter has ended,
  in whatever way (`kill -9` included). One byte means that the server stays when the starter ends.
* PARENT is the starter's pid. A child that the starter forked may keep the pipe open after the starter's death; the
  guardian notices it by its changed parent.
* SIGTERM and SIGINT stop the server: SIGTERM first, SIGKILL after GRACE seconds. The guardian leads its own session, so
  Ctrl-C at a terminal reaches only the starter, which stops the server in order.
* On Linux the kernel ends the server when the guardian itself is killed.
* The first line on standard output is the server's pid. The server's own output goes to LOG.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

PARENT_POLL_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


def _end_with_guardian() -> None:
    """Between fork and exec: have Linux send SIGTERM to the server when the guardian dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wakeup_pipe() -> int:
    """Have signals arrive as bytes on the returned descriptor, so that one `select` waits for everything."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return reader


def _stop(server: subprocess.Popen[bytes], grace: float) -> None:
    server.terminate()
    try:
        server.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _watch(server: subprocess.Popen[bytes], lifeline: int, parent: int, signals: int) -> None:
    """Return when the server has ended or must end."""
    attached = True
    while server.poll() is None:
        watched = [signals, lifeline] if attached else [signals]
        ready, _, _ = select.select(watched, [], [], PARENT_POLL_SECONDS if attached else None)
        if signals in ready and set(os.read(signals, 64)) & {signal.SIGTERM, signal.SIGINT}:
            return
        if lifeline in ready:
            if not os.read(lifeline, 1):
                return
            attached = False
        if attached and os.getppid() != parent:
            return


def main(arguments: list[str]) -> int:
    """Start the server, watch it and stop it. Returns 0, or the server's exit code when it ended by itself."""
    lifeline, parent, grace = int(arguments[0]), int(arguments[1]), float(arguments[2])
    signals = _wakeup_pipe()
    with Path(arguments[3]).open("ab") as log:
        server = subprocess.Popen(
            arguments[5:],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_guardian,
        )
    print(server.pid, flush=True)
    _watch(server, lifeline, parent, signals)
    if server.poll() is None:
        _stop(server, grace)
        return 0
    return abs(server.wait())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
