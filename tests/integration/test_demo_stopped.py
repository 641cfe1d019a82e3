"""`toptopics demo`, stopped by Ctrl-C while it sends posts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(240)


def test_ctrl_c_while_it_is_sending_ends_in_order(tmp_path: Path) -> None:
    """Exit code 130, stages and services stopped, and no warnings of Python about unfinished work."""
    environment = os.environ | {
        "TOPTOPICS_DATA_DIR": str(tmp_path), "TOPTOPICS_ENCODER": "hash", "PYTHONUNBUFFERED": "1", "COLUMNS": "200",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "posts sent" in line and " 0 posts sent" not in line:
                break
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate()  # pytest's time limit ends a hanging one
    finally:
        process.kill()
    assert process.returncode == 130, complained
    assert "Stopping the stages" in said
    assert "Kafka: stopping" in said
    assert complained == ""
