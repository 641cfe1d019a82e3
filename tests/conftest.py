"""For all tests: no time limit on a Hypothesis example, loggers as a test found them, and a Ctrl-C that is heard."""

import logging
import signal
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# machines that test are busy: how long an example takes says nothing
settings.register_profile("toptopics", deadline=None)
settings.load_profile("toptopics")

# a shell starts what it puts in the background with SIGINT ignored, and every process that a test starts inherits that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """A command called inside the test process sets up logging on a stream that is closed afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
