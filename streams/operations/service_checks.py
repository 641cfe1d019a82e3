"""The checks of Kafka and Redis: reached, topics, lag, retention, dead letters, the view's installation, clocks."""

from collections import defaultdict
from datetime import timedelta

from models.week.clock import CORRECTED_WEEKS
from streams.clock import Clock
from streams.kafka.admin import WrongTopicsError, check_topics
from streams.kafka.lag import stage_states
from streams.kafka.log import topic_name
from streams.kafka.topics import EMBEDDED, TOPICS, Topic
from streams.operations.checks import SECONDS, Check, Note, Problem
from streams.operations.dead_letters import read_letters
from streams.operations.retention import forgotten, held_weeks, room, unread
from streams.settings import Settings
from streams.stages.table import STAGE_INPUTS

MOST_LAG = 10_000
LETTERS = "`toptopics dead-letters` shows them; --retry sends them back, --dismiss closes the unrepairable"
MOST_SKEW = timedelta(seconds=30)


def broker_check(settings: Settings) -> Check:
    return Check(
        "kafka",
        lambda: _broker(settings),
        "start it (`toptopics up`), or correct KAFKA_BOOTSTRAP_SERVERS and TOPTOPICS_KAFKA_… (protocol, user, secret)",
    )


async def _broker(settings: Settings) -> str:
    from aiokafka.admin import AIOKafkaAdminClient

    from streams.kafka.log import connection

    admin = AIOKafkaAdminClient(**connection(settings), request_timeout_ms=int(SECONDS * 500))
    try:
        await admin.start()
        brokers = len((await admin.describe_cluster())["brokers"])
    finally:
        await admin.close()
    return f"{brokers} broker{'s' if brokers > 1 else ''} at {settings.kafka_bootstrap_servers}"


def kafka_checks(settings: Settings) -> list[Check]:
    lags = [
        Check(
            f"lag {stage}",
            lambda stage=stage, topic=topic: _lag(settings, stage, topic),  # type: ignore[misc]
            "start more workers with `toptopics worker --stages embed`, or see the worker's log",
        )
        for stage, topic in STAGE_INPUTS.items()
    ]
    retention = Check(
        "retention",
        lambda: _retention(settings),
        f"with Kafka's own tools: kafka-configs.sh --bootstrap-server {settings.kafka_bootstrap_servers} --alter "
        f"--entity-type topics --entity-name {topic_name(settings, EMBEDDED)} --add-config retention.bytes=-1",
    )
    return [*lags, retention, Check("dead letters", lambda: _letters(settings), LETTERS)]


def topics_check(settings: Settings) -> Check:
    return Check("topics", lambda: _topics(settings), "start the broker, or correct KAFKA_BOOTSTRAP_SERVERS")


async def _topics(settings: Settings) -> str:
    try:
        missing = await check_topics(settings)
    except WrongTopicsError as error:
        raise Problem(str(error), _topics_fix(settings, error)) from error
    if len(missing) == len(TOPICS):
        raise Note("not created yet", "nothing: `toptopics worker` or `toptopics ingest` creates them")
    if missing:
        raise Problem(f"missing: {', '.join(missing)}", "`toptopics worker` or `toptopics ingest` creates them")
    return f"{len(TOPICS)} topics as needed"


def _topics_fix(settings: Settings, error: WrongTopicsError) -> str:
    if any(problem.setting is None for problem in error.problems):
        return "Kafka cannot remove partitions: set TOPTOPICS_PREFIX to start with new topics, and ingest again"
    changes = defaultdict(list)
    for problem in error.problems:
        changes[problem.topic].append(problem.setting)
    command = f"kafka-configs.sh --bootstrap-server {settings.kafka_bootstrap_servers} --alter --entity-type topics"
    commands = [f"{command} --entity-name {name} --add-config {','.join(map(str, s))}" for name, s in changes.items()]
    return f"with Kafka's own tools: {' && '.join(commands)}"


async def _lag(settings: Settings, stage: str, topic: Topic) -> str:
    state = (await stage_states(settings, {stage: topic}))[stage]
    if state.trouble:
        raise Problem(state.trouble, "start `toptopics worker`")
    if not state.running:
        return "not running; no post waits"
    if state.waiting > MOST_LAG:
        raise Problem(f"{state.waiting:,} records behind")
    return f"running, {state.waiting:,} records behind"


async def _retention(settings: Settings) -> str:
    """Whether Kafka keeps what corrections and restarts need."""
    for lost in await unread(settings):
        raise Problem(
            f"{lost.records:,} records of {lost.topic}/{lost.partition} were deleted before {lost.stage} read them",
            "ingest these posts again; then give the topic more room, or start `toptopics worker` more often",
        )
    if lacking := await forgotten(settings):
        raise Problem(
            f"{lacking:,} records of {EMBEDDED.name} were deleted after the newest snapshot of the live topics: a "
            "restart begins without their posts",
            "keep `toptopics worker` running, so that it saves a newer one; then give the topic more room",
        )
    weeks = await held_weeks(settings)
    if weeks.lost:
        raise Problem(
            f"{EMBEDDED.name} no longer holds {', '.join(weeks.lost)}: late posts do not correct these digests",
            "raise retention.bytes before the next weeks are lost; for these, `toptopics replay WEEK --source tweets "
            "--late --publish` while `tweets` holds them",
        )
    space = await room(settings)
    if not space.is_enough:
        raise Problem(
            f"{EMBEDDED.name} keeps {_gib(space.kept)}, and the {CORRECTED_WEEKS} weeks that are corrected take about "
            f"{_gib(space.needed)}"
        )
    return f"the log holds all {len(weeks.held)} weeks that are still corrected"


def _gib(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB"


async def _letters(settings: Settings) -> str:
    letters = await read_letters(settings)
    opened = [stored for stored in letters.values() if stored.state == "open"]
    if opened:
        raise Note(f"{len(opened)} open", LETTERS)
    return "none open"


def redis_check(settings: Settings) -> Check:
    return Check("redis", lambda: _redis(settings), "start it (`toptopics up`), or correct REDIS_URL")


async def _redis(settings: Settings) -> str:
    from streams.redis_store.client import RedisError, connect

    database = connect(str(settings.redis_url), connections=1)
    try:
        await database.call("PING")
        policy = (await database.call("CONFIG", "GET", "maxmemory-policy"))[1]
        limit = int((await database.call("CONFIG", "GET", "maxmemory"))[1])
    except RedisError:  # a hosted Redis often refuses CONFIG; an unreachable one raises another error
        await database.call("PING")
        return "answers, but refuses CONFIG; its maxmemory-policy must be noeviction"
    finally:
        await database.aclose()
    if limit and policy != "noeviction":
        raise Problem(
            f"maxmemory-policy is {policy}: it would delete keys of the live view",
            "set it to noeviction, or give the view a Redis of its own",
        )
    return "answers"


def view_check(settings: Settings) -> Check:
    return Check(
        "view",
        lambda: _view(settings),
        "set another TOPTOPICS_PREFIX or REDIS_URL for one of the installations; or stop the other worker and run "
        "`toptopics rebuild-views` here",
    )


async def _view(settings: Settings) -> str:
    """Whether the view in Redis is made from this log."""
    from streams.kafka.admin import cluster_id
    from streams.redis_store.client import open_views
    from streams.runtime.view_rebuild import view_positions

    async with open_views(str(settings.redis_url), settings.prefix) as store:
        stored = await view_positions(settings, store).stored_log()
    own = await cluster_id(settings)
    if stored is not None and stored != own:
        raise Problem(f"the live view in this Redis is made from Kafka cluster {stored}, not from {own}")
    return "not made yet" if stored is None else "made from this Kafka cluster"


def clock_check(settings: Settings, clock: Clock) -> Check:
    return Check("clock", lambda: _clock(settings, clock), "set the clocks with NTP on both machines")


async def _clock(settings: Settings, clock: Clock) -> str:
    """Compare with the broker: Redis often runs on the same machine, and is then wrong by as much."""
    from streams.kafka.admin import broker_time

    before = clock()
    there = await broker_time(settings)
    after = clock()
    skew = max(before - there, there - after)
    if skew > MOST_SKEW:
        direction = "ahead of" if there < before else "behind"
        raise Problem(f"{skew.total_seconds():.0f} s {direction} the broker's clock: posts may be refused as future")
    return f"within {max(skew, after - before).total_seconds():.1f} s of the broker's clock"
