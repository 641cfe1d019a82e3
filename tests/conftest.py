"""For all tests: no time limit on a Hypothesis example, loggers as a test found them, and a Ctrl-C that is heard.

And for those that want them real services: one embedded Kafka and Redis per test run, in a folder of its own. Tests
share them, so a test puts `fresh_names` before every topic, group and key that it uses (it is made for
`Settings.prefix`). A test that stops or kills a broker starts its own instead.
"""

import logging
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from streams.local.kafka_broker import KafkaBroker
from streams.local.redis_server import RedisServer

# machines that test are busy: how long an example takes, or is drawn, says nothing
settings.register_profile("toptopics", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("toptopics")

# a shell starts what it puts in the background with SIGINT ignored, and every process that a test starts inherits that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that wait for real services first, in the order drawn by chance: at the end nothing fills their waiting."""
    items.sort(key=lambda item: "integration" not in item.path.parts)


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    """A command called inside the test process sets up logging on a stream that is closed afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def priority_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay called inside the test process would make all later tests, and what they start, ever nicer."""
    monkeypatch.setattr("streams.cli.replay.lower_priority", lambda _steps: None)


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
