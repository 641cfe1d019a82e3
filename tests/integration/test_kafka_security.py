"""SASL SCRAM over TLS with the real broker: bulk readers and writers, admin, and every Faust stage."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from aiokafka.errors import KafkaError
from cryptography.hazmat.primitives import serialization

from streams.clock import system_clock
from streams.kafka.admin import ensure_topics
from streams.kafka.log import producer, read_topic
from streams.kafka.topics import TWEETS
from streams.local.kafka_broker import KafkaBroker
from streams.local.ports import LOOPBACK
from streams.operations.doctor import diagnose_services
from streams.redis_store.client import connect
from streams.settings import Settings, load_settings
from tests.integration.pipeline import WorkerProcess, produce, until_accounted
from tests.support.made_posts import tweet

pytestmark = pytest.mark.timeout(600)
REDIS_PASSWORD = "salt-and-sugar"
USER, PASSWORD = "reader", "a;\"b'c$d e=f"  # characters that break careless quoting
GUESS = "gu3ss3d-w0rd"


@dataclass(frozen=True)
class Secured:
    """A broker that requires TLS and a password, and its certificate authority."""

    address: str
    cafile: Path
    folder: Path

    def settings(self, prefix: str, redis: str, **changes: object) -> Settings:
        """Settings that are accepted, unless changed."""
        given: dict[str, object] = {
            "kafka_bootstrap_servers": self.address,
            "redis_url": redis,
            "prefix": prefix,
            "data_dir": self.folder / prefix,
            "encoder": "hash",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": USER,
            "kafka_sasl_password": PASSWORD,
            "kafka_ssl_cafile": self.cafile,
        }
        return load_settings(**(given | changes))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Clients must use TLS and SCRAM; the broker itself uses its own plain listener."""
    folder = tmp_path_factory.mktemp("secured")
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "server.pem").write_bytes(_keystore(authority.issue_cert(LOOPBACK, key_type=trustme.KeyType.RSA)))
    client = "listener.name.client."
    broker = KafkaBroker(
        folder,
        extra_properties={
            "listener.security.protocol.map": "CLIENT:SASL_SSL,LOCAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            f"{client}sasl.enabled.mechanisms": "SCRAM-SHA-512",
            f"{client}scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            f"{client}ssl.keystore.type": "PEM",
            f"{client}ssl.keystore.location": str(folder / "server.pem"),
        },
    )
    broker.start()
    try:
        _add_user(broker)
        yield Secured(broker.address, folder / "ca.pem", folder)
    finally:
        broker.stop()


def _keystore(certificate: trustme.LeafCert) -> bytes:
    """Java reads private keys only in PKCS #8."""
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), password=None)
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return encoded + b"".join(blob.bytes() for blob in certificate.cert_chain_pems)


def _add_user(broker: KafkaBroker) -> None:
    """Through the plain listener, with Kafka's own tool: aiokafka's admin client has no such call."""
    properties = dict(
        line.split("=", 1) for line in (broker.folder / "server.properties").read_text().splitlines() if "=" in line
    )
    local = next(part for part in properties["listeners"].replace("\\", "").split(",") if part.startswith("LOCAL"))
    command = [
        *(*broker._java_command(), "kafka.admin.ConfigCommand"),
        *("--bootstrap-server", local.removeprefix("LOCAL://")),
        *("--alter", "--add-config", f"SCRAM-SHA-512=[iterations=4096,password={PASSWORD}]"),
        *("--entity-type", "users", "--entity-name", USER),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_the_pipeline_runs_over_tls_and_scram(secured: Secured, redis_url: str, fresh_names: str) -> None:
    """Admin, producer, bulk reader and the Faust stages. No password, also not Redis's, is in a log line."""
    redis = connect(redis_url, connections=1)
    await redis.call("ACL", "SETUSER", "stages", "on", f">{REDIS_PASSWORD}", "~*", "&*", "+@all")
    await redis.aclose()
    settings = secured.settings(fresh_names, redis_url.replace("redis://", f"redis://stages:{REDIS_PASSWORD}@"))
    settings.data_dir.mkdir()
    await ensure_topics(settings)
    log = settings.data_dir / "worker.log"
    worker = WorkerProcess(
        settings,
        log,
        stages="embed,assign,view",
        TOPTOPICS_KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        TOPTOPICS_KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        TOPTOPICS_KAFKA_SASL_USERNAME=USER,
        TOPTOPICS_KAFKA_SASL_PASSWORD=PASSWORD,
        TOPTOPICS_KAFKA_SSL_CAFILE=str(secured.cafile),
        TOPTOPICS_LOG_LEVEL="debug",
    )
    await produce(settings, [tweet(number) for number in range(50)])
    worker.start()
    try:
        found = await until_accounted(settings, worker)
    finally:
        code = worker.stop()
    assert (code, found.produced, found.outcomes["assigned"]) == (0, 50, 50)
    assert sum([len(records) async for records in read_topic(settings, TWEETS)]) == 50
    assert PASSWORD not in worker.log_lines()
    assert REDIS_PASSWORD not in worker.log_lines()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kafka_sasl_password": "guess"},
        {"kafka_sasl_username": "stranger"},
        {"kafka_security_protocol": "SASL_PLAINTEXT"},
        {"kafka_ssl_cafile": None},
    ],
    ids=["password", "user", "no TLS", "unknown authority"],
)
async def test_nobody_else_gets_in(
    secured: Secured, redis_url: str, fresh_names: str, wrong: dict[str, object], capfd: pytest.CaptureFixture[str]
) -> None:
    """A wrong password, an unknown user, plain text, an untrusted certificate: refused, and doctor reports it."""
    settings = secured.settings(fresh_names, redis_url).model_copy(
        update={name: value for name, value in load_settings(**wrong) if name in wrong}
    )
    with pytest.raises((KafkaError, OSError)):
        await asyncio.wait_for(_send_one(settings), 180)
    findings = {finding.name: finding for finding in await diagnose_services(settings, system_clock)}
    assert not findings["kafka"].ok
    assert "TOPTOPICS_KAFKA" in findings["kafka"].fix
    shown = capfd.readouterr()
    assert PASSWORD not in shown.out + shown.err + repr(findings) + repr(settings)


async def _send_one(settings: Settings) -> None:
    async with producer(settings) as client:
        await client.send_and_wait("anything", b"x")


@pytest.mark.parametrize(
    "wrong", [{"KAFKA_SASL_PASSWORD": GUESS}, {"KAFKA_SSL_CAFILE": ""}], ids=["password", "authority"]
)
@pytest.mark.parametrize(
    "program",
    [["streams.cli", "worker"], ["streams.runtime.stage_process", "embed", str(os.getpid())]],
    ids=["worker", "stage"],
)
def test_a_worker_that_is_not_let_in_says_why(
    secured: Secured, redis_url: str, fresh_names: str, wrong: dict[str, str], program: list[str]
) -> None:
    """The command before it starts anything, a stage through Faust's client. Each ends without logging a password."""
    given = {
        "KAFKA_BOOTSTRAP_SERVERS": secured.address, "REDIS_URL": redis_url, "TOPTOPICS_PREFIX": fresh_names,
        "TOPTOPICS_DATA_DIR": str(secured.folder / fresh_names), "TOPTOPICS_ENCODER": "hash",
        "TOPTOPICS_KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "TOPTOPICS_KAFKA_SASL_USERNAME": USER,
        "TOPTOPICS_KAFKA_SASL_PASSWORD": PASSWORD, "TOPTOPICS_KAFKA_SSL_CAFILE": str(secured.cafile),
        "TOPTOPICS_LOG_LEVEL": "debug",
    } | {f"TOPTOPICS_{name}": value for name, value in wrong.items()}  # fmt: skip
    given = {name: value for name, value in given.items() if value}
    done = subprocess.run(
        [sys.executable, "-m", *program], env=os.environ | given, capture_output=True, text=True, timeout=240
    )
    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert ("uthentication" if "KAFKA_SASL_PASSWORD" in wrong else "certificate") in told, told
    assert PASSWORD not in told
    assert GUESS not in told


def test_settings_never_show_a_secret(secured: Secured) -> None:
    """Also not in an error about a wrong setting."""
    settings = secured.settings("x-", "redis://localhost")
    assert PASSWORD not in f"{settings!r} {settings} {settings.model_dump()}"
    environment = {"TOPTOPICS_KAFKA_SASL_PASSWORD": PASSWORD, "TOPTOPICS_PORT": "none", "PATH": "/usr/bin:/bin"}
    shown = subprocess.run(
        [sys.executable, "-m", "streams.cli", "doctor"], env=environment, capture_output=True, text=True, timeout=240
    )
    assert shown.returncode == 2
    assert "TOPTOPICS_PORT" in shown.stderr
    assert PASSWORD not in shown.stdout + shown.stderr
