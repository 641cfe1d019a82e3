"""Calls to Kafka's administration API, retried for a limited time while the broker is busy.

A loaded or restarting broker answers with errors that Kafka calls retriable: a node is not ready, no leader or
coordinator is chosen yet, a request timed out. aiokafka's consumer and producer retry them; its administration client
does not.
"""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError
from tenacity import AsyncRetrying, RetryError, retry_if_exception, stop_after_delay, wait_random_exponential

from streams.kafka.log import connection, started
from streams.settings import Settings

SECONDS = 15.0  # longest time of all attempts together
FIRST_PAUSE, LONGEST_PAUSE = 0.3, 2.0  # longest first and longest later pause, seconds

P = ParamSpec("P")
T = TypeVar("T")


class UnreachableError(KafkaConnectionError):  # type: ignore[misc] # aiokafka has no types
    """No broker accepted the connection. Raised at once: a wrong address or password is the usual cause."""

    retriable = False


class BusyBrokerError(KafkaError):  # type: ignore[misc] # aiokafka has no types
    """The broker gave no usable answer within SECONDS."""


@asynccontextmanager
async def admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """A connected administration client.

    Raises:
        UnreachableError: No broker accepts the connection.
    """
    client = AIOKafkaAdminClient(**connection(settings))
    try:
        try:
            await started(client)  # inside `try`: a broker that refuses us leaves connections to close
        except KafkaConnectionError as error:
            raise UnreachableError(*error.args) from error
        yield client
    finally:
        await client.close()


def retry_while_busy(ask: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Retry `ask` while its error is one that Kafka calls retriable. `ask` must be idempotent.

    A missing topic counts as an answer and is raised at once.

    Raises:
        BusyBrokerError: No usable answer within SECONDS.
        Exception: Every error of `ask` that is not retriable.
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
            raise BusyBrokerError(f"the broker was not ready for {SECONDS:.0f} s: {last}") from last

    return patiently


def _passing(error: BaseException) -> bool:
    if not isinstance(error, KafkaError) or isinstance(error, UnknownTopicOrPartitionError):
        return False
    return bool(error.retriable)
