"""Kafka and Redis for commands: given, already running, or started for the duration of the command."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.local.kafka_broker import KafkaBroker
from streams.local.progress import ReportStep, to_stderr
from streams.local.redis_server import RedisServer
from streams.local.service import LocalService


@dataclass(frozen=True)
class Services:
    """The addresses of both services."""

    kafka: str  # bootstrap servers, `host:port[,host:port…]`
    redis: str  # URL


@contextmanager
def _running(service: LocalService) -> Iterator[str]:
    """The address of the service. It is stopped at exit if this call started it."""
    started = service.start()
    try:
        yield service.address
    finally:
        if started:
            service.progress(f"{service.title}: stopping")
            service.stop()


@contextmanager
def running_services(
    data_dir: Path,
    *,
    bootstrap: str | None = None,
    redis_url: str | None = None,
    progress: ReportStep = to_stderr,
) -> Iterator[Services]:
    """Provide Kafka and Redis. Given addresses are used; a service of `data_dir` that runs is used; others are started.

    Services that this call started are stopped at exit, or by the guardian if this process dies. Others are left
    running.

    Args:
        data_dir: Folder of the services' data.
        bootstrap: Kafka's bootstrap servers, if it runs elsewhere.
        redis_url: URL of Redis, if it runs elsewhere.
        progress: Receives a line for each long step.

    Raises:
        LocalServiceError: A service cannot be started; the message names the ways out.
    """
    with ExitStack() as stack:
        redis = redis_url or stack.enter_context(_running(RedisServer(data_dir, progress=progress)))
        kafka = bootstrap or stack.enter_context(_running(KafkaBroker(data_dir, progress=progress)))
        yield Services(kafka=kafka, redis=redis)
