"""Stages that have lost their worker are found and ended; those of a running worker and of others are not."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.local.orphans import end_orphans, orphans
from streams.operations.doctor import diagnose_machine
from streams.settings import load_settings

ROOT = Path(__file__).parents[3]
NOWHERE = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0", "TOPTOPICS_ENCODER": "hash"}


def _stage(folder: Path, parent: int, *module: str) -> "subprocess.Popen[bytes]":
    """A frozen process, as a stage is that hangs in an import."""
    process = subprocess.Popen(
        [sys.executable, "-m", *(module or ("streams.runtime.stage_process", "assign")), str(parent)],
        cwd=ROOT,
        env=os.environ | NOWHERE | {"TOPTOPICS_DATA_DIR": str(folder)},
    )
    process.send_signal(signal.SIGSTOP)
    return process


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A stage whose worker has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    process = _stage(tmp_path, ended.pid)
    yield process
    process.kill()
    process.wait()


def test_an_orphan_of_this_data_folder_is_found_and_ended(tmp_path: Path, orphan: "subprocess.Popen[bytes]") -> None:
    """One of another folder is another installation's, and a child of a living worker is no orphan."""
    own = _stage(tmp_path, os.getpid())
    try:
        (found,) = orphans(tmp_path)
        assert (found.name, found.pid) == ("assign", orphan.pid)
        assert orphans(tmp_path / "other") == []
        end_orphans([found])
        assert not psutil.pid_exists(orphan.pid)
        assert own.poll() is None
        assert orphans(tmp_path) == []
    finally:
        own.kill()
        own.wait()


def test_a_refit_without_its_stage_is_one_too(tmp_path: Path, orphan: "subprocess.Popen[bytes]") -> None:
    """It holds half a gigabyte."""
    refit = _stage(tmp_path, orphan.pid, "streams.refit.server")
    try:
        assert {found.name for found in orphans(tmp_path)} == {"assign", "refit"}
    finally:
        refit.kill()
        refit.wait()


def test_a_process_that_took_the_pid_is_left_alone(tmp_path: Path, orphan: "subprocess.Popen[bytes]") -> None:
    """Between the look and the end a pid may have gone to somebody else."""
    (found,) = orphans(tmp_path)
    end_orphans([type(found)(found.name, found.pid, found.since - 1, found.parent)])
    assert orphan.poll() is None


async def test_doctor_names_it(tmp_path: Path, orphan: "subprocess.Popen[bytes]") -> None:
    """With the command that ends it."""
    settings = load_settings(data_dir=tmp_path, encoder="hash")
    finding = {found.name: found for found in await diagnose_machine(settings)}["orphans"]
    assert (finding.ok, str(orphan.pid) in finding.detail, "toptopics down" in finding.fix) == (False, True, True)


def test_the_commands_name_it(tmp_path: Path, orphan: "subprocess.Popen[bytes]") -> None:
    """`status` fails, `down` ends it."""
    given = {"TOPTOPICS_DATA_DIR": str(tmp_path)}
    told = CliRunner().invoke(app, ["status", "--json"], env=given)
    assert told.exit_code == 3
    (row,) = json.loads(told.stdout)["orphans"]
    assert row["pid"] == orphan.pid
    done = CliRunner().invoke(app, ["down"], env=given)
    assert f"assign: process {orphan.pid} had lost its worker; stopped" in done.stderr
    assert not psutil.pid_exists(orphan.pid)
