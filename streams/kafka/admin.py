"""Creates the Kafka topics and checks them. Wrong partitions or retention are reported; a wrong topic is never used."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from streams.kafka.admin_client import admin, retry_while_busy
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import TOPICS, Topic
from streams.settings import Settings

REPLICAS = 3  # on a cluster; fewer when there are fewer brokers


@dataclass(frozen=True)
class TopicProblem:
    """A difference between a topic on the broker and the table in `streams.kafka.topics`."""

    topic: str  # name on the broker
    problem: str  # the difference, for people
    setting: str | None = None  # KEY=VALUE as it must be; None for a difference that cannot be changed


class WrongTopicsError(RuntimeError):
    """The broker's topics differ from the table; the message lists every difference."""

    def __init__(self, problems: list[TopicProblem]) -> None:
        super().__init__("; ".join(f"{problem.topic}: {problem.problem}" for problem in problems))
        self.problems = problems


@retry_while_busy
async def ensure_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Create the missing topics and return their names.

    Raises:
        WrongTopicsError: An existing one differs.
    """
    async with admin(settings) as client:
        existing = set(await client.list_topics())
        missing = [topic for topic in topics if topic_name(settings, topic) not in existing]
        if missing:
            await _create(client, settings, missing)
            await _until_known(client, [topic_name(settings, topic) for topic in missing])
        problems = await _problems(client, settings, topics)
    if problems:
        raise WrongTopicsError(problems)
    return [topic_name(settings, topic) for topic in missing]


@retry_while_busy
async def cluster_id(settings: Settings) -> str:
    """The id that Kafka gives each cluster: two logs with the same topics have different ones."""
    async with admin(settings) as client:
        return str((await client.describe_cluster())["cluster_id"])


async def broker_time(settings: Settings) -> datetime:
    """The time of the broker's clock. Kafka gives it only to a record, so a topic exists for the moment of this call.

    Raises:
        KafkaError: The broker refuses it, for example because topics may not be created.
    """
    name = f"{settings.prefix}clock-{uuid.uuid4().hex[:12]}"
    async with admin(settings) as client:
        made = await client.create_topics(
            [NewTopic(name, 1, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})]
        )
        try:
            for _, code, *_ in made.topic_errors:
                if code:
                    raise for_code(code)
            await _until_known(client, [name])
            async with producer(settings) as probe:
                sent = await probe.send_and_wait(name, b"")
        finally:
            await client.delete_topics([name])
    return datetime.fromtimestamp(sent.timestamp / 1000, UTC)


@retry_while_busy
async def check_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Return the names of missing topics, create none.

    Raises:
        WrongTopicsError: An existing one differs.
    """
    async with admin(settings) as client:
        existing = set(await client.list_topics())
        present = tuple(topic for topic in topics if topic_name(settings, topic) in existing)
        problems = await _problems(client, settings, present) if present else []
    if problems:
        raise WrongTopicsError(problems)
    return [topic_name(settings, topic) for topic in topics if topic not in present]


@retry_while_busy
async def topic_setting(settings: Settings, topic: Topic, key: str) -> str | None:
    """The broker's value of one setting of a topic; None when it has none."""
    async with admin(settings) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic_name(settings, topic))
        for response in await client.describe_configs([resource]):
            for _code, _message, _type, _name, entries in response.resources:
                return {entry[0]: entry[1] for entry in entries}.get(key)
    return None


@retry_while_busy
async def existing_topics(settings: Settings, topics: tuple[Topic, ...]) -> list[str]:
    """The names of those topics that the broker has."""
    async with admin(settings) as client:
        there = set(await client.list_topics())
    return [name for topic in topics if (name := topic_name(settings, topic)) in there]


@retry_while_busy
async def delete_topics(settings: Settings, topics: tuple[Topic, ...]) -> None:
    """Delete topics with all their records. Missing ones are left out.

    Raises:
        KafkaError: The broker refuses it.
    """
    names = await existing_topics(settings, topics)
    if not names:
        return
    async with admin(settings) as client:
        answer = await client.delete_topics(names)
    for name, code, *_ in answer.topic_error_codes:
        if code and for_code(code) is not UnknownTopicOrPartitionError:
            raise for_code(code)(name)


async def _create(client: AIOKafkaAdminClient, settings: Settings, topics: list[Topic]) -> None:
    replicas = min(REPLICAS, len((await client.describe_cluster())["brokers"]))
    new = [
        NewTopic(
            name=topic_name(settings, topic),
            num_partitions=topic.partitions,
            replication_factor=replicas,
            topic_configs=topic.config,
        )
        for topic in topics
    ]
    response = await client.create_topics(new)
    for name, code, *rest in response.topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:  # another worker may have been faster
            raise for_code(code)(f"{name}: {rest[0] if rest else ''}")


@retry(retry=retry_if_exception_type(LookupError), wait=wait_fixed(0.1), stop=stop_after_delay(30), reraise=True)
async def _until_known(client: AIOKafkaAdminClient, names: list[str]) -> None:
    """Wait for the partitions: a new topic is known before every broker's metadata list them."""
    unknown = [topic["topic"] for topic in await client.describe_topics(names) if not topic["partitions"]]
    if unknown:
        raise LookupError(f"no partitions yet: {', '.join(unknown)}")


async def _problems(client: AIOKafkaAdminClient, settings: Settings, topics: tuple[Topic, ...]) -> list[TopicProblem]:
    names = {topic_name(settings, topic): topic for topic in topics}
    problems: list[TopicProblem] = []
    for described in await client.describe_topics(list(names)):
        wanted = names[described["topic"]]
        found = len(described["partitions"])
        # other topics may have any number: more partitions of `tweets` scale the embedding
        if wanted.partitions == 1 and found != 1:
            problems.append(TopicProblem(described["topic"], f"{found} partitions instead of 1; it has one writer"))
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for response in await client.describe_configs(resources):
        for _code, _message, _type, name, entries in response.resources:
            values = {entry[0]: entry[1] for entry in entries}
            for key in ("retention.ms", "cleanup.policy", "message.timestamp.type"):
                expected = names[name].config.get(key)
                if expected is not None and values.get(key) != expected:
                    problems.append(
                        TopicProblem(name, f"{key} is {values.get(key)} instead of {expected}", f"{key}={expected}")
                    )
            # a dead letter or digest that the broker refuses would stop its stage permanently
            most = int(names[name].config.get("max.message.bytes", 0))
            if int(values.get("max.message.bytes") or most) < most:
                setting = f"max.message.bytes={most}"
                problems.append(TopicProblem(name, f"max.message.bytes is below {most}", setting))
    return problems
