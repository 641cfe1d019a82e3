"""A client whose start is interrupted leaves nothing behind."""

import asyncio

import pytest

from streams.kafka.log import started


class SlowClient:
    """Says whether its start came to its end."""

    whole = False

    async def start(self) -> None:
        """Takes a moment."""
        await asyncio.sleep(0.05)
        self.whole = True


async def test_a_cancelled_caller_waits_for_the_end_of_the_start() -> None:
    """Else aiokafka forgets the connection that it was making."""
    client = SlowClient()
    starting = asyncio.create_task(started(client))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert client.whole
