"""`Send` on a producer, before the broker."""

import asyncio
from datetime import timedelta
from typing import Any

from streams.clock import system_clock
from streams.kafka.log import MOST_AHEAD
from streams.kafka.send import sender
from tests.support.made_posts import clock


class Producer:
    """aiokafka's producer as `sender` uses it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send(self, topic: str, **record: Any) -> asyncio.Future[object]:
        self.sent.append({"topic": topic, **record})
        return asyncio.get_running_loop().create_future()


async def test_no_record_is_sent_from_the_future() -> None:
    """A stage with a refused batch would restart, read the same post and be refused again."""
    producer = Producer()

    async def started() -> Any:
        return producer

    send = sender("p-", started)
    await send("tweets.embedded", key=b"1", value=b"x", timestamp=system_clock() + timedelta(hours=5))
    await send("tweets.embedded", key=b"1", value=b"x", timestamp=clock())
    await send("dead-letters", key=b"1", value=None)
    assert [one["topic"] for one in producer.sent] == ["p-tweets.embedded", "p-tweets.embedded", "p-dead-letters"]
    ahead, exact, none = (one["timestamp_ms"] for one in producer.sent)
    assert ahead <= (system_clock() + MOST_AHEAD).timestamp() * 1000
    assert exact == int(clock().timestamp() * 1000)
    assert none is None
