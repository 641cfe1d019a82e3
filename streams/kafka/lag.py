"""How far a consumer group is behind."""

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CoordinatorLoadInProgressError, GroupCoordinatorNotAvailableError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from streams.kafka.log import bounds_of, connection, consumer, partitions_of, topic_name
from streams.settings import Settings
from streams.topics import Topic

COORDINATOR_SECONDS = 15.0

# a fresh broker makes its offsets topic when it is first asked, and has no coordinator until then
_with_coordinator = retry(
    retry=retry_if_exception_type((GroupCoordinatorNotAvailableError, CoordinatorLoadInProgressError)),
    stop=stop_after_delay(COORDINATOR_SECONDS),
    wait=wait_fixed(0.3),
    reraise=True,
)


async def lag_of(settings: Settings, topic: Topic, *, group: str) -> Mapping[int, int]:
    """Records of each partition that the group has not committed yet (all of them, when it never committed)."""
    committed = await committed_offsets(settings, topic, group=group)
    async with consumer(settings, topic) as client:
        partitions = partitions_of(client)
        starts = await client.beginning_offsets(partitions)
        ends = await client.end_offsets(partitions)
    lag: dict[int, int] = {}
    for partition in partitions:
        done = committed.get(partition.partition, -1)
        lag[partition.partition] = max(0, ends[partition] - max(done, starts[partition]))
    return lag


async def committed_offsets(settings: Settings, topic: Topic, *, group: str) -> dict[int, int]:
    """partition -> the next record that the group will be handed; partitions that it never committed are left out."""
    name = topic_name(settings, topic)
    return {
        partition.partition: offset
        for partition, known in (await _committed(settings, group)).items()
        if partition.topic == name and (offset := getattr(known, "offset", -1)) >= 0
    }


async def next_offset(settings: Settings, topic: Topic, partition: int, *, group: str) -> int:
    """What the group is handed next: from where it has committed, or from the log's start when that is later."""
    committed = await committed_offsets(settings, topic, group=group)
    async with consumer(settings, topic) as client:
        starts = {known.partition: bound.start for known, bound in (await bounds_of(client)).items()}
    return max(committed.get(partition, 0), starts[partition])


@_with_coordinator
async def _committed(settings: Settings, group: str) -> Mapping[TopicPartition, object]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        committed: Mapping[TopicPartition, object] = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return committed


async def lagging_partitions(settings: Settings, topic: Topic, *, group: str) -> list[int]:
    """Partitions with records that the group has not committed yet."""
    return [partition for partition, lag in (await lag_of(settings, topic, group=group)).items() if lag > 0]


async def idle_groups(settings: Settings, groups: Sequence[str]) -> list[str]:
    """Those of `groups` that have no member now."""
    return [group for group, members in (await member_counts(settings, groups)).items() if not members]


@_with_coordinator
async def member_counts(settings: Settings, groups: Sequence[str]) -> dict[str, int]:
    """How many consumers each of `groups` has now, wherever they run."""
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
        # one by one: aiokafka 0.14 misreads an answer about several groups
        answers = [await admin.describe_consumer_groups([group]) for group in groups]
    finally:
        await admin.close()
    members = {entry[1]: len(entry[5]) for (answer,) in answers for entry in answer.groups}
    return {group: members.get(group, 0) for group in groups}
