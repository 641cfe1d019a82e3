"""The refit process, without the computation."""

import os
import subprocess
import sys

from tests.support.paths import ROOT

CHILD = """
import sys
from streams.refit import server

async def refit(settings, arguments, progress):
    print("at work", file=sys.stderr, flush=True)
    sys.stdin.readline()  # until the parent has gone
    progress("reducing", 0.5)
    raise AssertionError("nobody listens any more")

server._refit = refit
server.main()
"""


def test_a_parent_that_has_gone_is_no_error() -> None:
    """The parent was stopped during a refit: the child ends too, without a traceback in its log."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(os.getpid())],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdin.write(b"{}\n")
    child.stdin.flush()
    assert child.stderr.readline() == b"at work\n"
    child.stdout.close()
    child.stdin.close()
    assert child.stderr.read() == b""
    child.stderr.close()
    assert child.wait(180) == 0
