"""`toptopics doctor` against a real broker and Redis."""

import asyncio
import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.admin_client import admin
from streams.kafka.topics import TWEETS
from streams.local.jars import find_jars
from streams.local.progress import silent
from streams.local.toolchain import Toolchain, find_java
from streams.operations import service_checks
from streams.operations.checks import Problem
from streams.redis_store.client import ViewUnavailableError, connect, open_views
from streams.redis_store.view_positions import ViewPositions
from streams.runtime.view_rebuild import view_positions
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


async def test_a_clock_that_is_off_is_told(kafka_bootstrap: str, fresh_names: str) -> None:
    """Two days ahead of the broker: posts would be refused as future. Redis may be as wrong, on the same machine."""
    settings = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names)
    assert "of the broker's clock" in await service_checks._clock(settings, system_clock)
    with pytest.raises(Problem, match=r"\b17[12]\d{3} s ahead of the broker's clock"):
        await service_checks._clock(settings, lambda: system_clock() + timedelta(days=2))
    with pytest.raises(Problem, match="s behind the broker's clock"):
        await service_checks._clock(settings, lambda: system_clock() - timedelta(days=2))
    async with admin(settings) as client:
        assert [name for name in await client.list_topics() if name.startswith(fresh_names)] == []


async def test_a_redis_with_the_view_of_another_installation_is_told(
    kafka_bootstrap: str, redis_url: str, fresh_names: str
) -> None:
    """The first one to write owns it; `doctor` claims nothing."""
    settings = load_settings(kafka_bootstrap_servers=kafka_bootstrap, redis_url=redis_url, prefix=fresh_names)
    assert await service_checks._view(settings) == "not made yet"

    async def other() -> str:
        return "another-cluster"

    async with open_views(redis_url, fresh_names) as views:
        await ViewPositions(views.database, fresh_names, other).check()
        with pytest.raises(Problem, match="another-cluster"):
            await service_checks._view(settings)
        await views.wipe()
        await view_positions(settings, views).check()
    assert await service_checks._view(settings) == "made from this Kafka cluster"


async def test_a_redis_that_hides_its_configuration_is_well(redis_url: str) -> None:
    """As hosted ones do. A wrong password fails."""
    admin, user = connect(redis_url, connections=1), "doctor-test"
    try:
        await admin.call("ACL", "SETUSER", user, "on", ">secret", "~*", "+@all", "-config")
        given = redis_url.replace("redis://", f"redis://{user}:secret@")
        assert "noeviction" in await service_checks._redis(load_settings(redis_url=given))
        with pytest.raises(ViewUnavailableError) as refused:
            await service_checks._redis(load_settings(redis_url=given.replace("secret", "guess")))
        assert "guess" not in str(refused.value)
    finally:
        await admin.call("ACL", "DELUSER", user)
        await admin.aclose()


def test_the_command_finds_wrong_topics_and_says_so_in_json(
    kafka_bootstrap: str, fresh_names: str, environment: dict[str, str]
) -> None:
    """A new broker has no topics yet, which is no failure; a topic with too many partitions for its one writer is."""
    new = _findings(environment, exit_code=0)
    assert new["topics"]["detail"] == "not created yet"
    assert "lag embed" not in new
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


async def test_posts_that_wait_for_a_stopped_stage_fail_and_an_idle_broker_does_not(
    kafka_bootstrap: str, fresh_names: str, environment: dict[str, str]
) -> None:
    """Right after the topics are made nothing waits, so nothing has to run."""
    settings = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names)
    await ensure_topics(settings)
    assert await service_checks._lag(settings, "embed", TWEETS) == "not running; no post waits"
    async with AIOKafkaProducer(bootstrap_servers=kafka_bootstrap) as producer:
        for number in range(3):
            await producer.send_and_wait(f"{fresh_names}tweets", b"{}", key=str(number).encode())
    with pytest.raises(Problem, match="not running, 3 posts wait"):
        await service_checks._lag(settings, "embed", TWEETS)


def _findings(environment: dict[str, str], exit_code: int = 1) -> dict[str, dict[str, str]]:
    result = CliRunner().invoke(app, ["doctor", "--json"], env=environment)
    assert result.exit_code == exit_code
    return {finding["name"]: finding for finding in json.loads(result.stdout)}


async def _create_wrongly(bootstrap: str, *names: str, partitions: int = 2) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1) for name in names])
    finally:
        await admin.close()
