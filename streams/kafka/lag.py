"""The lag of consumer groups."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka import TopicPartition

from streams.kafka.admin_client import admin, retry_while_busy
from streams.kafka.log import any_record, bounds_of, consumer, end_offsets, group_name, partitions_of, topic_name
from streams.kafka.topics import Topic
from streams.settings import Settings


@dataclass(frozen=True)
class StageState:
    """How a stage does, as its consumer group shows it."""

    running: bool  # whether the group has a member
    waiting: int  # records that it has not committed

    @property
    def trouble(self) -> str:
        """What keeps posts from readers; empty when nothing does."""
        if self.running or not self.waiting:
            return ""
        return f"not running, {self.waiting:,} {'post waits' if self.waiting == 1 else 'posts wait'}"


async def stage_states(settings: Settings, inputs: Mapping[str, Topic]) -> dict[str, StageState]:
    """The state of each stage.

    Args:
        settings: Brokers and prefix.
        inputs: stage -> the topic that it consumes.
    """
    groups = {stage: group_name(settings, stage) for stage in inputs}
    members = await member_counts(settings, list(groups.values()))
    return {
        stage: StageState(
            running=members[groups[stage]] > 0,
            waiting=sum((await lag_of(settings, topic, group=groups[stage])).values()),
        )
        for stage, topic in inputs.items()
    }


async def lag_of(settings: Settings, topic: Topic, *, group: str) -> Mapping[int, int]:
    """The number of uncommitted records of each partition; all records when the group has never committed."""
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
    """partition -> the committed offset. Partitions without a commit are left out."""
    name = topic_name(settings, topic)
    return {
        partition.partition: offset
        for partition, known in (await _committed(settings, group)).items()
        if partition.topic == name and (offset := getattr(known, "offset", -1)) >= 0
    }


async def next_offset(settings: Settings, topic: Topic, partition: int, *, group: str) -> int:
    """The next offset for the group: the committed offset, or the start of the log when that is later.

    Args:
        settings: Brokers and prefix.
        topic: The topic.
        partition: Number of the partition.
        group: Name of the consumer group.
    """
    committed = await committed_offsets(settings, topic, group=group)
    async with consumer(settings, topic) as client:
        starts = {known.partition: bound.start for known, bound in (await bounds_of(client)).items()}
    return max(committed.get(partition, 0), starts[partition])


@retry_while_busy
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
    """The groups without a member at present."""
    return [group for group, members in (await member_counts(settings, groups)).items() if not members]


@retry_while_busy
async def member_counts(settings: Settings, groups: Sequence[str]) -> dict[str, int]:
    """The number of consumers of each group at present."""
    async with admin(settings) as client:
        # one by one: aiokafka 0.14 misreads an answer about several groups
        answers = [await client.describe_consumer_groups([group]) for group in groups]
    members = {entry[1]: len(entry[5]) for (answer,) in answers for entry in answer.groups}
    return {group: members.get(group, 0) for group in groups}


@retry_while_busy
async def is_read(settings: Settings, topic: Topic, *, group: str) -> bool:
    """Whether a consumer of the group has partitions of the topic: its assignment has the name, after its length."""
    name = topic_name(settings, topic).encode()
    wanted = struct.pack(">h", len(name)) + name
    async with admin(settings) as client:
        (answer,) = await client.describe_consumer_groups([group])
    return any(wanted in member[4] for entry in answer.groups for member in entry[5])
