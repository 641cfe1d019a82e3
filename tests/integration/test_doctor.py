"""`toptopics doctor` against a real broker and Redis."""

import asyncio
import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.clock import system_clock
from streams.local.jars import find_jars
from streams.local.progress import silent
from streams.local.toolchain import Toolchain, find_java
from streams.operations import doctor
from streams.operations.doctor import Problem
from streams.redis_store.client import ViewUnavailableError, connect
from streams.settings import load_settings


@pytest.fixture
def environment(kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a command with a prefix of its own, without a model to load."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "REDIS_URL": redis_url,
        "TOPTOPICS_PREFIX": fresh_names,
        "TOPTOPICS_DATA_DIR": str(tmp_path),
        "TOPTOPICS_ENCODER": "hash",
    }


async def test_a_clock_that_is_off_is_told(monkeypatch: pytest.MonkeyPatch, redis_url: str) -> None:
    """An hour ahead of Redis: posts would be refused as future. The two clocks may differ by some seconds."""
    settings = load_settings(redis_url=redis_url)
    assert "apart" in await doctor._clock(settings, system_clock)
    with pytest.raises(Problem, match=r"\b3[56]\d\d s apart"):
        await doctor._clock(settings, lambda: system_clock() + timedelta(seconds=3_600))


async def test_a_redis_that_hides_its_configuration_is_well(redis_url: str) -> None:
    """As hosted ones do. A wrong password fails."""
    admin, user = connect(redis_url, connections=1), "doctor-test"
    try:
        await admin.call("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", "-config")
        given = redis_url.replace("redis://", f"redis://{user}:secret@")
        assert "noeviction" in await doctor._redis(load_settings(redis_url=given))
        with pytest.raises(ViewUnavailableError) as refused:
            await doctor._redis(load_settings(redis_url=given.replace("secret", "guess")))
        assert "guess" not in str(refused.value)
    finally:
        await admin.call("ACL", "DELUSER", user)
        await admin.aclose()


def test_the_command_finds_wrong_topics_and_says_so_in_json(
    kafka_bootstrap: str, fresh_names: str, environment: dict[str, str]
) -> None:
    """First missing topics, then a topic with too many partitions for its one writer; exit code 1 for both."""
    missing = _findings(environment)
    assert "missing" in missing["topics"]["detail"]
    assert "lag embed" not in missing
    asyncio.run(_create_wrongly(kafka_bootstrap, f"{fresh_names}tweets.embedded"))
    wrong = _findings(environment)
    assert "tweets.embedded: 2 partitions" in wrong["topics"]["detail"]
    assert "retention.ms" in wrong["topics"]["detail"]
    assert "TOPTOPICS_PREFIX" in wrong["topics"]["fix"], "Kafka takes no partition away"


def test_settings_of_topics_are_right_after_the_fix_is_followed_to_the_letter(
    kafka_bootstrap: str, fresh_names: str, environment: dict[str, str]
) -> None:
    """Created by another program with Kafka's defaults; the dead letters' topic allows too small records."""
    asyncio.run(_create_wrongly(kafka_bootstrap, f"{fresh_names}digests", f"{fresh_names}dead-letters", partitions=1))
    found = _findings(environment)["topics"]
    assert "cleanup.policy is delete" in found["detail"]
    _, _, commands = found["fix"].partition("kafka-configs.sh")
    for command in commands.split(" && kafka-configs.sh"):
        _kafka_configs(command.split())
    assert "missing" in _findings(environment)["topics"]["detail"], "nothing else is wrong with those that are there"


def _kafka_configs(arguments: list[str]) -> None:
    """Run what `kafka-configs.sh` runs."""
    toolchain = Toolchain.from_environment()
    jars = os.pathsep.join(map(str, find_jars(toolchain, silent).paths))
    subprocess.run([find_java(toolchain), "-cp", jars, "kafka.admin.ConfigCommand", *arguments], check=True)


def _findings(environment: dict[str, str]) -> dict[str, dict[str, str]]:
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    assert result.exit_code == 1
    return {finding["name"]: finding for finding in json.loads(result.stdout)}


async def _create_wrongly(bootstrap: str, *names: str, partitions: int = 2) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1) for name in names])
    finally:
        await admin.close()
