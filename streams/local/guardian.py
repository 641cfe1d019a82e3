"""A tiny process between a starter and its server: it ends the server as soon as the starter is gone.

Run by path with a bare interpreter, so it imports the standard library only:

    python -I -S guardian.py LIFELINE PARENT GRACE LOG -- COMMAND…

* LIFELINE is the read end of a pipe whose only write end the starter holds. End of file means that the starter is
  gone, however it went (`kill -9` included). One byte on it means: stay, whoever started you may leave now.
* PARENT is the starter's pid. A child that the starter forked may hold the pipe open after the starter's death; then
  the changed parent gives it away.
* SIGTERM and SIGINT stop the server: asked first, killed after GRACE seconds. The guardian leads its own session, so
  Ctrl-C at a terminal reaches the starter alone and the server is stopped in order.
* On Linux the kernel ends the server when the guardian itself is killed.
* The server's pid is the first line on standard output. Its own output goes to LOG.
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
    """Signals arrive as bytes on the returned descriptor, so that one `select` waits for everything."""
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
    """Start the server, watch, stop it; exit code 0, or the server's own when it ended by itself."""
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
