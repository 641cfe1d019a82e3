"""Lower priority for a process and for a session that it leads, never for a shared session."""

import os
import subprocess
import sys

import pytest

from streams.system.priority import AUTOGROUP

SAY = (
    "import os, pathlib; from streams.system.priority import AUTOGROUP, lower_priority; lower_priority(3);"
    "print(os.getpriority(os.PRIO_PROCESS, 0), AUTOGROUP.read_text() if AUTOGROUP.exists() else '')"
)


def by_session() -> bool:
    """Whether this system shares the processor by session; otherwise the file is missing or empty."""
    return AUTOGROUP.exists() and bool(AUTOGROUP.read_text())


def said(*, new_session: bool) -> list[str]:
    """The process's niceness, and the session's as the last value where the system has one."""
    command = [sys.executable, "-c", SAY]
    done = subprocess.run(command, start_new_session=new_session, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_process_is_nicer() -> None:
    assert said(new_session=False)[0] == str(min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3))


@pytest.mark.skipif(not by_session(), reason="this system does not share the processor by session")
@pytest.mark.parametrize("own", [True, False])
def test_its_session_is_as_nice_only_when_it_is_its_own(own: bool) -> None:
    before = AUTOGROUP.read_text().split()[-1]
    process, *_, session = said(new_session=own)
    assert session == (process if own else before)
    assert AUTOGROUP.read_text().split()[-1] == before
