"""Which stages run, for `toptopics status`: what the broker knows of their consumer groups, on whatever machines."""

import asyncio

from streams.cli.services import StatusSection, kafka_address
from streams.settings import Settings

STAGE_NAMES = ("embed", "assign", "view", "week-close")
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
