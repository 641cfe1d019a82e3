"""Questions to a broker through its administration: asked again while the broker is busy, for a bounded time.

A loaded or restarting broker answers with what Kafka itself calls retriable: a node that is not ready, a leader or
coordinator not chosen yet, an answer that comes too late. aiokafka's consumer and producer ask again by themselves; its
administration client does not.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError
from tenacity import AsyncRetrying, RetryError, retry_if_exception, stop_after_delay, wait_random_exponential

from streams.kafka.log import connection
from streams.settings import Settings

SECONDS = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.3, 2.0  # seconds, at most

P = ParamSpec("P")
T = TypeVar("T")


class UnreachableError(KafkaConnectionError):  # type: ignore[misc] # aiokafka has no types
    """No broker took the connection: a wrong address or password, more often than a passing trouble; told at once."""

    retriable = False


class BusyBrokerError(KafkaError):  # type: ignore[misc] # aiokafka has no types
    """The broker was asked for SECONDS, and gave no answer that can be used."""


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected administration client. Raises UnreachableError."""
    client = AIOKafkaAdminClient(**connection(settings))
    try:
        try:
            await client.start()  # inside: a broker that refuses us leaves connections to close
        except KafkaConnectionError as error:
            raise UnreachableError(*error.args) from error
        yield client
    finally:
        await client.close()


def asked_again(ask: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`ask`, which must do no harm when done twice, repeated while its error is one that Kafka calls retriable.

    Raises BusyBrokerError after SECONDS; every other error at once. A topic that is not there counts as an answer.
    """

    @wraps(ask)
    async def patiently(*args: P.args, **kwargs: P.kwargs) -> T:
        again = AsyncRetrying(
            retry=retry_if_exception(_passing),
            stop=stop_after_delay(SECONDS),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        )
        try:
            return await again(ask, *args, **kwargs)
        except RetryError as error:
            last = error.last_attempt.exception()
            raise BusyBrokerError(f"the broker is not ready, asked for {SECONDS:.0f} s: {last}") from last

    return patiently


def _passing(error: BaseException) -> bool:
    if not isinstance(error, KafkaError) or isinstance(error, UnknownTopicOrPartitionError):
        return False
    return bool(error.retriable)
