"""How far a consumer group is behind."""

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

from streams.kafka.admin_client import admin, asked_again
from streams.kafka.log import any_record, bounds_of, consumer, end_offsets, partitions_of, topic_name
from streams.kafka.topics import Topic
from streams.settings import Settings


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


@asked_again
async def _committed(settings: Settings, group: str) -> Mapping[TopicPartition, object]:
    async with admin(settings) as client:
        committed: Mapping[TopicPartition, object] = await client.list_consumer_group_offsets(group)
    return committed


async def lagging_partitions(settings: Settings, topic: Topic, *, group: str) -> list[int]:
    """Partitions with records that the group has not committed yet.

    The end of a partition may be nothing that is ever handed over: the marks of transactions, and aborted ones.
    """
    lag = await lag_of(settings, topic, group=group)
    if not any(lag.values()):
        return []
    ends = await end_offsets(settings, topic)
    return [
        partition
        for partition, behind in lag.items()
        if behind and await any_record(settings, topic, partition, ends[partition] - behind, ends[partition])
    ]


async def idle_groups(settings: Settings, groups: Sequence[str]) -> list[str]:
    """Those of `groups` that have no member now."""
    return [group for group, members in (await member_counts(settings, groups)).items() if not members]


@asked_again
async def member_counts(settings: Settings, groups: Sequence[str]) -> dict[str, int]:
    """How many consumers each of `groups` has now, wherever they run."""
    async with admin(settings) as client:
        # one by one: aiokafka 0.14 misreads an answer about several groups
        answers = [await client.describe_consumer_groups([group]) for group in groups]
    members = {entry[1]: len(entry[5]) for (answer,) in answers for entry in answer.groups}
    return {group: members.get(group, 0) for group in groups}
