"""What commands use: Kafka and Redis, given, attached to, or started for as long as they are needed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from streams.local.kafka_broker import KafkaBroker
from streams.local.progress import Progress, to_stderr
from streams.local.redis_server import RedisServer
from streams.local.service import LocalService


@dataclass(frozen=True)
class Services:
    """Addresses: Kafka's bootstrap servers, `host:port[,host:port…]`, and Redis' URL."""

    kafka: str
    redis: str


@contextmanager
def _running(service: LocalService) -> Iterator[str]:
    """The address of the service, which is stopped at the end if this call started it."""
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
    progress: Progress = to_stderr,
) -> Iterator[Services]:
    """Given addresses are used as they are; the rest is attached to if this `data_dir` runs it already, else started.

    What was started here is stopped at exit, and by its guardian if this process dies; what was attached to is left
    alone, and ends with its own starter. Raises LocalServiceError, which names the ways out.
    """
    with ExitStack() as stack:
        redis = redis_url or stack.enter_context(_running(RedisServer(data_dir, progress=progress)))
        kafka = bootstrap or stack.enter_context(_running(KafkaBroker(data_dir, progress=progress)))
        yield Services(kafka=kafka, redis=redis)
