"""Which digests there are and whether the log still holds their weeks, for `toptopics status`."""

import asyncio

from streams.cli.services import StatusSection, kafka_address
from streams.settings import Settings

SECONDS = 15.0


def digests_section(settings: Settings) -> StatusSection:
    """One row; none without a broker or a digest. A week that the log lost is no failure: its digest stays."""
    address = kafka_address(settings)
    if address is None:
        return StatusSection("digests", [])
    return asyncio.run(_ask(settings.model_copy(update={"kafka_bootstrap_servers": address})))


async def _ask(settings: Settings) -> StatusSection:
    from aiokafka.errors import KafkaError

    from streams.retention import held_weeks

    try:
        weeks = await asyncio.wait_for(held_weeks(settings), SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        return StatusSection("digests", [], notes=(f"the broker does not tell: {type(error).__name__}",))
    recent = [*weeks.lost, *weeks.held]
    if not recent:
        return StatusSection("digests", [])
    row: dict[str, str | int | bool | None] = {"newest": max(recent), "corrected from the log": len(weeks.held)}
    lost = (
        f"the log no longer holds {', '.join(weeks.lost)}: deleted posts leave these digests, late posts change nothing"
    )
    return StatusSection("digests", [row], notes=(lost,) if weeks.lost else ())
