"""`toptopics worker`: the stages."""

import asyncio
from typing import Annotated

import typer

from streams.cli import services as cli_services
from streams.cli.common import fail, services, settings_or_exit
from streams.cli.services import StatusSection, kafka_address
from streams.settings import Settings
from streams.stages.table import STAGE_NAMES


def worker(
    stages: Annotated[
        str, typer.Option(help=f"Which stages, separated by commas: {', '.join(STAGE_NAMES)}.")
    ] = ",".join(STAGE_NAMES),
) -> None:
    """Run the stages, one process each, until Ctrl-C.

    Start it again on more machines to scale out: embedding is shared over the partitions of `tweets`, the other
    stages stand by and take over when their owner ends.

    Examples:

    * `toptopics worker`
    * `toptopics worker --stages embed` on every machine with a GPU
    * `TOPTOPICS_ENCODER=static toptopics worker`
    """
    from streams.runtime.worker import Worker, environment_for
    from streams.system.logs import set_up_logging

    names = [name.strip() for name in stages.split(",") if name.strip()]
    unknown = sorted(set(names) - set(STAGE_NAMES))
    if unknown or not names:
        fail(f"unknown stage {', '.join(unknown)}; known: {', '.join(STAGE_NAMES)}", 2)
    settings = settings_or_exit()
    set_up_logging(settings, stage="worker")
    with services(settings) as connected:

        async def supervise() -> int:
            given = environment_for(str(connected.kafka_bootstrap_servers), str(connected.redis_url))
            return await Worker(names, given).run()

        code = asyncio.run(supervise())
    if code:
        raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Add the command, and to `toptopics status` its stages and what the live topics stand on."""
    app.command()(worker)
    for section in (stages_section, digests_section, topic_space_section):
        if section not in cli_services.status_sections:
            cli_services.status_sections.append(section)


SECONDS = 15.0


def stages_section(settings: Settings) -> StatusSection:
    """A row a stage; none when there is no broker to ask. A stage that nobody runs is not well."""
    address = kafka_address(settings)
    if address is None:
        return StatusSection("stages", [])
    return asyncio.run(_ask(settings.model_copy(update={"kafka_bootstrap_servers": address})))


async def _ask(settings: Settings) -> StatusSection:
    from aiokafka.errors import KafkaError

    from streams.kafka.lag import member_counts
    from streams.kafka.log import group_name

    groups = {name: group_name(settings, name) for name in STAGE_NAMES}
    try:
        members = await asyncio.wait_for(member_counts(settings, list(groups.values())), SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        note = f"the broker does not tell: {type(error).__name__}"
        return StatusSection("stages", [], healthy=False, notes=(note,))
    counts = {name: members[group] for name, group in groups.items()}
    rows: list[dict[str, str | int | bool | None]] = [
        {"stage": name, "running": count > 0, "processes": count} for name, count in counts.items()
    ]
    missing = [name for name, count in counts.items() if not count]
    start = "toptopics worker" + (f" --stages {','.join(missing)}" if len(missing) < len(counts) else "")
    return StatusSection("stages", rows, healthy=not missing, notes=(f"to start them: {start}",) if missing else ())


def topic_space_section(settings: Settings) -> StatusSection:
    """One row, or none before the first snapshot; says how to rebuild what stands on an encoder that was replaced."""
    from models.online.assigner import SnapshotError, state_of
    from streams.stages.snapshots import SnapshotStore

    store = SnapshotStore(settings.data_dir / "snapshots", f"{settings.prefix}assign-{settings.topic_model}")
    rows: list[dict[str, str | int | bool | None]] = []
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


def digests_section(settings: Settings) -> StatusSection:
    """One row; none without a broker or a digest. A week that the log lost is no failure: its digest stays."""
    address = kafka_address(settings)
    if address is None:
        return StatusSection("digests", [])
    return asyncio.run(_ask_for_weeks(settings.model_copy(update={"kafka_bootstrap_servers": address})))


async def _ask_for_weeks(settings: Settings) -> StatusSection:
    from aiokafka.errors import KafkaError

    from streams.operations.retention import held_weeks

    try:
        weeks = await asyncio.wait_for(held_weeks(settings), SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        return StatusSection("digests", [], notes=(f"the broker does not answer: {type(error).__name__}",))
    recent = [*weeks.lost, *weeks.held]
    if not recent:
        return StatusSection("digests", [])
    row: dict[str, str | int | bool | None] = {"newest": max(recent), "corrected from the log": len(weeks.held)}
    lost = (
        f"the log no longer holds {', '.join(weeks.lost)}: deleted posts leave these digests, late posts change nothing"
    )
    return StatusSection("digests", [row], notes=(lost,) if weeks.lost else ())
