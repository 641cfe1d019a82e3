"""The real embedded broker and Redis: what survives a restart or a kill, and what ends together."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer
from streams.local.services import running_services
from streams.local.toolchain import Toolchain
from streams.system.tcp import connects
from tests.integration.local_world import (
    consume,
    create,
    environment,
    eventually,
    produce,
    record_of,
    redis_says,
    started_elsewhere,
)
from tests.support.paths import ROOT


def test_a_restarted_broker_has_its_records_and_its_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a 15 MiB message, records of 2021 (a backfill), and a relative data folder with a space in its name."""
    monkeypatch.chdir(tmp_path)
    broker = KafkaBroker(Path("my data"))
    values = [b"first", b"x" * (15 << 20), b"last"]
    assert broker.start()
    try:
        address = broker.address
        asyncio.run(create(address, "posts"))
        asyncio.run(produce(address, "posts", values))
        assert asyncio.run(consume(address, "posts", 3)) == values
        record = record_of(tmp_path / "my data", "kafka")
        broker.restart()
        assert record.has_ended()
        assert broker.address == address
        assert asyncio.run(consume(address, "posts", 3)) == values
    finally:
        broker.stop()
    assert broker.running() is None
    assert not connects(address)


def test_kill_9_of_the_starter_leaves_no_process_and_all_data(tmp_path: Path) -> None:
    """The next start finds the data, on the same ports."""
    with started_elsewhere(tmp_path) as (process, kafka, redis):
        records = [record_of(tmp_path, name) for name in ("kafka", "redis")]
        asyncio.run(create(kafka, "posts"))
        asyncio.run(produce(kafka, "posts", [b"kept"]))
        assert redis_says(redis, "SET answer 42") == b"+OK\r\n"
        process.kill()
        process.wait()
        assert eventually(lambda: all(record.has_ended() for record in records))
    with running_services(tmp_path) as services:
        assert (services.kafka, services.redis) == (kafka, redis)
        assert asyncio.run(consume(services.kafka, "posts", 1)) == [b"kept"]
        assert redis_says(services.redis, "GET answer") == b"$2\r\n42\r\n"


def test_ctrl_c_stops_everything_in_order(tmp_path: Path) -> None:
    """SIGINT to the whole process group, as a terminal sends it: the services must not get it before the starter."""
    with subprocess.Popen(
        [sys.executable, "-m", "streams.cli", "up", "--foreground"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("export KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:")
        records = [record_of(tmp_path, name) for name in ("kafka", "redis")]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=180) == 0
    assert all(record.has_ended() for record in records), "stopped before the starter's end, not after it"
    assert not (tmp_path / "kafka" / "running.json").exists()
    assert (tmp_path / "kafka" / "data" / ".kafka_cleanshutdown").exists(), "Kafka's own mark of an orderly end"


def test_a_killed_broker_comes_back_on_its_port_with_sasl(tmp_path: Path) -> None:
    """`KAFKA_HOME` instead of the downloaded jars, a protected client listener, and a SIGKILL."""
    ready = KafkaBroker(tmp_path / "unused")
    ready.prepare()
    libs = tmp_path / "kafka_home" / "libs"
    libs.mkdir(parents=True)
    for jar in ready._jars.paths if ready._jars else ():
        (libs / jar.name).symlink_to(jar)
    sasl = {
        "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "listener.name.client.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.client.plain.sasl.jaas.config": (
            'org.apache.kafka.common.security.plain.PlainLoginModule required user_reader="a\\"secret";'
        ),
    }
    toolchain = Toolchain(kafka_home=libs.parent, maven_cache=tmp_path / "no cache")
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_plain_username": "reader"}
    with_password = {**login, "sasl_plain_password": 'a"secret'}
    broker = KafkaBroker(tmp_path, extra_properties=sasl, toolchain=toolchain)
    broker.start()
    try:
        address = broker.address
        asyncio.run(create(address, "posts", **with_password))
        asyncio.run(produce(address, "posts", [b"kept"], **with_password))
        assert broker.kill()
        assert not connects(address)
        broker.start()
        assert broker.address == address
        assert asyncio.run(consume(address, "posts", 1, **with_password)) == [b"kept"]
    finally:
        broker.stop()


def test_without_its_guardian_a_server_does_not_stay(tmp_path: Path) -> None:
    """Linux ends it with the guardian; on other systems the next start replaces it."""
    server = RedisServer(tmp_path)
    server.start()
    record = record_of(tmp_path, "redis")
    psutil.Process(record.guardian.pid).kill()
    if sys.platform == "linux":
        assert eventually(lambda: record.server.process() is None)
    assert server.running() is None
    assert server.start()
    assert record.has_ended()
    assert redis_says(server.address, "PING") == b"+PONG\r\n"
    server.stop()


def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    broker = KafkaBroker(tmp_path, extra_properties={"process.roles": "dishwasher"})
    with pytest.raises(RuntimeError, match=r"(?s)dishwasher.*KAFKA_BOOTSTRAP_SERVERS.*KAFKA_HOME.*JAVA_HOME"):
        broker.start()
    assert broker.running() is None
