"""Plays a past week through the real stages in a namespace of its own: `toptopics replay WEEK --live`.

The namespace is another `prefix` with its own topics, groups, Redis keys and snapshots, so live data cannot change. The
week is read from `tweets.embedded` (or from `tweets`, then it is embedded as well) and sent in order of event time, at
`speed` times the original pace. The influencers and the digest of the week before are copied first, so that the week's
own digest continues them.

Everything of the namespace is deleted at the end, also after Ctrl-C or SIGTERM. A run that was killed leaves its
namespace; the next run deletes it, and a lock protects the ones in use. The broker deletes empty consumer groups by
itself within ten minutes.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models.events.wire import encode
from models.week.week import Week
from streams.kafka.admin import ensure_topics
from streams.kafka.admin_client import admin
from streams.kafka.digests import PublishedDigest, read_digests, week_before
from streams.kafka.log import bounds_of, consumer, producer, read, read_topic, topic_name
from streams.kafka.record import Record
from streams.kafka.topics import DIGESTS, EMBEDDED, INFLUENCERS, TOPICS, TWEETS
from streams.redis_store.client import open_views
from streams.replay.rebuild import SourceTopic
from streams.runtime.worker import Worker, environment_for
from streams.settings import Settings, encoders_folder
from streams.stages.table import STAGE_NAMES
from streams.system.files import LockedError, locked

IDLE_SECONDS = 10.0  # the week closes when the stream has been quiet for this long
LONGEST_PREFIX = 40
LOCK = "lock"
Say = Callable[[str], None]
Advance = Callable[[int, int, datetime], None]  # number of records sent, number of all records, time within the week


class LiveReplayError(RuntimeError):
    """The week cannot be played; the message gives the reason."""


@dataclass(frozen=True)
class LiveReplay:
    """How to play a week."""

    week: Week  # the week
    token: str  # makes the name of the namespace unique
    speed: float  # times the original pace
    source: SourceTopic = "tweets.embedded"  # the topic to read the week from
    stay: bool = False  # whether to continue after the digest, until cancelled
    say: Say = print  # prints a line
    advance: Advance | None = None  # called after each record


def namespace(settings: Settings, live: LiveReplay) -> Settings:
    """The settings of the namespace.

    Raises:
        LiveReplayError: Its name is too long.
    """
    name = f"{settings.prefix}replay-{live.week}-{live.token}-"
    if len(name) > LONGEST_PREFIX:
        raise LiveReplayError(f"the prefix {name!r} is longer than {LONGEST_PREFIX} characters")
    folder = settings.data_dir / "replay" / name.strip("-")
    return settings.model_copy(
        update={"prefix": name, "community": "", "data_dir": folder, "week_idle_seconds": IDLE_SECONDS}
    )


async def play(settings: Settings, live: LiveReplay) -> PublishedDigest:
    """Play the week and return the namespace's digest.

    Raises:
        LiveReplayError: The week cannot be played.
        KafkaError: The broker failed.
    """
    apart = namespace(settings, live)
    records = await week_records(settings, live)
    if not records:
        raise LiveReplayError(f"there are no posts of {live.week} on {live.source}")
    for left in left_behind(settings):
        await _delete(left)
        shutil.rmtree(left.data_dir, ignore_errors=True)
    with _folder(settings, apart):
        try:
            await ensure_topics(apart)
            await _prepare(settings, apart, live.week)
            return await _with_stages(apart, live, records)
        finally:
            await _delete(apart)


def left_behind(settings: Settings) -> list[Settings]:
    """The namespaces of killed replays."""
    found: list[Settings] = []
    for lock in sorted((settings.data_dir / "replay").glob(f"{settings.prefix}replay-*/{LOCK}")):
        try:
            with locked(lock):
                pass
        except LockedError:
            continue
        own = {"prefix": f"{lock.parent.name}-", "community": "", "data_dir": lock.parent}
        found.append(settings.model_copy(update=own))
    return found


async def week_records(settings: Settings, live: LiveReplay) -> list[Record]:
    """The week's records in order of event time, which is the record's time."""
    found: list[Record] = []
    async with consumer(settings, EMBEDDED if live.source == "tweets.embedded" else TWEETS) as client:
        bounds = await bounds_of(client, since=live.week.start)
        async for records in read(client, bounds):
            found += [record for record in records if live.week.contains(record.time)]
    return sorted(found, key=lambda record: (record.timestamp, record.partition, record.offset))


async def feed(apart: Settings, live: LiveReplay, records: list[Record]) -> None:
    """Send the records to the namespace's log at the given pace."""
    topic = topic_name(apart, EMBEDDED if live.source == "tweets.embedded" else TWEETS)
    loop = asyncio.get_running_loop()
    started, first = loop.time(), records[0].time
    async with producer(apart) as client:
        for number, record in enumerate(records, 1):
            due = started + (record.time - first) / timedelta(seconds=live.speed)
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            await client.send(topic, key=record.key, value=record.value, timestamp_ms=record.timestamp)
            if live.advance is not None:
                live.advance(number, len(records), record.time)


async def _with_stages(apart: Settings, live: LiveReplay, records: list[Record]) -> PublishedDigest:
    stages = [name for name in STAGE_NAMES if name != "embed" or live.source == "tweets"]
    with (apart.data_dir / "worker.log").open("wb") as log_file:
        worker = Worker(stages, _environment(apart), log_file)
        running = asyncio.create_task(worker.supervise())
        try:
            live.say(f"TOPTOPICS_PREFIX={apart.prefix} toptopics serve --port 0   shows it on the dashboard")
            await feed(apart, live, records)
            live.say("all posts are sent; waiting for the stages and the digest")
            entry = await _until_digest(apart, live.week, worker)
            live.say(f"{live.week}: {entry.digest.headline.text}")
            if live.stay:
                live.say("staying until Ctrl-C")
                await asyncio.Event().wait()
            return entry
        finally:
            worker.stop()
            await running


async def _until_digest(apart: Settings, week: Week, worker: Worker) -> PublishedDigest:
    while True:
        if worker.exit_code:
            raise LiveReplayError(f"a stage gave up; see {apart.data_dir / 'worker.log'}")
        found = (await read_digests(apart)).get(str(week))
        if found is not None:
            return found
        await asyncio.sleep(1.0)


def _environment(apart: Settings) -> dict[str, str]:
    return environment_for(
        str(apart.kafka_bootstrap_servers),
        str(apart.redis_url),
        TOPTOPICS_PREFIX=apart.prefix,
        TOPTOPICS_COMMUNITY="",
        TOPTOPICS_TIMEZONE=apart.timezone,
        TOPTOPICS_DATA_DIR=str(apart.data_dir),
        TOPTOPICS_WEEK_IDLE_SECONDS=str(apart.week_idle_seconds),
        TOPTOPICS_ENCODER=apart.encoder,
        TOPTOPICS_LOG_FORMAT="json",
        TOPTOPICS_METRICS_PORT="0",  # the live stages use those ports
    )


async def _prepare(settings: Settings, apart: Settings, week: Week) -> None:
    """Copy the inputs of the week: the list of influencers and the previous digest."""
    digests = await read_digests(settings)
    before = digests.get(week_before(digests, week))
    async with producer(apart) as client:
        async for records in read_topic(settings, INFLUENCERS):
            for record in records:
                await client.send(topic_name(apart, INFLUENCERS), key=record.key, value=record.value)
        if before is not None:
            entry = replace(before, slice_start=0, slice_end=0)  # its offsets belong to another log
            await client.send(
                topic_name(apart, DIGESTS),
                key=before.digest.week.encode(),
                value=encode(entry.digest),
                headers=list(entry.headers()),
            )


@contextmanager
def _folder(settings: Settings, apart: Settings) -> Iterator[None]:
    apart.data_dir.mkdir(parents=True, exist_ok=True)
    encoders = encoders_folder(settings)
    if encoders.is_dir():  # distilled encoders are reused
        encoders_folder(apart).symlink_to(encoders.resolve(), target_is_directory=True)
    try:
        with locked(apart.data_dir / LOCK, wait=True):
            yield
    finally:
        shutil.rmtree(apart.data_dir, ignore_errors=True)


async def _delete(apart: Settings) -> None:
    async with admin(apart) as client:
        await client.delete_topics([topic_name(apart, topic) for topic in TOPICS])
    async with open_views(str(apart.redis_url), apart.prefix) as views:
        await views.database.delete_matching(f"{apart.prefix}*")
