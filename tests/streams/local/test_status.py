"""`up`, `down` and `status` without starting anything. Tests of the real services are in tests/integration."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.cli.services import StatusSection
from streams.cli.worker import stages_section
from streams.settings import Settings


@pytest.fixture
def answering() -> Iterator[str]:
    """The host:port of a server that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOPTOPICS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr("streams.cli.services.status_sections", [])  # the whole program adds some


def test_nothing_runs_in_a_new_folder(tmp_path: Path) -> None:
    """The command does not create the folder either."""
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 3
    services = json.loads(result.stdout)["services"]
    assert [(service["name"], service["running"], service["source"]) for service in services] == [
        ("kafka", False, "local"),
        ("redis", False, "local"),
    ]
    assert not (tmp_path / "data").exists()


def test_given_addresses_are_shown_without_their_password(answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", answering)
    monkeypatch.setenv("REDIS_URL", f"redis://user:s3cret@{answering}/0")
    for arguments in (["status"], ["status", "--json"]):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0
        assert "s3cret" not in result.output
    assert json.loads(result.stdout)["services"][1]["address"] == f"redis://…@{answering}/0"


def test_other_parts_add_sections_and_have_a_say(answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def worker(settings: Settings) -> StatusSection:
        return StatusSection("worker", [{"stage": "embed", "lag": 7, "data": str(settings.data_dir)}], healthy=False)

    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", answering)
    monkeypatch.setenv("REDIS_URL", f"redis://{answering}/0")
    monkeypatch.setattr("streams.cli.services.status_sections", [worker])
    result = CliRunner().invoke(app, ["status", "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["worker"][0]["lag"] == 7


def test_a_broker_that_does_not_tell_of_its_stages_is_a_line(answering: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server accepts connections and sends nothing."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", answering)
    monkeypatch.setenv("REDIS_URL", f"redis://{answering}/0")
    monkeypatch.setattr("streams.cli.worker.SECONDS", 0.3)
    monkeypatch.setattr("streams.cli.services.status_sections", [stages_section])
    result = CliRunner().invoke(app, ["status"])
    assert result.exit_code == 3
    assert "the broker does not answer" in result.stdout


def test_up_with_given_addresses_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:9092")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere/0")
    result = CliRunner().invoke(app, ["up"])
    assert result.exit_code == 0
    assert result.stdout == "export KAFKA_BOOTSTRAP_SERVERS=elsewhere:9092\nexport REDIS_URL=redis://elsewhere/0\n"
    assert not (tmp_path / "data").exists()


def test_up_says_what_is_wrong_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker that fails takes the Redis that this `up` started down with it."""
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path / "nowhere"))
    result = CliRunner().invoke(app, ["up"])
    assert result.exit_code == 1
    assert "contains no Kafka" in result.stderr
    assert "docker compose" in result.stderr
    assert json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)["services"][1]["pid"] is None


def test_a_data_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file", encoding="utf-8")
    result = CliRunner().invoke(app, ["up"])
    assert result.exit_code == 1
    assert "cannot keep its data" in result.stderr
    assert "TOPTOPICS_DATA_DIR" in result.stderr
    assert CliRunner().invoke(app, ["status"]).exit_code == 3
    assert CliRunner().invoke(app, ["down"]).exit_code == 0


def test_down_is_harmless_when_nothing_runs() -> None:
    result = CliRunner().invoke(app, ["down"])
    assert result.exit_code == 0
    assert result.stderr == "Kafka: was not running\nRedis: was not running\n"
