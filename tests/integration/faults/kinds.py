"""Kinds of fault that change the log, the groups, the commands' world or whole services: one function each, in KINDS.

Each returns whether it found what it strikes. The other kinds are places inside a stage, and signals (`world`).
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import NewPartitions, RecordsToDelete
from aiokafka.errors import KafkaError

from models.digest.cited import cited_posts
from models.events import Deletion, EmbeddedTweet, Tweet
from models.events.wire import PoisonError, decode_embedded, decode_post
from streams.kafka.admin_client import admin
from streams.kafka.digests import PublishedDigest, read_digests
from streams.kafka.lag import committed_offsets, idle_groups
from streams.kafka.log import bounds_of, connection, consumer, group_name, topic_name
from streams.kafka.topics import ASSIGNMENTS, EMBEDDED, TOPIC_EVENTS, TWEETS
from tests.integration.faults.posts import deletion, extra, newest_time, record
from tests.integration.faults.progress import stage_processes
from tests.integration.pipeline import WorkerProcess

if TYPE_CHECKING:
    from tests.integration.faults.schedule import Fault
    from tests.integration.faults.world import World

FROZEN_SECONDS = 12.0  # longer than a session of the tests' workers
MOST_PARTITIONS = 7
INPUTS = {"embed": (TWEETS,), "assign": (EMBEDDED,), "view": (ASSIGNMENTS, TOPIC_EVENTS), "week-close": (EMBEDDED,)}
COMMANDS = {
    "replay": ("replay", "WEEK", "--late", "--publish"),
    "retry": ("dead-letters", "--retry", "--all", "--force"),
    "rebuild": ("rebuild-views",),
    "down": ("down",),
}
COSTLY = ("A. ", "https://a.b/c ", "#a ", "@a ", "“a” ", "\n1. ", "RT @a: ", "a’s ", "(((", "🇩🇪")
COSTLY_LENGTH = 30_000
REFIT = "streams.refit.server"


async def _published(world: "World") -> list[PublishedDigest]:
    while True:
        try:
            return list((await read_digests(world.settings)).values())
        except (KafkaError, OSError):
            await asyncio.sleep(0.5)


async def late_posts(world: "World", _: "Fault") -> bool:
    """Posts of a closed week arrive."""
    published = await _published(world)
    if not published:
        return False
    week = world.chance.choice(published).digest
    moment = week.start + (week.end - week.start) * world.chance.random()
    await world.produce([extra(7_000_000 + len(world.sent) + number, moment) for number in range(3)])
    return True


async def late_deletion(world: "World", _: "Fault") -> bool:
    """A post that a published digest shows is deleted."""
    shown = {post for entry in await _published(world) for post in cited_posts(entry.digest)}
    people: dict[str, str] = {}
    for one in world.sent:
        with suppress(PoisonError):
            post = decode_post(one.value)
            if isinstance(post, Tweet) and post.id in shown:
                people[post.id] = post.author_id
            elif isinstance(post, Deletion):
                shown.discard(post.id)
                people.pop(post.id, None)
    if not people:
        return False
    gone = world.chance.choice(sorted(people))
    when = newest_time(world.sent)
    await world.produce([deletion(Deletion(id=gone, author_id=people[gone], deleted_at=when))])
    return True


async def costly_texts(world: "World", _: "Fault") -> bool:
    """Posts whose text would take a quadratic pattern minutes."""
    parts = world.chance.sample(COSTLY, 4)
    first = [extra(6_000_000 + len(world.sent) + number, newest_time(world.sent)) for number in range(len(parts))]
    posts = [post for one in first if isinstance(post := decode_post(one.value), Tweet)]
    texts = [part * (COSTLY_LENGTH // len(part)) for part in parts]
    made = [
        Tweet(**{name: getattr(post, name) for name in post.__struct_fields__} | {"text": text})
        for post, text in zip(posts, texts, strict=True)
    ]
    await world.produce([record(post) for post in made])
    return True


async def trim(world: "World", _: "Fault") -> bool:
    """The log loses a part of the oldest published week that it still holds, as by retention.

    What a restart needs stays: retention that deletes more is an operator's mistake, which `doctor` reports.
    """
    settings = world.settings
    async with consumer(settings, EMBEDDED) as client:
        ((partition, bounds),) = (await bounds_of(client)).items()
    whole = [entry for entry in await _published(world) if entry.slice_start >= bounds.start]
    if not whole:
        return False
    oldest = min(whole, key=lambda entry: entry.slice_start)
    end = await _open_start(world, max(entry.digest.end for entry in whole))
    wanted = oldest.slice_start + 1 + int((min(oldest.slice_end, end) - oldest.slice_start) * world.chance.random() / 2)
    read = [
        (await committed_offsets(settings, EMBEDDED, group=group_name(settings, stage))).get(0, 0)
        for stage in ("assign", "week-close")
    ]
    if wanted > min(*read, world.backup.oldest()):
        return False
    world.trimmed |= {one.offset: one for one in await world.embedded() if one.offset < wanted}
    async with admin(settings) as client:
        await client.delete_records({TopicPartition(partition.topic, 0): RecordsToDelete(before_offset=wanted)})
    world.backup.raise_floor()
    return True


async def _open_start(world: "World", closed: datetime) -> int:
    """The first offset of `tweets.embedded` with a post of a week that is not closed yet: a trim must leave those."""
    for one in await world.embedded():
        with suppress(PoisonError):
            value = decode_embedded(one.value)
            if isinstance(value, EmbeddedTweet) and value.tweet.created_at >= closed:
                return one.offset
    return 2**62


async def reset_group(world: "World", fault: "Fault") -> bool:
    """A stage's consumer group is set back by hand while no worker runs."""
    settings, stage = world.settings, fault.target
    group = group_name(settings, stage)
    await world.stop(world.worker)
    try:
        while not await idle_groups(settings, [group]):
            await asyncio.sleep(0.5)
        earlier: dict[TopicPartition, int] = {}
        for topic in INPUTS[stage]:
            committed = await committed_offsets(settings, topic, group=group)
            async with consumer(settings, topic) as client:
                for partition, bounds in (await bounds_of(client)).items():
                    least = max(bounds.start, world.backup.floor if stage == "assign" else 0)
                    if (known := committed.get(partition.partition, 0)) > least:
                        earlier[TopicPartition(topic_name(settings, topic), partition.partition)] = (
                            world.chance.randint(least, known)
                        )
        client = AIOKafkaConsumer(**connection(settings), group_id=group, enable_auto_commit=False)
        await client.start()
        try:
            client.assign(list(earlier))
            if earlier:
                await client.commit(earlier)
        finally:
            await client.stop()
        return bool(earlier)
    finally:
        world.start()


async def grow_partitions(world: "World", _: "Fault") -> bool:
    """`tweets` gets one more partition: later posts of an author go to another one than the earlier."""
    name = topic_name(world.settings, TWEETS)
    async with admin(world.settings) as client:
        (known,) = await client.describe_topics([name])
        count = len(known["partitions"])
        if count >= MOST_PARTITIONS:
            return False
        await client.create_partitions({name: NewPartitions(count + 1)})
    return True


async def freeze(world: "World", fault: "Fault") -> bool:
    """Kafka or Redis stands still, with all connections open."""
    service = world.service(fault.kind)
    running = service.running()
    if running is None:
        return False
    running.server.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(FROZEN_SECONDS)
    finally:
        running.server.signal(signal.SIGCONT)
    return True


async def kill_starting(world: "World", _: "Fault") -> bool:
    """The worker is killed; the real one, started instead, is killed while its stages still import."""
    await asyncio.to_thread(world.worker.kill)
    other = WorkerProcess(
        world.settings, world.folder / f"worker-{len(world.done)}-real.log", ",".join(world.stages), **world.environment
    )
    other.start()
    await asyncio.sleep(world.chance.uniform(0.2, 8.0))
    await asyncio.to_thread(other.kill)
    world.start()
    return True


async def kill_refit(world: "World", _: "Fault") -> bool:
    """The process of the refits is killed, not its stage."""
    for name, process in stage_processes(world.faults):
        with suppress(psutil.Error):
            for child in process.children() if name == "week-close" else ():
                if REFIT in child.cmdline():
                    child.kill()
                    return True
    return False


async def command(world: "World", fault: "Fault") -> bool:
    """Somebody works at a terminal. The command may fail while a service is away, but it must say why and end."""
    arguments = list(COMMANDS[fault.target])
    if "WEEK" in arguments:
        published = await _published(world)
        if not published:
            return False
        arguments[arguments.index("WEEK")] = world.chance.choice(published).digest.week
    if fault.target == "down":
        await _run(world, arguments)
        for name in ("redis", "broker"):
            await world.bring_back(world.service(name), fault.kind)
    else:
        world.commands.append(asyncio.create_task(_run(world, arguments)))
    return True


async def _run(world: "World", arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "streams.cli", *arguments),
        env=world.command_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timedelta(minutes=10).total_seconds())
    except TimeoutError:
        process.kill()
        world.disorderly.append(f"`{' '.join(arguments)}` does not end")
        return
    shown = said.decode(errors="replace")
    world.said.append(f"{' '.join(arguments)}: {process.returncode}, {' '.join(shown.split())[-150:]}")
    if "Traceback" in shown or process.returncode not in (0, 1):
        world.disorderly.append(f"`{' '.join(arguments)}` ended with {process.returncode}: {shown[-1500:]}")


KINDS: dict[str, Callable[["World", "Fault"], Awaitable[bool]]] = {
    "late posts": late_posts,
    "late deletion": late_deletion,
    "costly texts": costly_texts,
    "trim": trim,
    "reset group": reset_group,
    "grow partitions": grow_partitions,
    "freeze broker": freeze,
    "freeze redis": freeze,
    "kill starting": kill_starting,
    "kill refit": kill_refit,
    "command": command,
}
