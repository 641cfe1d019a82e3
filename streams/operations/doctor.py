"""Diagnoses an installation: a list of checks, each with its finding and, when it fails, with what to do.

Every check ends by itself (`SECONDS`), only reads, and never raises: an error is its finding. A check that another
failed check makes impossible (lag without a broker) is left out.
"""

import asyncio
import os
import shutil
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from models.week.clock import CORRECTED_WEEKS
from streams.clock import Clock
from streams.kafka.admin import WrongTopicsError, check_topics
from streams.kafka.lag import stage_states
from streams.kafka.log import topic_name
from streams.kafka.topics import EMBEDDED, TOPICS, Topic
from streams.local.orphans import orphans
from streams.operations.dead_letters import read_letters
from streams.operations.environment import unknown_variables
from streams.operations.retention import forgotten, held_weeks, room, unread
from streams.settings import Settings
from streams.stages.table import STAGE_INPUTS

SECONDS = 20.0
ENCODER_SECONDS = 300.0  # the first load may compile or distil
LEAST_FREE = 2 * 1024**3
MOST_LAG = 10_000
LETTERS = "`toptopics dead-letters` shows them; --retry sends them back, --dismiss closes the unrepairable"
MOST_SKEW = timedelta(seconds=30)


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str  # name of the check
    ok: bool
    detail: str  # what was found
    fix: str = ""  # what to do; for a passed check what could be done, or empty


Tell = Callable[[Finding], None]


@dataclass(frozen=True)
class Check:
    """One check."""

    name: str
    ask: Callable[[], Awaitable[str]]  # returns the finding; raises `Problem`, or any other error
    fix: str  # what to do when it fails
    seconds: float = SECONDS  # longest time that it may take


class Problem(Exception):  # noqa: N818 (it is a finding, not an error of the program)
    """A check has failed. `fix` replaces the check's own advice."""

    def __init__(self, detail: str, fix: str = "") -> None:
        super().__init__(detail)
        self.fix = fix


class Note(Problem):
    """A check has passed, and `fix` is what could be done."""


async def examine(check: Check) -> Finding:
    """Run one check."""
    try:
        detail = await asyncio.wait_for(check.ask(), check.seconds)
    except Note as note:
        return Finding(check.name, True, str(note), note.fix)
    except Problem as problem:
        return Finding(check.name, False, str(problem), problem.fix or check.fix)
    except TimeoutError:
        return Finding(check.name, False, f"no answer within {check.seconds:.0f} s", check.fix)
    except Exception as error:  # noqa: BLE001 (any error is what this command has to report)
        return Finding(check.name, False, _in_one_line(error), check.fix)
    return Finding(check.name, True, detail)


def _in_one_line(error: Exception) -> str:
    name = type(error).__name__
    return " ".join(f"{name}: {str(error).removeprefix(f'{name}: ')}".split())


def _quiet(_: Finding) -> None:
    """Report nothing before the end."""


async def diagnose_machine(settings: Settings, tell: Tell = _quiet) -> list[Finding]:
    """The checks that need neither Kafka nor Redis. The first failed one is the first to repair.

    Args:
        settings: of the installation.
        tell: gets each finding as soon as it is known.
    """
    findings = [variables(os.environ)]
    tell(findings[0])
    for check in _local_checks(settings):
        findings.append(await examine(check))
        tell(findings[-1])
    return findings


async def diagnose_services(settings: Settings, clock: Clock, tell: Tell = _quiet) -> list[Finding]:
    """The checks of Kafka and Redis at the addresses in `settings`.

    Args:
        settings: with the addresses.
        clock: the time now.
        tell: gets each finding as soon as it is known.
    """
    findings: list[Finding] = []

    async def found(checks: Sequence[Check]) -> list[Finding]:
        """All of them at the same time."""
        new = await asyncio.gather(*(examine(check) for check in checks))
        for finding in new:
            tell(finding)
        findings.extend(new)
        return new

    broker, redis = await found([_broker_check(settings), _redis_check(settings)])
    if broker.ok:
        topics, _ = await found([_topics_check(settings), _clock_check(settings, clock)])
        if topics.ok and not topics.fix:
            await found(_kafka_checks(settings))
        if redis.ok:
            await found([_view_check(settings)])
    return findings


def variables(environment: Mapping[str, str]) -> Finding:
    """Report variables that look like ours and are unknown. Not a failure: other programs may use such names."""
    unknown = unknown_variables(environment)
    if not unknown:
        return Finding("variables", True, "all TOPTOPICS_… variables are known")
    slips = [f"rename {name} to {nearest}" for name, nearest in unknown.items() if nearest]
    return Finding(
        "variables",
        True,
        f"without effect: {', '.join(unknown)}",
        "; ".join(slips) or "nothing, unless one of them should have an effect",
    )


def not_started(error: Exception) -> Finding:
    """The finding for local Kafka and Redis that did not start because of `error`."""
    why = str(error).splitlines()[0]
    return Finding("local services", False, why, "repair that, or set KAFKA_BOOTSTRAP_SERVERS and REDIS_URL to others")


def _local_checks(settings: Settings) -> list[Check]:
    return [
        Check(
            "data folder",
            lambda: asyncio.to_thread(_data_folder, settings.data_dir),
            f"make {settings.data_dir} writable, or set TOPTOPICS_DATA_DIR to a folder that is",
        ),
        Check(
            "disk",
            lambda: asyncio.to_thread(_disk, settings.data_dir),
            "free some space, or set TOPTOPICS_DATA_DIR to a larger disk",
        ),
        Check(
            "people",
            lambda: asyncio.to_thread(_people, settings.data_dir),
            "correct them with `toptopics influencers add` and `remove`; the sources try them again every hour",
        ),
        Check(
            "orphans",
            lambda: asyncio.to_thread(_orphans, settings.data_dir),
            "`toptopics down` stops them; then start `toptopics up` and `toptopics worker` again",
        ),
        Check(
            "encoder",
            lambda: asyncio.to_thread(_encoder, settings),
            "set TOPTOPICS_ENCODER to minilm or static, and TOPTOPICS_DEVICE to cpu if the GPU is at fault",
            ENCODER_SECONDS,
        ),
    ]


def _existing(folder: Path) -> Path:
    """The folder, or its nearest existing parent."""
    folder = folder.expanduser().absolute()
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _data_folder(folder: Path) -> str:
    nearest = _existing(folder)
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise Problem(f"{nearest} cannot be written")
    return f"{folder} is writable" if nearest == folder.absolute() else f"{folder} can be created"


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(_existing(folder)).free
    if free < LEAST_FREE:
        raise Problem(f"{free / 1024**3:.1f} GiB free, less than {LEAST_FREE / 1024**3:.0f}")
    return f"{free / 1024**3:.0f} GiB free"


def _people(folder: Path) -> str:
    from streams.sources.cursors import healths

    missing = {health.source: health.not_found for health in healths(folder / "sources") if health.not_found}
    if missing:
        told = "; ".join(f"{', '.join(handles)} ({source})" for source, handles in missing.items())
        raise Problem(f"nobody has the listed handles {told}")
    return "every listed handle that a source looked up was found"


def _orphans(folder: Path) -> str:
    found = orphans(folder)
    if found:
        names = ", ".join(f"{orphan.name} (process {orphan.pid})" for orphan in found)
        raise Problem(f"{names}: started by a worker that is gone, and perhaps still writing")
    return "every stage belongs to a running worker"


def _encoder(settings: Settings) -> str:
    from models.encoding.loading import load_encoder

    encoder = load_encoder(settings.encoder, device=settings.device, cache_dir=settings.data_dir / "encoders")
    (vector,) = encoder.encode(["a sentence to try the encoder with"])
    return f"{encoder.name} loads, {len(vector)} dimensions"


def _broker_check(settings: Settings) -> Check:
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


def _kafka_checks(settings: Settings) -> list[Check]:
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


def _topics_check(settings: Settings) -> Check:
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


def _redis_check(settings: Settings) -> Check:
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


def _view_check(settings: Settings) -> Check:
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


def _clock_check(settings: Settings, clock: Clock) -> Check:
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
