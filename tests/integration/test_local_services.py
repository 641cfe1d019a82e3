"""The embedded broker and Redis for real: what survives, what ends with whom, and who may meet whom."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.local.kafka_broker import KafkaBroker
from streams.local.processes import Record, read_record
from streams.local.readiness import connects, kafka_answers, redis_answers, split_address
from streams.local.redis_server import RedisServer
from streams.local.services import running_services
from streams.local.toolchain import Toolchain

ROOT = Path(__file__).parents[2]
STARTER = """
import sys, time
from pathlib import Path
from streams.local.services import running_services
with running_services(Path(sys.argv[1]), bootstrap=sys.argv[2] or None) as services:
    print(services.kafka, services.redis, flush=True)
    time.sleep(600)
"""
COMMANDS = "import typer; from streams.cli.services import register; app = typer.Typer(); register(app); app()"


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Whether it came true; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def record_of(data_dir: Path, name: str) -> Record:
    record = read_record(data_dir / name / "running.json")
    assert record is not None
    return record


async def create(bootstrap: str, topic: str, **security: Any) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **security)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def produce(bootstrap: str, topic: str, values: list[bytes], **security: Any) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, max_request_size=1 << 24, **security
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, timestamp_ms=1_620_000_000_000)  # May 2021: a backfill


async def consume(bootstrap: str, topic: str, count: int, **security: Any) -> list[bytes]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=1 << 25, **security) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await consumer.getone()).value for _ in range(count)]


def redis_says(url: str, command: str) -> bytes:
    """One inline command to Redis, without a client library."""
    with socket.create_connection(split_address(url), timeout=10) as connection:
        connection.sendall(command.encode() + b"\r\n")
        return connection.recv(4096)


@pytest.fixture
def start_elsewhere() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str, str]]]:
    """Starts services in another process that leads its own process group: (process, Kafka's, Redis' address)."""
    processes = []

    def start(data_dir: Path, bootstrap: str = "") -> tuple[subprocess.Popen[str], str, str]:
        process = subprocess.Popen(
            [sys.executable, "-c", STARTER, str(data_dir), bootstrap],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        assert process.stdout is not None
        kafka, redis = process.stdout.readline().split()
        return process, kafka, redis

    yield start
    for process in processes:
        process.kill()
        process.communicate()


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


def test_kill_9_of_the_starter_leaves_no_process_and_all_data(
    tmp_path: Path, start_elsewhere: Callable[..., tuple[subprocess.Popen[str], str, str]]
) -> None:
    process, kafka, redis = start_elsewhere(tmp_path)
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
        [sys.executable, "-c", COMMANDS, "up", "--foreground"],
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
        assert process.wait(timeout=60) == 0
    assert all(record.has_ended() for record in records), "stopped before the starter's end, not after it"
    assert not (tmp_path / "kafka" / "running.json").exists()
    assert (tmp_path / "kafka" / "data" / ".kafka_cleanshutdown").exists(), "Kafka's own mark of an orderly end"


def test_starting_twice_is_harmless(
    services_dir: Path,
    kafka_bootstrap: str,
    redis_url: str,
    start_elsewhere: Callable[..., tuple[subprocess.Popen[str], str, str]],
) -> None:
    """A second start attaches, here and in another process, and its end leaves the first one's services alone."""
    before = record_of(services_dir, "kafka")
    with running_services(services_dir) as second:
        assert (second.kafka, second.redis) == (kafka_bootstrap, redis_url)
    third, kafka, redis = start_elsewhere(services_dir)
    assert (kafka, redis) == (kafka_bootstrap, redis_url)
    os.killpg(third.pid, signal.SIGINT)
    third.wait(timeout=60)
    assert record_of(services_dir, "kafka") == before
    assert asyncio.run(_brokers(kafka_bootstrap)) == 1
    assert redis_says(redis_url, "PING") == b"+PONG\r\n"


async def _brokers(bootstrap: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return len((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()


def test_of_starters_at_once_one_starts_and_the_others_attach(tmp_path: Path) -> None:
    """Several starters on one folder; the lock is between open files, so threads stand for processes."""
    servers = [RedisServer(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda server: server.start(), servers))
    try:
        assert sorted(started) == [False, False, False, True]
        assert len({server.address for server in servers}) == 1
    finally:
        for server in servers:
            server.stop()


def test_two_checkouts_do_not_collide(tmp_path: Path, kafka_bootstrap: str, redis_url: str, fresh_names: str) -> None:
    with running_services(tmp_path) as own:
        assert own.kafka != kafka_bootstrap
        assert own.redis != redis_url
        topic = f"{fresh_names}posts"
        for place, value in ((kafka_bootstrap, b"there"), (own.kafka, b"here")):
            asyncio.run(create(place, topic))
            asyncio.run(produce(place, topic, [value]))
        assert asyncio.run(consume(kafka_bootstrap, topic, 1)) == [b"there"]
        assert asyncio.run(consume(own.kafka, topic, 1)) == [b"here"]
    assert asyncio.run(_brokers(kafka_bootstrap)) == 1


def test_given_addresses_are_used_and_nothing_is_started(tmp_path: Path) -> None:
    with running_services(tmp_path, bootstrap="elsewhere:9092", redis_url="redis://elsewhere/3") as services:
        assert services.kafka == "elsewhere:9092"
        assert services.redis == "redis://elsewhere/3"
    assert list(tmp_path.iterdir()) == []


def test_a_killed_broker_comes_back_on_its_port_with_sasl(tmp_path: Path) -> None:
    """`KAFKA_HOME` instead of the downloaded jars, a protected client listener, SIGKILL in between."""
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
    """Linux ends it with the guardian; elsewhere the next start replaces it."""
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


def environment(data_dir: Path) -> dict[str, str]:
    """This one with no address given and a data folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL")}
    return {**kept, "TOPTOPICS_DATA_DIR": str(data_dir)}


def toptopics(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMANDS, *arguments],
        cwd=ROOT,
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_up_stays_until_down(tmp_path: Path) -> None:
    """`up` returns and the services outlive it; again is harmless; `status` says so in its exit code and JSON."""
    assert toptopics(tmp_path, "status").returncode == 3
    first = toptopics(tmp_path, "up")
    try:
        assert first.returncode == 0, first.stderr
        again = toptopics(tmp_path, "up")
        assert again.stdout == first.stdout
        shown = toptopics(tmp_path, "status", "--json")
        assert shown.returncode == 0
        services = {service["name"]: service for service in json.loads(shown.stdout)["services"]}
        kafka, redis = services["kafka"], services["redis"]
        assert f"export KAFKA_BOOTSTRAP_SERVERS={kafka['address']}" in first.stdout
        assert f"export REDIS_URL={redis['address']}" in first.stdout
        assert psutil.Process(kafka["pid"]).name() == "java"
        assert (kafka["running"], kafka["stays"], kafka["version"]) == (True, True, "4.3.1")
        assert toptopics(tmp_path, "status").returncode == 0
        with running_services(tmp_path) as services_here:
            assert services_here.kafka == kafka["address"]
        assert redis_answers(split_address(redis["address"])[1])
    finally:
        down = toptopics(tmp_path, "down")
    assert down.returncode == 0
    assert toptopics(tmp_path, "status").returncode == 3
    assert not psutil.pid_exists(kafka["pid"])
    assert not psutil.pid_exists(redis["pid"])
    assert toptopics(tmp_path, "down").returncode == 0


def test_readiness_needs_a_real_answer(kafka_bootstrap: str, redis_url: str) -> None:
    """Each server refuses to be taken for the other one."""
    kafka_port, redis_port = split_address(kafka_bootstrap)[1], split_address(redis_url)[1]
    assert kafka_answers(kafka_port)
    assert redis_answers(redis_port)
    assert not kafka_answers(redis_port)
    assert not redis_answers(kafka_port)
