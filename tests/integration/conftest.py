"""Real services for integration tests: one embedded Kafka and Redis per test run, in a folder of its own.

Tests share them, so a test puts `fresh_names` before every topic, group and key that it uses (it is made for
`Settings.prefix`). A test that stops or kills a broker starts its own instead.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer


@pytest.fixture(scope="session")
def services_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data folder of the shared services."""
    return tmp_path_factory.mktemp("services")


@pytest.fixture(scope="session")
def kafka_bootstrap(services_dir: Path) -> Iterator[str]:
    """'127.0.0.1:port' of a real broker, started once."""
    broker = KafkaBroker(services_dir)
    broker.start()
    yield broker.address
    broker.stop()


@pytest.fixture(scope="session")
def redis_url(services_dir: Path) -> Iterator[str]:
    """'redis://127.0.0.1:port/0' of a real Redis, started once."""
    server = RedisServer(services_dir)
    server.start()
    yield server.address
    server.stop()


@pytest.fixture
def fresh_names() -> str:
    """A prefix that no other test uses, such as 't3f9a81c2-'."""
    return f"t{uuid.uuid4().hex[:8]}-"
