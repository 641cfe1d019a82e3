"""Doctor: every failed check says what to do; nothing hangs or raises."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.clock import system_clock
from streams.operations import machine_checks
from streams.operations.checks import Check, Finding, Problem, examine
from streams.operations.doctor import diagnose_machine, diagnose_services
from streams.settings import Settings, load_settings


async def _well() -> str:
    return "fine"


async def _ill() -> str:
    raise Problem("it is broken", "mend it")


async def _worse() -> str:
    raise ZeroDivisionError("nobody thought of this")


async def _hangs() -> str:
    await asyncio.sleep(3600)
    return "never"


@pytest.mark.parametrize(
    ("ask", "ok", "detail", "fix"),
    [
        (_well, True, "fine", ""),
        (_ill, False, "it is broken", "mend it"),
        (_worse, False, "ZeroDivisionError: nobody thought of this", "general advice"),
        (_hangs, False, "no answer within 0 s", "general advice"),
    ],
)
async def test_whatever_happens_is_a_finding(ask: object, ok: bool, detail: str, fix: str) -> None:
    """Passed, failed with its own advice, a bug, a hang."""
    found = await examine(Check("x", ask, "general advice", seconds=0.2))  # type: ignore[arg-type]
    assert (found.ok, found.detail, found.fix) == (ok, detail, fix)


async def _findings(settings: Settings) -> dict[str, Finding]:
    found = [*await diagnose_machine(settings), *await diagnose_services(settings, system_clock)]
    return {finding.name: finding for finding in found}


async def test_with_nothing_there_every_failing_line_has_a_fix(tmp_path: Path) -> None:
    """No broker, no Redis, and a data folder below a file."""
    (tmp_path / "file").touch()
    settings = load_settings(
        kafka_bootstrap_servers="127.0.0.1:1",
        redis_url="redis://127.0.0.1:1/0",
        data_dir=tmp_path / "file" / "data",
        encoder="hash",
    )
    findings = await _findings(settings)
    assert {name for name, finding in findings.items() if not finding.ok} == {"data folder", "kafka", "redis"}
    assert all(finding.fix for finding in findings.values() if not finding.ok)
    assert "topics" not in findings, "what cannot be asked is not reported twice"


async def test_a_wrong_certificate_authority_is_named(tmp_path: Path) -> None:
    """Python's own message does not name the file."""
    settings = load_settings(
        kafka_bootstrap_servers="127.0.0.1:1",
        redis_url="redis://127.0.0.1:1/0",
        data_dir=tmp_path,
        encoder="no/such-model",
        kafka_security_protocol="SSL",
        kafka_ssl_cafile=tmp_path / "none.pem",
    )
    findings = await _findings(settings)
    assert str(tmp_path / "none.pem") in findings["kafka"].detail
    assert "no/such-model" in findings["encoder"].detail
    assert not any("\n" in finding.detail for finding in findings.values()), "one line each"


def test_a_broker_that_is_away_is_one_clear_line(tmp_path: Path) -> None:
    """For every command that needs one: no traceback, exit code 1, and where to look."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "REDIS_URL": "redis://127.0.0.1:1",
        "TOPTOPICS_DATA_DIR": str(tmp_path),
    }
    result = CliRunner().invoke(app, ["dead-letters"], env=environment)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    (line,) = result.stderr.splitlines()
    assert "127.0.0.1" in line
    assert "toptopics doctor" in line


def test_without_a_data_folder_the_command_reports_all_the_same(tmp_path: Path) -> None:
    """It would start local Kafka and Redis there; that they cannot start is one more line."""
    (tmp_path / "file").touch()
    environment = {
        "TOPTOPICS_DATA_DIR": str(tmp_path / "file" / "data"),
        "TOPTOPICS_ENCODER": "hash",
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "REDIS_URL": "",
    }
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    assert result.exit_code == 1
    findings = {finding["name"]: finding for finding in json.loads(result.stdout)}
    assert {name for name, finding in findings.items() if not finding["ok"]} == {"data folder", "local services"}
    assert "TOPTOPICS_DATA_DIR" in findings["data folder"]["fix"]
    assert "KAFKA_BOOTSTRAP_SERVERS" in findings["local services"]["fix"]


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before snapshots fail."""
    monkeypatch.setattr(machine_checks, "LEAST_FREE", 1 << 60)
    with pytest.raises(Problem, match="GiB free, less than"):
        machine_checks._disk(tmp_path / "not" / "there" / "yet")
