"""Everything of a namespace on the broker and in Redis, for a comparison before and after."""

import hashlib

from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis

from streams.kafka.log import bounds_of, connection, consumer
from streams.kafka.topics import TOPICS
from streams.settings import Settings

Footprint = dict[str, object]


async def footprint(settings: Settings) -> Footprint:
    """By name: bounds of every partition, the broker's topics and groups, committed offsets, hashes of Redis values."""
    found: Footprint = {}
    for topic in TOPICS:
        async with consumer(settings, topic) as client:
            found |= {f"topic {partition}": bound for partition, bound in (await bounds_of(client)).items()}
    admin = AIOKafkaAdminClient(**connection(settings))
    await admin.start()
    try:
        found["topics"] = sorted(await admin.list_topics())
        groups = sorted(group for group, _ in await admin.list_consumer_groups())
        found["groups"] = groups
        for group in groups:
            found[f"group {group}"] = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return found | await _redis(settings)


async def _redis(settings: Settings) -> Footprint:
    client = Redis.from_url(str(settings.redis_url))
    found: Footprint = {}
    try:
        async for key in client.scan_iter(match=f"{settings.prefix}*", count=1000):
            value = await client.dump(key)
            found[f"redis {key!r}"] = hashlib.sha256(value or b"").hexdigest()
    finally:
        await client.aclose()
    return found


def changes(before: Footprint, after: Footprint) -> list[str]:
    """Names of the differences."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
