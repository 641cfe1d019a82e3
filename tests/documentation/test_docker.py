"""The compose file follows the rules of its schema and names real commands. The tests have no Docker engine."""

import re
import subprocess
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.cli.metrics import SERVED
from streams.settings import Settings
from streams.sources.variables import VARIABLES
from streams.stages.table import STAGE_NAMES
from tests.support.paths import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
KAFKA_LOCK = ROOT / "streams" / "local" / "kafka.lock"
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "toptopics"}


def _variables() -> set[str]:
    names = {f"TOPTOPICS_{name.upper()}" for name in Settings.model_fields}
    aliases = {
        str(choice)
        for field in Settings.model_fields.values()
        for choice in getattr(field.validation_alias, "choices", [])
    }
    return names | aliases


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_exists_with_its_options(name: str) -> None:
    """The command of a container is a command of the program."""
    command, *options = OURS[name]["command"]
    if command.startswith("-"):
        command, options = "", [command]
    result = CliRunner().invoke(app, [*([command] if command else []), "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    for option in options:
        if option.startswith("--"):
            assert option in result.output


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_a_setting(name: str) -> None:
    """A misspelt variable would have no effect."""
    assert set(OURS[name]["environment"]) <= _variables() | VARIABLES.keys()


def test_all_stages_run_somewhere() -> None:
    """Embedding is a service of its own, so that it scales alone."""
    stages = [
        stage
        for service in OURS.values()
        if service["command"][0] == "worker"
        for stage in service["command"][2].split(",")
    ]
    assert sorted(stages) == sorted(STAGE_NAMES)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"cli"}))
def test_every_service_has_limits_and_keeps_its_data(name: str) -> None:
    """Memory is bounded, and data are on named volumes."""
    service = SERVICES[name]
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    for volume in service["volumes"]:
        assert volume.split(":")[0] in COMPOSE["volumes"] or volume.endswith(":ro")


@pytest.mark.parametrize("name", sorted(set(OURS) - {"cli", "api"}))
def test_a_health_check_asks_every_part_of_the_container(name: str) -> None:
    """On the port of its metrics, so that a process that does nothing is not healthy."""
    command, *rest = OURS[name]["command"]
    words = ",".join([*rest, command]).split(",")
    parts = [part for part in words if part in SERVED]
    parts = parts if command == "worker" else parts[:1]  # several sources run in one process
    ports = [str(int(OURS[name]["environment"]["TOPTOPICS_METRICS_PORT"]) + SERVED.index(part)) for part in parts]
    assert ports
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "streams.operations.health", *ports]


def test_without_an_account_posts_come_in_and_digests_go_out() -> None:
    """What runs without a profile: stages, feeds, the service and deliveries, from one file of subscriptions."""
    always = {name: service for name, service in OURS.items() if "profiles" not in service}
    assert {service["command"][0] for service in always.values()} == {"worker", "serve", "push", "source"}
    volumes = {name: OURS[name]["volumes"] for name in ("api", "push", "cli")}
    assert len({tuple(one) for one in volumes.values()}) == 1


def test_the_broker_is_the_version_that_the_tests_run() -> None:
    """`streams/local/kafka.lock` has the jars of the local broker."""
    (locked,) = re.findall(r"^org\.apache\.kafka:kafka_2\.\d+:(\S+) ", KAFKA_LOCK.read_text(), re.MULTILINE)
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{locked}"


def test_what_others_wait_for_is_checked() -> None:
    """`service_healthy` needs a health check."""
    for service in OURS.values():
        for other, condition in service["depends_on"].items():
            assert condition == {"condition": "service_healthy"}
            assert "healthcheck" in SERVICES[other]


def test_nothing_is_published_beyond_loopback() -> None:
    """Kafka here has no authentication."""
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_the_image_does_not_run_as_root() -> None:
    """The last USER counts, and the containers drop all capabilities."""
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in {"root", "0"}
    assert all(service["cap_drop"] == ["ALL"] for service in OURS.values())


def test_the_image_can_be_had_without_cuda() -> None:
    """The version of torch is read from the lock; nothing of development is installed."""
    text = (ROOT / "Dockerfile").read_text()
    expression = re.search(r"sed -n '([^']+)'", text)
    assert expression is not None
    found = subprocess.run(
        ["sed", "-n", expression[1], ROOT / "requirements.lock"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+\n", found.stdout)
    assert "--constraint requirements.lock --requirement pyproject.toml" in text


def test_the_brokers_limits_fit_the_topics() -> None:
    """The broker accepts the largest record that a topic allows."""
    from streams.kafka.topics import TOPICS

    largest = max(int(topic.config.get("max.message.bytes", 0)) for topic in TOPICS)
    assert int(SERVICES["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) >= largest
    assert SERVICES["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
