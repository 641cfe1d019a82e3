"""A Redis for each module, and the implementations of the view under test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from streams.local.redis_server import RedisServer
from tests.contracts.view_stores import Views, opened


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Redis for this module only."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server.address
    server.stop()


@pytest.fixture(params=["memory", "redis"])
async def views(request: pytest.FixtureRequest, redis: str) -> AsyncIterator[Views]:
    """Every implementation."""
    async with opened(request.param, redis) as store:
        yield store
