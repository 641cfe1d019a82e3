"""Creates the Kafka topics and checks them: one with wrong partitions or retention is reported, never silently used."""

from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from streams.kafka.admin_client import admin, asked_again
from streams.kafka.log import topic_name
from streams.kafka.topics import TOPICS, Topic
from streams.settings import Settings

REPLICAS = 3  # on a cluster; fewer where there are fewer brokers


@dataclass(frozen=True)
class TopicProblem:
    """How a topic on the broker differs from the table in `streams.kafka.topics`.

    setting: KEY=VALUE as it must be; None for what nobody can change any more.
    """

    topic: str
    problem: str
    setting: str | None = None


class WrongTopicsError(RuntimeError):
    """The broker's topics are not as the program needs them; the message lists every difference."""

    def __init__(self, problems: list[TopicProblem]) -> None:
        super().__init__("; ".join(f"{problem.topic}: {problem.problem}" for problem in problems))
        self.problems = problems


@asked_again
async def ensure_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Create what is missing and return its names. Raises WrongTopicsError when an existing one differs."""
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


@asked_again
async def check_topics(settings: Settings, topics: tuple[Topic, ...] = TOPICS) -> list[str]:
    """Names of missing topics; changes nothing. Raises WrongTopicsError when an existing one differs."""
    async with admin(settings) as client:
        existing = set(await client.list_topics())
        present = tuple(topic for topic in topics if topic_name(settings, topic) in existing)
        problems = await _problems(client, settings, present) if present else []
    if problems:
        raise WrongTopicsError(problems)
    return [topic_name(settings, topic) for topic in topics if topic not in present]


@asked_again
async def topic_setting(settings: Settings, topic: Topic, key: str) -> str | None:
    """What the broker has for one setting of a topic; None when it names none."""
    async with admin(settings) as client:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic_name(settings, topic))
        for response in await client.describe_configs([resource]):
            for _code, _message, _type, _name, entries in response.resources:
                return {entry[0]: entry[1] for entry in entries}.get(key)
    return None


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
        if code and for_code(code) is not TopicAlreadyExistsError:  # another worker may have been quicker
            raise for_code(code)(f"{name}: {rest[0] if rest else ''}")


@retry(retry=retry_if_exception_type(LookupError), wait=wait_fixed(0.1), stop=stop_after_delay(30), reraise=True)
async def _until_known(client: AIOKafkaAdminClient, names: list[str]) -> None:
    """A topic is created before every broker's metadata show its partitions."""
    unknown = [topic["topic"] for topic in await client.describe_topics(names) if not topic["partitions"]]
    if unknown:
        raise LookupError(f"no partitions yet: {', '.join(unknown)}")


async def _problems(client: AIOKafkaAdminClient, settings: Settings, topics: tuple[Topic, ...]) -> list[TopicProblem]:
    names = {topic_name(settings, topic): topic for topic in topics}
    problems: list[TopicProblem] = []
    for described in await client.describe_topics(list(names)):
        wanted = names[described["topic"]]
        found = len(described["partitions"])
        # the others may have any number: more partitions of `tweets` are how embedding scales out
        if wanted.partitions == 1 and found != 1:
            problems.append(TopicProblem(described["topic"], f"{found} partitions instead of 1: it has one writer"))
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
            # a letter or digest that the broker refuses would stop its stage for good
            most = int(names[name].config.get("max.message.bytes", 0))
            if int(values.get("max.message.bytes") or most) < most:
                setting = f"max.message.bytes={most}"
                problems.append(TopicProblem(name, f"max.message.bytes is below {most}", setting))
    return problems
