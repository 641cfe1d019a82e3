"""`toptopics worker`: the stages; and their sections of `toptopics status`."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli.common import fail, services, settings_or_exit
from streams.cli.services import Row, StatusSection, kafka_address
from streams.stages.table import STAGE_NAMES

if TYPE_CHECKING:
    from streams.settings import Settings

SECONDS: Final = 15.0  # how long `status` waits for the broker


def worker(
    stages: Annotated[str, typer.Option(help=f"Stages, separated by commas: {', '.join(STAGE_NAMES)}.")] = ",".join(
        STAGE_NAMES
    ),
) -> None:
    """Run the stages until Ctrl-C, each in a process of its own.

    To scale out, run the same command on more machines. Copies of `embed` and `view` share the partitions of their
    topics. Further copies of `assign` and `week-close` stand by and take over. It also runs the stages of all
    communities.

    Examples:

    * `toptopics worker`
    * `toptopics worker --stages embed` on every machine with a GPU
    * `TOPTOPICS_ENCODER=static toptopics worker`
    """
    from streams.kafka.communities import read_communities
    from streams.runtime.fleet import Fleet
    from streams.runtime.worker import environment_for
    from streams.system.logs import set_up_logging

    names = [name.strip() for name in stages.split(",") if name.strip()]
    unknown = sorted(set(names) - set(STAGE_NAMES))
    if unknown or not names:
        fail(f"unknown stage {', '.join(unknown)}; known: {', '.join(STAGE_NAMES)}", 2)
    settings = settings_or_exit()
    if settings.community:
        fail("the worker of the installation runs the stages of all communities: start it without a community", 2)
    set_up_logging(settings, stage="worker")
    with services(settings) as connected:

        async def supervise() -> int:
            given = environment_for(str(connected.kafka_bootstrap_servers), str(connected.redis_url))
            return await Fleet(names, connected, given, lambda: read_communities(connected)).run()

        code = asyncio.run(supervise())
    if code:
        raise typer.Exit(code)


def stages_section(settings: "Settings") -> StatusSection:
    """One row per stage, for `toptopics status`; no row without a broker. A stage without a process is unhealthy."""
    address = kafka_address(settings)
    if address is None:
        return StatusSection("stages", [])
    return asyncio.run(_ask(settings.model_copy(update={"kafka_bootstrap_servers": address})))


async def _ask(settings: "Settings") -> StatusSection:
    from aiokafka.errors import KafkaError

    from streams.kafka.lag import member_counts
    from streams.kafka.log import group_name

    groups = {name: group_name(settings, name) for name in STAGE_NAMES}
    try:
        members = await asyncio.wait_for(member_counts(settings, list(groups.values())), SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        note = f"the broker does not answer: {type(error).__name__}; see `toptopics doctor`"
        return StatusSection("stages", [], healthy=False, notes=(note,))
    counts = {name: members[group] for name, group in groups.items()}
    rows: list[Row] = [{"stage": name, "running": count > 0, "processes": count} for name, count in counts.items()]
    missing = [name for name, count in counts.items() if not count]
    start = "toptopics worker" + (f" --stages {','.join(missing)}" if len(missing) < len(counts) else "")
    return StatusSection("stages", rows, healthy=not missing, notes=(f"to start them: {start}",) if missing else ())


def topic_space_section(settings: "Settings") -> StatusSection:
    """The topic space, for `toptopics status`: one row, none before the first snapshot.

    After a change of the encoder it names the replaced one, and the command that rebuilds its digests.
    """
    from models.online.assigner import SnapshotError, state_of
    from streams.stages.snapshots import SnapshotStore

    store = SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}")
    rows: list[Row] = []
    for data in store.load():
        try:
            state = state_of(data)
        except SnapshotError:
            continue
        replaced = ", ".join(state["retired"])
        rows.append(
            {
                "encoder": state["encoder"],
                "records": state["position"],
                "before": replaced or None,
                "digests of before": "toptopics replay --from DAY --to DAY --source tweets --publish"
                if replaced
                else None,
            }
        )
        break
    return StatusSection("topic space", rows)


def digests_section(settings: "Settings") -> StatusSection:
    """One row; none without a broker or a digest. A week that the log lost is no failure: its digest stays."""
    address = kafka_address(settings)
    if address is None:
        return StatusSection("digests", [])
    return asyncio.run(_ask_for_weeks(settings.model_copy(update={"kafka_bootstrap_servers": address})))


async def _ask_for_weeks(settings: "Settings") -> StatusSection:
    from aiokafka.errors import KafkaError

    from streams.kafka.admin import WrongTopicsError, check_topics
    from streams.kafka.topics import DIGESTS, EMBEDDED
    from streams.operations.retention import held_weeks

    try:
        if await asyncio.wait_for(check_topics(settings, (DIGESTS, EMBEDDED)), SECONDS):
            return StatusSection("digests", [])  # a new broker without topics
        weeks = await asyncio.wait_for(held_weeks(settings), SECONDS)
    except WrongTopicsError as error:
        return StatusSection("digests", [], notes=(f"the topics have wrong settings: {error}",))
    except (KafkaError, OSError, TimeoutError) as error:
        return StatusSection(
            "digests", [], notes=(f"the broker does not answer: {type(error).__name__}; see `toptopics doctor`",)
        )
    recent = [*weeks.lost, *weeks.held]
    if not recent:
        return StatusSection("digests", [])
    row: Row = {"newest": max(recent), "corrected from the log": len(weeks.held)}
    lost = (
        f"the log no longer holds {', '.join(weeks.lost)}: deleted posts leave these digests, late posts change nothing"
    )
    return StatusSection("digests", [row], notes=(lost,) if weeks.lost else ())


def orphans_section(settings: "Settings") -> StatusSection:
    """Stages of this data folder that have lost their worker, for `toptopics status`; one is a failure."""
    from streams.local.orphans import orphans
    from streams.settings import of_installation

    found = orphans(of_installation(settings).data_dir)
    rows: list[Row] = [
        {"process without its worker": one.name, "pid": one.pid, "started by": one.parent} for one in found
    ]
    note = "to stop them: toptopics down"
    return StatusSection("orphans", rows, healthy=not found, notes=(note,) if found else ())
