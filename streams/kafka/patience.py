"""A client that asks an absent broker ten times a second, and not ten thousand times.

aiokafka's producer asks for a partition's leader again at once when nobody could be asked (0.14, its sender's loop), so
a stopped broker costs a whole core for as long as it is away. Every question that was not answered is followed by a
pause here; answered ones are as quick as ever.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any

PAUSE_SECONDS = 0.1  # aiokafka's own `retry_backoff_ms`, which that loop forgets


def be_patient(client: Any) -> None:
    """client: the AIOKafkaClient of a producer that has been made."""
    ask = client.force_metadata_update

    async def with_pause(answer: Awaitable[bool]) -> bool:
        answered = await answer
        if not answered:
            await asyncio.sleep(PAUSE_SECONDS)
        return answered

    def ask_patiently() -> Awaitable[bool]:
        return asyncio.ensure_future(with_pause(ask()))

    client.force_metadata_update = ask_patiently
